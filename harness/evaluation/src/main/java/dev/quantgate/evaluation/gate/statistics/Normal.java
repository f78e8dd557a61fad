package dev.quantgate.evaluation.gate.statistics;

import org.apache.commons.statistics.distribution.NormalDistribution;

/** Quantiles of the standard normal distribution. */
final class Normal {
  private static final NormalDistribution STANDARD = NormalDistribution.of(0, 1);

  private Normal() {}

  /** What a standard normal value exceeds with probability {@code alpha}, which is below 1/2. */
  static double exceeded(double alpha) {
    if (!(alpha > 0 && alpha < 0.5)) {
      throw new IllegalArgumentException(
          "expected an error between 0 and 0.5, found %s".formatted(alpha));
    }
    return STANDARD.inverseSurvivalProbability(alpha);
  }

  /** The probability that a standard normal value exceeds {@code z}. */
  static double above(double z) {
    return STANDARD.survivalProbability(z);
  }
}
