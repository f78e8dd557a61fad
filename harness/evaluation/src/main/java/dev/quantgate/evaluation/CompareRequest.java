package dev.quantgate.evaluation;

import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.run.BaselineChoice;
import java.nio.file.Path;

/**
 * Two finished runs, judged again or for the first time.
 *
 * @param baseline a run's folder: one with identity.json in it, or one whose {@code baseline} or
 *     {@code model} folder has it
 * @param candidate likewise, by {@code candidate} or {@code model}
 * @param out where comparison.json goes, a folder without a run or another comparison; the runs are
 *     not copied
 * @param baselineRun which run is taken as the baseline's at all
 */
public record CompareRequest(
    Path baseline, Path candidate, GatePolicy policy, Path out, BaselineChoice baselineRun) {

  /** Any baseline will do. */
  public CompareRequest(Path baseline, Path candidate, GatePolicy policy, Path out) {
    this(baseline, candidate, policy, out, BaselineChoice.ASKED);
  }
}
