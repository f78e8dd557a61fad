package dev.quantgate.evaluation.gate.statistics;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A confidence sequence for the mean difference of items that arrive cluster by cluster in random
 * order: its bounds may be looked at after each cluster, and all of them together hold with an
 * error of {@code alpha} on each side, however often one looks and whenever one stops.
 *
 * <p>Someone bets against the hypothesis that the mean is {@code mu}. A cluster of {@code s} items
 * whose differences add up to {@code d} multiplies the stake by
 *
 * <pre>  1 + theta (d - mu s) / ((1 + mu) largest)</pre>
 *
 * which is never negative and 1 on average if the hypothesis is true; so by Ville's inequality the
 * stake ever grows to {@code 1 / alpha} with a probability of at most alpha, and a {@code mu}
 * against which it did is excluded (Waudby-Smith and Ramdas, "Estimating means of bounded random
 * variables by betting", Journal of the Royal Statistical Society B, 2023). The stake is spread
 * evenly over the fixed {@link #FRACTIONS}, which between them suit flip rates from none to 30 %:
 * nothing is tuned, and the order of the clusters seen so far is of no consequence.
 *
 * <p>The bounds keep their width where nothing differs, and ask for no distribution, only that
 * clusters are drawn independently: hence they are wider than {@link TangoInterval}'s, most where
 * clusters are few and large.
 */
public final class BettingSequence {
  /** The shares of what may be staked. */
  static final double[] FRACTIONS = {0.9, 0.45, 0.225, 0.1125, 0.05625, 0.028125};

  private static final int HALVINGS = 50;

  private final int largest;
  private final double alpha;
  private final Map<Unit, Integer> seen = new HashMap<>();
  private int items;
  private double total;

  private record Unit(double sum, int size) {}

  /** What a sequence has decided about a margin. */
  public enum Decision {
    /** The mean lies above {@code -margin}. */
    PASS,
    /** The mean lies below {@code -margin}. */
    FAIL
  }

  /**
   * @param largest the size of the largest cluster that can come, known beforehand
   * @param alpha error of each side
   */
  public BettingSequence(int largest, double alpha) {
    Normal.exceeded(alpha);
    if (largest < 1) {
      throw new IllegalArgumentException(
          "expected a largest cluster of 1 or more, found %d".formatted(largest));
    }
    this.largest = largest;
    this.alpha = alpha;
  }

  /** The interval of all clusters at once. */
  public static Interval of(Clusters clusters, double alpha) {
    var sequence = new BettingSequence(clusters.largest(), alpha);
    for (int i = 0; i < clusters.count(); i++) {
      sequence.add(clusters.sum(i), clusters.size(i));
    }
    return sequence.interval();
  }

  /** Takes a cluster. */
  public void add(double sum, int size) {
    if (size < 1 || size > largest || !(Math.abs(sum) <= size)) {
      throw new IllegalArgumentException(
          "no cluster: differences of %s in %d items, at most %d items"
              .formatted(sum, size, largest));
    }
    seen.merge(new Unit(sum, size), 1, Integer::sum);
    items += size;
    total += sum;
  }

  public int items() {
    return items;
  }

  /** The bounds now; -1 to 1 before anything is known. */
  public Interval interval() {
    return interval(alpha);
  }

  /** The bounds now with another error of each side, as several sequences together ask for. */
  public Interval interval(double error) {
    if (items == 0) {
      return new Interval(-1, 1);
    }
    return new Interval(lower(1, error), -lower(-1, error));
  }

  /** Whether the bounds now lie on one side of {@code -margin}, and on which. */
  public Optional<Decision> decision(double margin) {
    double enough = -Math.log(alpha);
    if (logStake(1, -margin) >= enough) {
      return Optional.of(Decision.PASS);
    }
    return logStake(-1, margin) >= enough ? Optional.of(Decision.FAIL) : Optional.empty();
  }

  /** The largest mean of {@code sign} times the differences that is excluded from below. */
  private double lower(int sign, double error) {
    double enough = -Math.log(error);
    double below = -1;
    double above = sign * total / items;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (below + above) / 2;
      if (logStake(sign, middle) >= enough) {
        below = middle;
      } else {
        above = middle;
      }
    }
    return below;
  }

  /** The logarithm of the stake against a mean of at most {@code mu}. Falls as {@code mu} grows. */
  private double logStake(int sign, double mu) {
    double[] logs = new double[FRACTIONS.length];
    seen.forEach((unit, times) -> {
      for (int i = 0; i < logs.length; i++) {
        logs[i] += times * logFactor(FRACTIONS[i], sign * unit.sum, unit.size, largest, mu);
      }
    });
    return logMean(logs);
  }

  static double logFactor(double fraction, double sum, int size, int largest, double mu) {
    return Math.log1p(fraction * (sum - mu * size) / ((1 + mu) * largest));
  }

  /** The logarithm of the mean of what the values are logarithms of. */
  static double logMean(double[] logs) {
    double most = Double.NEGATIVE_INFINITY;
    for (double log : logs) {
      most = Math.max(most, log);
    }
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(log - most);
    }
    return most + Math.log(sum / logs.length);
  }
}
