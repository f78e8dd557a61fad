package dev.quantgate.evaluation.record;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.base.PlainText;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void aRecordShowsNothingThatATerminalWouldObeyAndReadsAsWhatWasWritten() {
    String hostile = "\u001b]0;owned\u0007\u009b2J \u202e\u2066 \u200b\u2028 \u007f 对 \uD83D\uDE00";

    String line = Json.lines().writeValueAsString(Map.of("answer", hostile));

    assertThat(line).contains("\\u001B", "\\u009b", "\\u202e", "\\u2066", "\\u200b", "\\u2028");
    assertThat(line).contains("\\u007F", "对 \uD83D\uDE00");
    assertThat(PlainText.line(line)).isSameAs(line);
    assertThat(Json.lines().readTree(line).get("answer").stringValue()).isEqualTo(hostile);
    assertThat(Json.lines().writeValueAsBytes(Map.of("answer", hostile)))
        .asString()
        .isEqualTo(line);
  }
}
