package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.FinishedRun;
import java.util.Optional;

/**
 * Which finished run of the baseline is taken in the place of asking it.
 *
 * @param kept whether one that an earlier run kept is taken, where it is the run asked for
 * @param frozen the SHA-256 of the only one that is taken; any other is refused
 */
public record BaselineChoice(boolean kept, Optional<String> frozen) {
  /** The baseline is asked. */
  public static final BaselineChoice ASKED = new BaselineChoice(false, Optional.empty());

  /**
   * Refuses a baseline's run that is not the frozen one.
   *
   * @throws EvaluationException naming both
   */
  public void requireFrozen(FinishedRun run) {
    if (frozen.isPresent() && !run.sha256().equals(frozen)) {
      throw new EvaluationException(
          EvaluationException.Kind.OTHER_RUN,
          "%s: the baseline is frozen as sha256:%s, found sha256:%s (%s)\nGive the frozen run, or freeze this one"
              .formatted(
                  run.folder(),
                  frozen.get(),
                  run.sha256().orElse("unknown"),
                  run.provenance().reference()));
    }
  }
}
