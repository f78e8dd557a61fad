package dev.quantgate.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlainTextTest {
  @ParameterizedTest
  @CsvSource({
    "1b, \\x1b",
    "0, \\x00",
    "7, \\x07",
    "8, \\x08",
    "7f, \\x7f",
    "85, \\x85",
    "9b, \\x9b",
    "9d, \\x9d",
    "ad, \\xad",
    "61c, \\u061c",
    "200b, \\u200b",
    "200e, \\u200e",
    "2028, \\u2028",
    "2029, \\u2029",
    "202a, \\u202a",
    "202e, \\u202e",
    "2066, \\u2066",
    "2069, \\u2069",
    "feff, \\ufeff",
    "fffe, \\ufffe",
    "d800, \\ud800",
    "e0041, \\U000e0041",
    "1ffff, \\U0001ffff"
  })
  void whatATerminalObeysOrNobodySeesIsWrittenOut(String hex, String shown) {
    String character = Character.toString(Integer.parseInt(hex, 16));
    assertThat(PlainText.line("a" + character + "b")).isEqualTo("a" + shown + "b");
    assertThat(PlainText.lines("a" + character + "b")).isEqualTo("a" + shown + "b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "def add(a, b): return a + b  # \\x1b stays what it is",
        "下列选项中,正确的是 A、B",
        "שלום עולם",
        "می‌خواهم",
        "👩‍👩‍👧 é ﬁ �"
      })
  void cleanTextIsGivenBackAsItIs(String text) {
    assertThat(PlainText.line(text)).isSameAs(text);
    assertThat(PlainText.lines(text)).isSameAs(text);
  }

  @Test
  void noCharacterOfUnicodeLeavesAControl() {
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      String line = PlainText.line(Character.toString(c));
      assertThat(line.codePoints().anyMatch(PlainText::isHidden)).as("%x", c).isFalse();
    }
  }

  @Test
  void aLineHasNoLineEnds() {
    assertThat(PlainText.line("first\r\nsecond\tthird\rfourth\n"))
        .isEqualTo("first\\r\\nsecond\\tthird\\rfourth\\n");
  }

  @Test
  void linesKeepTheirEndsButNotAReturnThatWouldWriteOverThem() {
    assertThat(PlainText.lines("first\r\nsecond\tthird\rfourth\n"))
        .isEqualTo("first\nsecond\tthird\\rfourth\n");
  }

  @Test
  void aLongLineIsCutBetweenCharacters() {
    assertThat(PlainText.line("😀😀😀", 2)).isEqualTo("😀😀...");
    assertThat(PlainText.line("😀😀", 2)).isEqualTo("😀😀");
  }

  @Test
  void aQuoteCannotEndAQuotation() {
    assertThat(PlainText.quoted("a\" is fine\u001b[2J", 40)).isEqualTo("\"a\\\" is fine\\x1b[2J\"");
  }

  @Test
  void anErrorsMessageIsClean() {
    var error = new FileException(ErrorKind.USER, "x\u001b]0;owned\u0007\nsecond \u202eline");
    assertThat(error).hasMessage("x\\x1b]0;owned\\x07\nsecond \\u202eline");
  }
}
