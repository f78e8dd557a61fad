package dev.quantgate.evaluation.record;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.record.ExecutionLine.Judged;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.Usage;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ExecutionLineTest {
  private static final String TEST =
      "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(2) == 4\n";
  private static final Program PROGRAM =
      Program.of(
          "HumanEval/0",
          0,
          new Key.Program("import math\n", "def twice(x):\n", TEST, "twice", ""),
          "    return 2\n");

  @Test
  void theProgramItsTestAndTheFailedAssertionAreKept() {
    ExecutionLine line = ExecutionLine.of(PROGRAM, result(3));

    Judged judged = line.judged().orElseThrow();
    assertThat(judged.program()).isEqualTo("import math\ndef twice(x):\n    return 2\n");
    assertThat(judged.test()).isEqualTo(TEST);
    assertThat(judged.entryPoint()).isEqualTo("twice");
    assertThat(judged.failedLine()).isEqualTo(3);
    assertThat(judged.failedAssertion()).isEqualTo("assert candidate(2) == 4");
    assertThat(Json.lines().readValue(Json.lines().writeValueAsBytes(line), ExecutionLine.class))
        .isEqualTo(line);
  }

  @Test
  void aLineThatTheTestHasNotIsNone() {
    for (int line : new int[] {0, -1, 4, Integer.MAX_VALUE}) {
      Judged judged = ExecutionLine.of(PROGRAM, result(line)).judged().orElseThrow();
      assertThat(judged.failedLine()).isZero();
      assertThat(judged.failedAssertion()).isEmpty();
    }
  }

  @Test
  void aLineOfAnEarlierVersionSaysNothingOfIt() {
    String earlier =
        """
        {"id":"HumanEval/0","sample":0,"program":"ab","outcome":"PASSED","detail":"","exit":0,\
        "usage":{"wallMillis":1,"cpuMillis":1,"peakMemoryBytes":0,"processesKilled":0,\
        "outputBytes":0,"output":"","leftovers":"","executions":1}}\
        """;
    assertThat(Json.lines().readValue(earlier, ExecutionLine.class).judged()).isEmpty();
  }

  private static ExecutionResult result(int testLine) {
    return new ExecutionResult(
        "x", Outcome.FAILED, "AssertionError", 0, Usage.NONE, Optional.empty(), "", testLine);
  }
}
