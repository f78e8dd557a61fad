package dev.quantgate.evaluation.gate;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.quantgate.evaluation.record.EvaluationException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;

/**
 * An allowed loss.
 *
 * @param margin 0 .. 100: percentage points, or percent of the baseline's score, as {@code kind}
 *     says
 * @param reason why it is wider than {@link #USUAL}, in one line; empty where it is not
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Margin(double margin, MarginKind kind, Optional<String> reason) {
  /** A wider margin needs a reason. */
  public static final double USUAL = 1;

  public Margin {
    if (!(margin >= 0 && margin <= 100)) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "margin must be in 0 .. 100 points, not %s".formatted(margin));
    }
    reason = reason.map(String::strip).filter(text -> !text.isEmpty());
  }

  /** So many percentage points, for no reason. */
  public static Margin ofPoints(double margin) {
    return new Margin(margin, MarginKind.ABSOLUTE, Optional.empty());
  }

  /**
   * The allowed loss in percentage points.
   *
   * @param right what the baseline got right, of so many items
   */
  public double points(double right, int items) {
    return kind.relativeTo(100 * right / items) ? margin * right / items : margin;
  }

  /** Whether it depends on what the baseline is measured to score. */
  public boolean relative() {
    return !kind.equals(MarginKind.ABSOLUTE);
  }

  /** Whether it is wide and nobody says why. */
  boolean lacksReason() {
    return margin > USUAL && reason.isEmpty();
  }

  /**
   * What stands behind an allowed loss, such as " (1 % of the baseline's 52.44 %)" or " (reason:
   * few items)"; empty for a usual margin in points.
   *
   * @param allowed what {@link #points} gave
   */
  String explained(double allowed) {
    String relative =
        allowed == margin
            ? ""
            : String.format(
                Locale.ROOT,
                ", %s %% of the baseline's %.2f %%",
                number(margin),
                100 * allowed / margin);
    return relative + reason.map(", for this reason: %s"::formatted).orElse("");
  }

  static String number(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }
}
