package dev.quantgate.evaluation.comparison;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.quantgate.evaluation.pairs.Pair;
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
 * @param nearTie whether the baseline's margin is below {@link Pair#NEAR_TIE}
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

  /** A pair that only one side gets right, or more of it. */
  static Flip of(String suite, Pair pair) {
    return new Flip(
        suite,
        pair.id(),
        pair.kind() == Pair.Kind.LOSS ? Kind.LOSS : Kind.GAIN,
        pair.baseline().share(),
        pair.candidate().share(),
        pair.expected(),
        pair.baseline().answer(),
        pair.candidate().answer(),
        detail(pair.baseline()),
        detail(pair.candidate()),
        pair.baseline().margin(),
        pair.candidate().margin(),
        pair.nearTie());
  }

  private static String detail(Pair.Answered side) {
    return side.texts().stream()
        .flatMap(text -> text.execution().stream())
        .findFirst()
        .map(execution ->
            execution.detail().isEmpty()
                ? execution.outcome().name()
                : "%s: %s".formatted(execution.outcome(), execution.detail()))
        .orElse("");
  }

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
