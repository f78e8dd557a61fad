package dev.quantgate.evaluation.gate.statistics;

import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * McNemar's exact test: whether losses and gains could be the two faces of a fair coin (McNemar,
 * Psychometrika 12, 1947; the mid-p as in Fagerland, Lydersen and Laake, "The McNemar test for
 * binary matched-pairs data", BMC Medical Research Methodology 13:91, 2013). It takes flips for
 * independent of each other.
 *
 * @param loss probability of at least so many losses among so many flips, by chance
 * @param twoSided twice the smaller tail, at most 1
 * @param midP like {@code twoSided}, with half the weight for the table itself
 */
public record McNemar(double loss, double twoSided, double midP) {

  /** The test of so many losses and gains. */
  public static McNemar of(int losses, int gains) {
    int flips = losses + gains;
    if (flips == 0) {
      return new McNemar(1, 1, 1);
    }
    var coin = BinomialDistribution.of(flips, 0.5);
    double smaller = coin.cumulativeProbability(Math.min(losses, gains));
    double itself = coin.probability(losses);
    return new McNemar(
        losses == 0 ? 1 : coin.survivalProbability(losses - 1),
        Math.min(1, 2 * smaller),
        Math.min(1, 2 * smaller - itself));
  }
}
