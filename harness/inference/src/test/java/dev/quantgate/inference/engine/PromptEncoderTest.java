package dev.quantgate.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PromptEncoderTest {
  @Test
  void trailingSpaceIsWhatPythonStrips() {
    assertThat(PromptEncoder.withoutTrailingSpace("a b \t\n\u00a0\u3000\u001c")).isEqualTo(3);
    assertThat(PromptEncoder.withoutTrailingSpace("a\u200b")).isEqualTo(2);
    assertThat(PromptEncoder.withoutTrailingSpace(" \n")).isZero();
  }
}
