package dev.quantgate.evaluation.comparison;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * An item that one model does better than the other.
 *
 * @param baselineScore share of its answers that are right, 0 or 1 with one answer
 * @param baselineAnswer the choice's label, or the first completion
 * @param baselineDetail for programs what came of it, such as "FAILED: AssertionError"; else empty
 * @param expected the right choice's label; empty for programs
 * @param baselineMargin by how much the choice beat the next one; empty where unknown
 * @param nearTie whether the baseline's margin is below {@link SuiteComparison#NEAR_TIE}
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Flip(
    String suite,
    String id,
    Kind kind,
    double baselineScore,
    double candidateScore,
    String expected,
    String baselineAnswer,
    String candidateAnswer,
    String baselineDetail,
    String candidateDetail,
    OptionalDouble baselineMargin,
    OptionalDouble candidateMargin,
    boolean nearTie) {

  /** Who does better. */
  public enum Kind {
    /** The baseline. */
    LOSS,
    /** The candidate. */
    GAIN;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
