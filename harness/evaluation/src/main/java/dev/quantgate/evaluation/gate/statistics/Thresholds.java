package dev.quantgate.evaluation.gate.statistics;

import java.util.function.IntPredicate;
import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * How many losses among so many flips of {@code items} independent items each finding takes: every
 * rule holds up to a number of losses, or from one on.
 */
final class Thresholds {
  private final int items;
  private final double margin;
  private final double alpha;
  private final double z;

  Thresholds(int items, double margin, double alpha) {
    this.items = items;
    this.margin = margin;
    this.alpha = alpha;
    this.z = Normal.exceeded(alpha);
  }

  /** The most losses that still prove a loss below the margin; -1 if none does. */
  int mostForPass(int flips) {
    return firstThat(
            flips, losses -> !TangoInterval.excludes(losses, flips - losses, items, margin, z))
        - 1;
  }

  /** The fewest losses that prove a loss and are more than the margin; flips + 1 if none does. */
  int fewestForFail(int flips) {
    var coin = BinomialDistribution.of(flips, 0.5);
    int real =
        firstThat(flips, losses -> losses > 0 && coin.survivalProbability(losses - 1) < alpha);
    return Math.max(real, mostForPoint(flips) + 1);
  }

  /** The fewest losses that prove a loss of more than the margin; flips + 1 if none does. */
  int fewestBeyond(int flips) {
    return firstThat(
        flips, losses -> TangoInterval.score(losses, flips - losses, items, -margin) < -z);
  }

  /** The most losses that measure no more than the margin, all unrounded. */
  int mostForPoint(int flips) {
    return firstThat(flips, losses -> (double) (2 * losses - flips) / items > margin) - 1;
  }

  /** The first number from 0 to {@code flips} for which a rule that stays true is true. */
  private static int firstThat(int flips, IntPredicate rule) {
    int low = 0;
    int high = flips + 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (rule.test(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
