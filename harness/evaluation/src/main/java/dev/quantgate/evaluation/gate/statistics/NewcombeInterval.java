package dev.quantgate.evaluation.gate.statistics;

/**
 * The interval for the difference of two paired proportions that squares and adds the Wilson
 * intervals of both, with a continuity-corrected correlation: method 10 of Newcombe, "Improved
 * confidence intervals for the difference between binomial proportions based on paired data",
 * Statistics in Medicine 17, 1998, 2635-2650. A cross-check of {@link TangoInterval} found in
 * another way; nothing is decided by it.
 */
public final class NewcombeInterval {
  private NewcombeInterval() {}

  /**
   * The interval of delta.
   *
   * @throws IllegalArgumentException if there are no items
   */
  public static Interval of(PairTable table, double alpha) {
    int n = table.items();
    double baseline = (double) (table.bothRight() + table.losses()) / n;
    double candidate = (double) (table.bothRight() + table.gains()) / n;
    Interval first = Proportion.wilson(baseline * n, n, alpha);
    Interval second = Proportion.wilson(candidate * n, n, alpha);
    double correlation = correlation(table);
    double delta = table.delta();
    double down = added(candidate - second.lower(), first.upper() - baseline, correlation);
    double up = added(second.upper() - candidate, baseline - first.lower(), correlation);
    return new Interval(delta - down, delta + up);
  }

  private static double added(double one, double other, double correlation) {
    return Math.sqrt(Math.max(0, one * one - 2 * correlation * one * other + other * other));
  }

  /** The table's phi, drawn towards 0 by half an item where it is positive. */
  private static double correlation(PairTable table) {
    double a = table.bothRight();
    double b = table.losses();
    double c = table.gains();
    double d = table.bothWrong();
    double product = (a + b) * (c + d) * (a + c) * (b + d);
    if (product == 0) {
      return 0;
    }
    double excess = a * d - b * c;
    double corrected = excess > 0 ? Math.max(0, excess - table.items() / 2.0) : excess;
    return corrected / Math.sqrt(product);
  }
}
