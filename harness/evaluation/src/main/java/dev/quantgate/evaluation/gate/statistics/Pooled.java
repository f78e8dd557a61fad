package dev.quantgate.evaluation.gate.statistics;

import java.util.List;

/**
 * One delta of several suites, each with its weight. The interval is recovered from those of the
 * suites by squaring and adding their arms, so that it keeps their width where nothing differs (Zou
 * and Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27,
 * 2008).
 *
 * @param delta the weighted mean of the suites' deltas
 */
public record Pooled(double delta, Interval interval) {

  /** One suite. */
  public record Stratum(double weight, double delta, Interval interval) {
    public Stratum {
      if (!(weight > 0) || !(interval.lower() <= delta && delta <= interval.upper())) {
        throw new IllegalArgumentException(
            "no stratum: weight %s, delta %s in %s".formatted(weight, delta, interval));
      }
    }
  }

  /**
   * The strata together; their weights count in proportion.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Pooled of(List<Stratum> strata) {
    double weights = strata.stream().mapToDouble(Stratum::weight).sum();
    if (strata.isEmpty()) {
      throw new IllegalArgumentException("nothing to pool");
    }
    double delta = 0;
    double down = 0;
    double up = 0;
    for (Stratum stratum : strata) {
      double share = stratum.weight() / weights;
      delta += share * stratum.delta();
      down += square(share * (stratum.delta() - stratum.interval().lower()));
      up += square(share * (stratum.interval().upper() - stratum.delta()));
    }
    return new Pooled(delta, new Interval(delta - Math.sqrt(down), delta + Math.sqrt(up)));
  }

  private static double square(double value) {
    return value * value;
  }
}
