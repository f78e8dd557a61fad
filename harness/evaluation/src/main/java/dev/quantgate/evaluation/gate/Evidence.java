package dev.quantgate.evaluation.gate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.quantgate.evaluation.gate.statistics.Interval;
import dev.quantgate.evaluation.gate.statistics.McNemar;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What a suite's ruling rests on; deltas, bounds and margins in percentage points, not rounded.
 *
 * @param method what the bounds come from
 * @param items pairs judged
 * @param clusters of items that depend on each other; equal to {@code items} where there are none
 * @param designEffect by how much clusters widen the variance of delta, at least 1
 * @param flipRate share of the items that only one side gets right, or more of it
 * @param lowerPoints delta lies above this in 95 of 100 cases
 * @param upperPoints and below this in 95 of 100
 * @param newcombePoints the same two bounds by another method, a cross-check; empty for graded
 *     items
 * @param mcnemar the exact test, which knows no clusters; empty for graded items
 * @param lossP one-sided p of a loss after Holm's correction over the suites: McNemar's, or, where
 *     clusters have a design effect and it is larger, the score test's; empty for graded items
 * @param realLoss whether a loss, of any size, is shown; of graded items and by a sequence with the
 *     error divided by the number of suites
 * @param beyondMargin whether a loss of more than the margin is shown; by a sequence with the error
 *     divided by the number of suites
 * @param marginPoints allowed loss of this suite, in points where the policy's margin is relative
 *     too
 * @param itemPoints what one item is worth; a margin below it cannot be measured
 * @param baselineLowerBound the baseline's score lies above this share in 95 of 100 cases
 * @param visibleLossPoints the smallest loss that so many items with so many flips show in 80 of
 *     100 cases
 * @param itemsNeeded how many items would prove the absence of the margin's loss, if there were
 *     none; empty where no number of samples can, and for a margin of 0
 * @param samplesNeeded how many samples of each of these problems would; empty where no number can,
 *     and for what is no program
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Evidence(
    Method method,
    int items,
    int bothRight,
    int losses,
    int gains,
    int bothWrong,
    int clusters,
    double designEffect,
    double flipRate,
    double deltaPoints,
    double lowerPoints,
    double upperPoints,
    Optional<Interval> newcombePoints,
    Optional<McNemar> mcnemar,
    OptionalDouble lossP,
    boolean realLoss,
    boolean beyondMargin,
    double marginPoints,
    double itemPoints,
    double baselineLowerBound,
    double visibleLossPoints,
    OptionalLong itemsNeeded,
    OptionalLong samplesNeeded) {

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

  /** The same, with a p that is corrected for the other suites. */
  Evidence corrected(double adjusted, boolean real) {
    return new Evidence(
        method,
        items,
        bothRight,
        losses,
        gains,
        bothWrong,
        clusters,
        designEffect,
        flipRate,
        deltaPoints,
        lowerPoints,
        upperPoints,
        newcombePoints,
        mcnemar,
        OptionalDouble.of(adjusted),
        realLoss && real,
        beyondMargin,
        marginPoints,
        itemPoints,
        baselineLowerBound,
        visibleLossPoints,
        itemsNeeded,
        samplesNeeded);
  }

  /** What these pairs show. */
  Finding finding() {
    if (lowerPoints > -marginPoints) {
      return Finding.PASS;
    }
    boolean lost =
        method == Method.SEQUENCE ? beyondMargin : deltaPoints < -marginPoints && realLoss;
    return lost ? Finding.FAIL : Finding.INCONCLUSIVE;
  }
}
