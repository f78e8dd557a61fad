package dev.quantgate.evaluation.gate.statistics;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The percentile bootstrap of delta over whole clusters (Davison and Hinkley, "Bootstrap Methods
 * and their Application", 1997, section 3.8). Has no width where all clusters are alike, so it is
 * never used alone.
 */
public final class ClusterBootstrap {
  /** How often clusters are drawn anew. */
  public static final int RESAMPLES = 10_000;

  private ClusterBootstrap() {}

  /** The interval of delta; the same clusters and seed give the same one. */
  public static Interval of(Clusters clusters, double alpha, long seed) {
    return of(clusters, alpha, seed, RESAMPLES);
  }

  static Interval of(Clusters clusters, double alpha, long seed, int resamples) {
    Normal.exceeded(alpha);
    var random = new SplittableRandom(seed);
    int count = clusters.count();
    double[] deltas = new double[resamples];
    for (int i = 0; i < resamples; i++) {
      double sum = 0;
      int items = 0;
      for (int j = 0; j < count; j++) {
        int drawn = random.nextInt(count);
        sum += clusters.sum(drawn);
        items += clusters.size(drawn);
      }
      deltas[i] = sum / items;
    }
    Arrays.sort(deltas);
    int outside = (int) Math.floor(alpha * resamples);
    return new Interval(deltas[outside], deltas[resamples - 1 - outside]);
  }
}
