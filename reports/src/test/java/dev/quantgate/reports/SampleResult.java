package dev.quantgate.reports;

import dev.quantgate.evaluation.CompareRequest;
import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Finished comparisons on disk, for tests of what is told of them. */
public final class SampleResult {
  private SampleResult() {}

  /**
   * An exam of 240 questions with two losses and a gain, and 150 programs with one loss and one
   * item without a grade.
   *
   * @return the folder of comparison.json
   */
  public static Path small(Path folder) {
    return compare(folder, SampleResult::baseline, SampleResult::candidate);
  }

  /** Fills the run of {@link #small}'s baseline. */
  static void baseline(SampleRun run) {
    exam(run, false);
    programs(run, false);
  }

  /** Fills the run of {@link #small}'s candidate. */
  static void candidate(SampleRun run) {
    exam(run, true);
    programs(run, true);
  }

  /** Two runs, each filled by its own hand, compared by the default gate. */
  public static Path compare(
      Path folder, Consumer<SampleRun> baseline, Consumer<SampleRun> candidate) {
    return compare(folder, GatePolicy.DEFAULT, baseline, candidate);
  }

  /** The same by a gate of one's own. */
  public static Path compare(
      Path folder, GatePolicy policy, Consumer<SampleRun> baseline, Consumer<SampleRun> candidate) {
    var first = new SampleRun(Side.BASELINE, folder.resolve("runs"));
    var second = new SampleRun(Side.CANDIDATE, folder.resolve("runs"));
    baseline.accept(first);
    candidate.accept(second);
    Path out = folder.resolve("compared");
    new QuantGate().compare(new CompareRequest(first.write(), second.write(), policy, out));
    return out;
  }

  private static void exam(SampleRun run, boolean candidate) {
    for (int i = 0; i < 240; i++) {
      String subject = List.of("law", "physics", "chemistry").get(i % 3);
      String prompt = "题目 %d：下列哪一项正确？\nA. 甲\nB. 乙\nC. 丙\nD. 丁\n答案：".formatted(i);
      boolean loss = candidate && (i == 7 || i == 8);
      boolean gain = candidate && i == 11;
      boolean wrong = i == 11 || i % 5 == 4;
      if (loss || (wrong && !gain)) {
        run.question("ceval", subject, prompt, "A", -1.5, -0.4, -3.0, -4.0);
      } else {
        double first = i == 8 ? -0.70 : -0.2 - i % 7 / 100.0;
        double second = i == 8 ? -0.72 : -2.0;
        run.question("ceval", subject, prompt, "A", first, second, -3.5, candidate ? -4.1 : -4.0);
      }
    }
  }

  private static void programs(SampleRun run, boolean candidate) {
    for (int i = 0; i < 150; i++) {
      String prompt = "def f():\n    \"\"\"Problem %d.\"\"\"\n".formatted(i);
      if (candidate && i == 5) {
        run.broken("humaneval", prompt, new Fault(Fault.Category.SANDBOX_ERROR, "the engine died"));
      } else if (candidate && i == 3) {
        run.program(
            "humaneval",
            prompt,
            "    return 2\n",
            List.of(5, 6, 9),
            Outcome.FAILED,
            "AssertionError");
      } else {
        run.program("humaneval", prompt, "    return 1\n", List.of(5, 6, 7), Outcome.PASSED, "");
      }
    }
  }
}
