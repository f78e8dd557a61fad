package dev.quantgate.evaluation.gate.statistics;

import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * Draws whole numbers from a finite distribution in constant time: the alias method (Vose, "A
 * linear algorithm for generating random numbers with a given distribution", 1991).
 */
final class Sampler {
  private static final double NEGLIGIBLE = 1e-13;

  private final int first;
  private final double[] keep;
  private final int[] alias;

  private Sampler(int first, double[] weights) {
    int count = weights.length;
    this.first = first;
    this.keep = new double[count];
    this.alias = new int[count];
    double total = 0;
    for (double weight : weights) {
      total += weight;
    }
    int[] small = new int[count];
    int[] large = new int[count];
    int smalls = 0;
    int larges = 0;
    double[] scaled = new double[count];
    for (int i = 0; i < count; i++) {
      scaled[i] = weights[i] * count / total;
      if (scaled[i] < 1) {
        small[smalls++] = i;
      } else {
        large[larges++] = i;
      }
    }
    while (smalls > 0 && larges > 0) {
      int less = small[--smalls];
      int more = large[--larges];
      keep[less] = scaled[less];
      alias[less] = more;
      scaled[more] -= 1 - scaled[less];
      if (scaled[more] < 1) {
        small[smalls++] = more;
      } else {
        large[larges++] = more;
      }
    }
    while (larges > 0) {
      keep[large[--larges]] = 1;
    }
    while (smalls > 0) {
      keep[small[--smalls]] = 1;
    }
  }

  /** Numbers from 0 on, in proportion to their weights. */
  static Sampler of(double[] weights) {
    return new Sampler(0, weights);
  }

  /** Successes among so many trials. */
  static Sampler binomial(int trials, double probability) {
    if (trials == 0 || probability <= 0) {
      return new Sampler(0, new double[] {1});
    }
    if (probability >= 1) {
      return new Sampler(trials, new double[] {1});
    }
    var distribution = BinomialDistribution.of(trials, probability);
    int from = distribution.inverseCumulativeProbability(NEGLIGIBLE);
    int to = distribution.inverseSurvivalProbability(NEGLIGIBLE);
    double[] weights = new double[to - from + 1];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = distribution.probability(from + i);
    }
    return new Sampler(from, weights);
  }

  int next(SplittableRandom random) {
    double place = random.nextDouble() * keep.length;
    int at = (int) place;
    return first + (place - at < keep[at] ? at : alias[at]);
  }
}
