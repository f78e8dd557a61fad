package dev.quantgate.evaluation.gate.statistics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.DoubleStream;

/** {@link BettingSequence}'s decision at every look, by running sums. */
final class SimulatedEarlyStop {
  private static final int KINDS = BettingSequence.FRACTIONS.length;

  private final int largest;
  private final double margin;
  private final double enough;
  private final double enoughForLoss;
  private final double[] down = new double[KINDS];
  private final double[] up = new double[KINDS];
  private final Map<Integer, double[][]> factors = new HashMap<>();
  private int items;
  private int decided;

  /**
   * @param largest items of the largest cluster
   * @param alpha the error of each proof
   */
  SimulatedEarlyStop(int largest, double margin, double alpha) {
    this(largest, margin, alpha, 1);
  }

  /**
   * @param suites judged together, which share the error of a proof of a loss
   */
  SimulatedEarlyStop(int largest, double margin, double alpha, int suites) {
    this.largest = largest;
    this.margin = margin;
    this.enough = -Math.log(alpha);
    this.enoughForLoss = -Math.log(alpha / suites);
  }

  void restart() {
    Arrays.fill(down, 0);
    Arrays.fill(up, 0);
    items = 0;
    decided = 0;
  }

  /** So many single items, then a look. */
  void look(int losses, int gains, int same) {
    if (decided == 0) {
      add(-1, 1, losses);
      add(1, 1, gains);
      add(0, 1, same);
      look();
    }
  }

  /** A cluster, then a look. */
  void cluster(double sum, int size) {
    if (decided == 0) {
      add((int) sum, size, 1);
      look();
    }
  }

  private void add(int sum, int size, int times) {
    items += size * times;
    double[][] logs =
        factors.computeIfAbsent(
            size * 1024 + sum,
            key -> new double[][] {logs(sum, size, -margin), logs(-sum, size, margin)});
    for (int i = 0; i < KINDS; i++) {
      down[i] += times * logs[0][i];
      up[i] += times * logs[1][i];
    }
  }

  private double[] logs(double sum, int size, double mu) {
    return DoubleStream.of(BettingSequence.FRACTIONS)
        .map(fraction -> BettingSequence.logFactor(fraction, sum, size, largest, mu))
        .toArray();
  }

  private void look() {
    if (reaches(down, enough)) {
      decided = 1;
    } else if (reaches(up, enoughForLoss)) {
      decided = -1;
    }
  }

  /** Whether the mean stake is large enough; most looks are settled by its largest part. */
  private static boolean reaches(double[] logs, double enough) {
    double most = logs[0];
    for (int i = 1; i < KINDS; i++) {
      most = Math.max(most, logs[i]);
    }
    return most >= enough && BettingSequence.logMean(logs) >= enough;
  }

  /** Above 0 where PASS is proven, below where a loss beyond the margin is, 0 for neither. */
  int decided() {
    return decided;
  }

  /** Items taken before the decision, or all. */
  int items() {
    return items;
  }
}
