package dev.quantgate.evaluation.suite;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PythonTextTest {
  @Test
  void pythonsWhiteSpaceIsStripped() {
    String space =
        "\t\n\u000b\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000";
    assertThat(PythonText.strip(space + "a\u200b b" + space)).isEqualTo("a\u200b b");
    assertThat(PythonText.lstrip(space + "a ")).isEqualTo("a ");
    assertThat(PythonText.rstrip(" a" + space)).isEqualTo(" a");
    assertThat(PythonText.strip(space)).isEmpty();
  }
}
