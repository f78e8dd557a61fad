package dev.quantgate.evaluation.gate.statistics;

import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * What a comparison of right/wrong items can show before it is made.
 *
 * @param alpha one-sided error of a proof
 * @param power wanted probability of a proof where it is deserved
 */
public record Power(double alpha, double power) {
  /** An error of 5 %, a power of 80 %. */
  public static final Power USUAL = new Power(0.05, 0.8);

  /** Numbers of flips whose probability is below this count as impossible. */
  private static final double NEGLIGIBLE = 1e-13;

  public Power {
    Normal.exceeded(alpha);
    if (!(power >= 0.5 && power < 1)) {
      throw new IllegalArgumentException(
          "expected a power from 0.5 to below 1, found %s".formatted(power));
    }
  }

  /**
   * The smallest loss that {@code items} independent items show: {@code (z_alpha + z_beta)
   * sqrt(flipRate / items)}, 0 where nothing flips.
   */
  public double smallestVisibleLoss(double items, double flipRate) {
    return sum() * Math.sqrt(flipRate / items);
  }

  /**
   * How many independent items prove that a candidate that lost nothing lost less than the margin.
   */
  public long itemsNeeded(double flipRate, double margin) {
    double byFlips = sum() * sum() * flipRate / (margin * margin);
    return Math.max((long) Math.ceil(byFlips), itemsWithoutFlips(margin));
  }

  /** How many items without a single flip prove a loss below the margin: 268 for 1 point. */
  public long itemsWithoutFlips(double margin) {
    double z = Normal.exceeded(alpha);
    return (long) Math.floor(z * z * (1 - margin) / margin) + 1;
  }

  private double sum() {
    double zBeta = power == 0.5 ? 0 : Normal.exceeded(1 - power);
    return Normal.exceeded(alpha) + zBeta;
  }

  /**
   * How a comparison can end.
   *
   * @param possible false where the loss exceeds the flip rate, which no table can have
   * @param pass probability that it proves a loss below the margin
   * @param fail that it proves a loss, and measures more than the margin
   * @param beyondMargin that it proves a loss of more than the margin
   * @param point that it measures no more than the margin, the point rule's PASS
   */
  public record Chances(
      boolean possible, double pass, double fail, double beyondMargin, double point) {}

  /**
   * The exact chances of {@code items} independent items by {@link TangoInterval} and {@link
   * McNemar}: the sum over all tables, which are a binomial number of flips, each of them a loss
   * with a fixed probability.
   *
   * @param loss true loss of the candidate, 0 to 1
   */
  public Chances chances(int items, double flipRate, double loss, double margin) {
    if (loss > flipRate || flipRate > 1 || loss < 0) {
      return new Chances(false, 0, 0, 0, 0);
    }
    var thresholds = new Thresholds(items, margin, alpha);
    double share = flipRate == 0 ? 0 : (flipRate + loss) / (2 * flipRate);
    var flips = BinomialDistribution.of(items, flipRate);
    double pass = 0;
    double fail = 0;
    double beyond = 0;
    double point = 0;
    int first = flips.inverseCumulativeProbability(NEGLIGIBLE);
    int last = flips.inverseSurvivalProbability(NEGLIGIBLE);
    for (int f = first; f <= last; f++) {
      double weight = flips.probability(f);
      var losses = BinomialDistribution.of(f, share);
      pass += weight * losses.cumulativeProbability(thresholds.mostForPass(f));
      fail += weight * losses.survivalProbability(thresholds.fewestForFail(f) - 1);
      beyond += weight * losses.survivalProbability(thresholds.fewestBeyond(f) - 1);
      point += weight * losses.cumulativeProbability(thresholds.mostForPoint(f));
    }
    return new Chances(true, pass, fail, beyond, point);
  }
}
