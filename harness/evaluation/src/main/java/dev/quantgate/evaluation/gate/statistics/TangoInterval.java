package dev.quantgate.evaluation.gate.statistics;

/**
 * The score interval for the difference of two paired proportions (Tango, "Equivalence test and
 * confidence interval for the difference in proportions for the paired-sample design", Statistics
 * in Medicine 17, 1998, 891-908). It holds for few flips and for none: without flips in n items the
 * lower bound is {@code -z^2 / (n + z^2)}.
 *
 * <p>Where items come in clusters, all counts are divided by the {@linkplain Clusters#designEffect
 * design effect}, so that the interval is that of as many independent items as the clusters are
 * worth. A design effect counts as at least 1, hence no cluster makes the interval narrower.
 */
public final class TangoInterval {
  /** Halvings of [-1, 1] after which the ends are known to the last bits of a double. */
  private static final int HALVINGS = 60;

  private TangoInterval() {}

  /** The interval of delta of independent items. */
  public static Interval of(PairTable table, double alpha) {
    return of(table, 1, alpha);
  }

  /**
   * The interval of delta of clustered items.
   *
   * @throws IllegalArgumentException if there are no items
   */
  public static Interval of(PairTable table, double designEffect, double alpha) {
    if (table.items() == 0) {
      throw new IllegalArgumentException("no items, hence no interval");
    }
    double divisor = Math.max(1, designEffect);
    double n = table.items() / divisor;
    double losses = table.losses() / divisor;
    double gains = table.gains() / divisor;
    double z = Normal.exceeded(alpha);
    return new Interval(lower(losses, gains, n, z), -lower(gains, losses, n, z));
  }

  /**
   * The one-sided p of a loss, of any size, by the score statistic: for clustered items, which
   * McNemar's test does not know. Below alpha exactly where the upper bound of delta is below 0.
   */
  public static double lossP(PairTable table, double designEffect) {
    double divisor = Math.max(1, designEffect);
    return Normal.above(
        -score(table.losses() / divisor, table.gains() / divisor, table.items() / divisor, 0));
  }

  /** Whether the lower bound of delta lies above {@code -margin}: the same, without searching. */
  static boolean excludes(double losses, double gains, double n, double margin, double z) {
    return score(losses, gains, n, -margin) > z;
  }

  /**
   * The score statistic of the hypothesis that delta is {@code delta}: how many of its standard
   * errors the measured one lies above it. Falls as {@code delta} grows.
   *
   * @param delta above -1 and below 1
   */
  static double score(double losses, double gains, double n, double delta) {
    // The likeliest loss rate among those with this delta solves a q^2 + b q + c = 0.
    double a = 2 * n;
    double b = (2 * n - gains + losses) * delta - losses - gains;
    double c = -losses * delta * (1 - delta);
    double lossRate = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
    double variance = n * (2 * lossRate + delta * (1 - delta));
    double distance = gains - losses - n * delta;
    return distance == 0 ? 0 : distance / Math.sqrt(Math.max(variance, Double.MIN_NORMAL));
  }

  private static double lower(double losses, double gains, double n, double z) {
    double below = -1;
    double above = (gains - losses) / n;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (below + above) / 2;
      if (score(losses, gains, n, middle) > z) {
        below = middle;
      } else {
        above = middle;
      }
    }
    return below;
  }
}
