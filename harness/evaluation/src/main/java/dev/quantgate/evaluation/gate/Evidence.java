package dev.quantgate.evaluation.gate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.quantgate.evaluation.gate.statistics.Interval;
import dev.quantgate.evaluation.gate.statistics.McNemar;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What a suite's ruling rests on; deltas, bounds and margins in percentage points, not rounded. In
 * comparison.json the parts stand side by side, as fields of one object.
 *
 * @param method what the bounds come from
 * @param baselineLowerBound the baseline's score lies above this share in 95 of 100 cases
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Evidence(
    Method method,
    @JsonUnwrapped Counts counts,
    @JsonUnwrapped Spread spread,
    @JsonUnwrapped Difference difference,
    @JsonUnwrapped Loss loss,
    @JsonUnwrapped Scale scale,
    double baselineLowerBound,
    @JsonUnwrapped Reach reach) {

  /** What bounds of delta come from. */
  public enum Method {
    /** {@link dev.quantgate.evaluation.gate.statistics.TangoInterval}, of right and wrong items. */
    TANGO,
    /** {@link dev.quantgate.evaluation.gate.statistics.GradedInterval}, of several samples each. */
    GRADED,
    /**
     * {@link dev.quantgate.evaluation.gate.statistics.BettingSequence}, of items asked until
     * decided: its bounds hold whenever one stops.
     */
    SEQUENCE;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The pairs by who is right. Of several samples an item is right or wrong on a side where all
   * are, so that the four need not add up to the items.
   *
   * @param items pairs judged
   */
  public record Counts(int items, int bothRight, int losses, int gains, int bothWrong) {}

  /**
   * What the width of the bounds comes from.
   *
   * @param clusters of items that depend on each other; equal to the items where there are none
   * @param designEffect by how much clusters widen the variance of delta, at least 1
   * @param flipRate share of the items that only one side gets right, or more of it
   */
  public record Spread(int clusters, double designEffect, double flipRate) {}

  /**
   * Candidate less baseline.
   *
   * @param lowerPoints delta lies above this in 95 of 100 cases
   * @param upperPoints and below this in 95 of 100
   * @param newcombePoints the same two bounds by another method, a cross-check; empty for graded
   *     items
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Difference(
      double deltaPoints,
      double lowerPoints,
      double upperPoints,
      Optional<Interval> newcombePoints) {}

  /**
   * Whether something was lost.
   *
   * @param mcnemar the exact test, which knows no clusters; empty for graded items
   * @param lossP one-sided p of a loss after Holm's correction over the suites: McNemar's, or,
   *     where clusters have a design effect and it is larger, the score test's; empty for graded
   *     items
   * @param realLoss whether a loss, of any size, is shown; of graded items and by a sequence with
   *     the error divided by the number of suites
   * @param beyondMargin whether a loss of more than the margin is shown; by a sequence with the
   *     error divided by the number of suites
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Loss(
      Optional<McNemar> mcnemar, OptionalDouble lossP, boolean realLoss, boolean beyondMargin) {}

  /**
   * What a difference is held against.
   *
   * @param marginPoints allowed loss of this suite, in points where the policy's margin is relative
   *     too
   * @param itemPoints what one item is worth; a margin below it cannot be measured
   */
  public record Scale(double marginPoints, double itemPoints) {}

  /**
   * What such a suite can show.
   *
   * @param visibleLossPoints the smallest loss that so many items with so many flips show in 80 of
   *     100 cases
   * @param itemsNeeded how many items would prove the absence of the margin's loss, if there were
   *     none; empty where no number of samples can, and for a margin of 0
   * @param samplesNeeded how many samples of each of these problems would; empty where no number
   *     can, and for what is no program
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Reach(
      double visibleLossPoints, OptionalLong itemsNeeded, OptionalLong samplesNeeded) {}

  /** The same, with a p that is corrected for the other suites. */
  Evidence corrected(double adjusted, boolean real) {
    return new Evidence(
        method,
        counts,
        spread,
        difference,
        new Loss(
            loss.mcnemar, OptionalDouble.of(adjusted), loss.realLoss && real, loss.beyondMargin),
        scale,
        baselineLowerBound,
        reach);
  }

  /** Whether the difference that was measured is within the margin, whatever its bounds say. */
  boolean isMeasuredWithin() {
    return difference.deltaPoints >= -scale.marginPoints;
  }

  /** What these pairs show. */
  Finding finding() {
    if (difference.lowerPoints > -scale.marginPoints) {
      return Finding.PASS;
    }
    boolean lost =
        method == Method.SEQUENCE ? loss.beyondMargin : !isMeasuredWithin() && loss.realLoss;
    return lost ? Finding.FAIL : Finding.INCONCLUSIVE;
  }
}
