package dev.quantgate.evaluation.gate.statistics;

import org.apache.commons.statistics.distribution.BetaDistribution;

/** What a number of successes says about the rate that they came from. */
public final class Proportion {
  private Proportion() {}

  /**
   * The exact lower bound of a rate (Clopper and Pearson, "The use of confidence or fiducial limits
   * illustrated in the case of the binomial", Biometrika 26, 1934). Graded successes, a sum of
   * shares, are taken as they are.
   *
   * @param successes between 0 and {@code trials}
   * @param trials above 0
   */
  public static double lowerBound(double successes, double trials, double alpha) {
    require(successes, trials);
    return successes == 0
        ? 0
        : BetaDistribution.of(successes, trials - successes + 1)
            .inverseCumulativeProbability(alpha);
  }

  /**
   * Wilson's score interval of a rate (Journal of the American Statistical Association 22, 1927).
   */
  public static Interval wilson(double successes, double trials, double alpha) {
    require(successes, trials);
    double z = Normal.exceeded(alpha);
    double centre = successes + z * z / 2;
    double spread = z * Math.sqrt(successes * (trials - successes) / trials + z * z / 4);
    double divisor = trials + z * z;
    return new Interval(
        Math.max(0, (centre - spread) / divisor), Math.min(1, (centre + spread) / divisor));
  }

  private static void require(double successes, double trials) {
    if (!(trials > 0 && successes >= 0 && successes <= trials)) {
      throw new IllegalArgumentException(
          "no rate: %s successes of %s".formatted(successes, trials));
    }
  }
}
