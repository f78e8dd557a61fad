package dev.quantgate.evaluation.gate.statistics;

import java.util.Arrays;
import java.util.List;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * The differences of items that depend on each other inside their cluster (a problem's samples, a
 * subject's questions, a premise's sentences) and not beyond it, kept as a sum and a size for each
 * cluster.
 */
public final class Clusters {
  private final double[] sums;
  private final int[] sizes;
  private final int items;
  private final double total;
  private final double squares;

  private Clusters(double[] sums, int[] sizes, double squares) {
    this.sums = sums;
    this.sizes = sizes;
    this.squares = squares;
    int counted = 0;
    double added = 0;
    for (int i = 0; i < sums.length; i++) {
      counted = Math.addExact(counted, sizes[i]);
      added += sums[i];
    }
    this.items = counted;
    this.total = added;
  }

  /**
   * Differences, a list for each cluster.
   *
   * @throws IllegalArgumentException if there is none, a cluster is empty, or a difference lies
   *     outside -1 to 1
   */
  public static Clusters of(List<double[]> clusters) {
    if (clusters.isEmpty()) {
      throw new IllegalArgumentException("no clusters");
    }
    double[] sums = new double[clusters.size()];
    int[] sizes = new int[clusters.size()];
    double squares = 0;
    for (int i = 0; i < sums.length; i++) {
      for (double difference : clusters.get(i)) {
        if (!(Math.abs(difference) <= 1)) {
          throw new IllegalArgumentException(
              "expected differences from -1 to 1, found %s".formatted(difference));
        }
        sums[i] += difference;
        squares += difference * difference;
      }
      sizes[i] = clusters.get(i).length;
      if (sizes[i] == 0) {
        throw new IllegalArgumentException("cluster %d is empty".formatted(i));
      }
    }
    return new Clusters(sums, sizes, squares);
  }

  /** Each item a cluster of its own. */
  public static Clusters ofItems(double... differences) {
    return of(Arrays.stream(differences).mapToObj(d -> new double[] {d}).toList());
  }

  public int count() {
    return sums.length;
  }

  public int items() {
    return items;
  }

  public double sum(int cluster) {
    return sums[cluster];
  }

  public int size(int cluster) {
    return sizes[cluster];
  }

  /** The largest cluster's size. */
  public int largest() {
    return Arrays.stream(sizes).max().orElseThrow();
  }

  /** The mean difference of all items. */
  public double delta() {
    return total / items;
  }

  /**
   * By how much clusters widen the interval of delta, as a factor of its variance: the
   * cluster-robust variance by that of independent items, at least 1. Each cluster's residual is
   * taken as if the mean had been found without it, and the normal quantile gives way to Student's
   * with a degree of freedom less than there are clusters (Bell and McCaffrey, "Bias reduction in
   * standard errors for linear regression with multi-stage samples", Survey Methodology 28, 2002):
   * plain residuals are too small where clusters are few. 1 where nothing differs and where there
   * is one cluster only, since neither tells.
   *
   * @param alpha one-sided error of the interval
   */
  public double designEffect(double alpha) {
    return count() < 2
        ? 1
        : designEffect(sums, sizes, items, total, squares, studentFactor(count(), alpha));
  }

  /** The square of Student's quantile by the normal one's. */
  static double studentFactor(int clusters, double alpha) {
    double ratio =
        TDistribution.of(clusters - 1.0).inverseSurvivalProbability(alpha) / Normal.exceeded(alpha);
    return ratio * ratio;
  }

  static double designEffect(
      double[] sums, int[] sizes, int items, double total, double squares, double studentFactor) {
    double mean = total / items;
    double independent = squares - items * mean * mean;
    if (independent <= 0) {
      return 1;
    }
    double between = 0;
    for (int i = 0; i < sums.length; i++) {
      double residual = (sums[i] - sizes[i] * mean) / (1 - (double) sizes[i] / items);
      between += residual * residual;
    }
    double robust = between * (sums.length - 1) / sums.length;
    return Math.max(1, studentFactor * robust / independent);
  }
}
