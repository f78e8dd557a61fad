package dev.quantgate.evaluation;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.run.BaselineChoice;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.nio.file.Path;

/**
 * Both models over the same suites, and a verdict.
 *
 * @param baseline a model reference: a checkpoint folder, or {@code replay:} and a file, a folder
 *     with {@code {suite}.jsonl} files, or a finished run's folder
 * @param candidate likewise
 * @param out folder of the run; made if missing, continued if it holds the same run
 * @param stopWhenDecided whether each suite's items are asked in random order until its pairs
 *     decide
 * @param baselineRun which finished run of the baseline is taken in the place of asking it
 */
public record RunRequest(
    String baseline,
    String candidate,
    RunPlan plan,
    RunEnvironment environment,
    GatePolicy policy,
    Path out,
    boolean stopWhenDecided,
    BaselineChoice baselineRun) {

  /** All items are asked, of both models. */
  public RunRequest(
      String baseline,
      String candidate,
      RunPlan plan,
      RunEnvironment environment,
      GatePolicy policy,
      Path out) {
    this(baseline, candidate, plan, environment, policy, out, false, BaselineChoice.ASKED);
  }
}
