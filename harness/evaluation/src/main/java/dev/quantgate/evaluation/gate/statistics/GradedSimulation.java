package dev.quantgate.evaluation.gate.statistics;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Simulated comparisons of problems of which several samples were asked, judged by {@link
 * GradedInterval}: cluster bootstrap and bets. Each comparison takes a bootstrap, so they are fewer
 * than those of {@link GateSimulation}.
 *
 * <p>Each problem draws its own flip rate and its own share of losses, as a cluster of that
 * simulation does; its difference is that of its samples' mean scores.
 */
public final class GradedSimulation {
  private static final double MARGIN = GateSimulation.MARGIN;
  private static final double ALPHA = GateSimulation.ALPHA;
  private static final int SAMPLES = 8;
  private static final double FLIP_RATE = 0.05;
  private static final double SIDE_CORRELATION = 0.5;
  private static final int[] PROBLEMS = {164, 1346};
  private static final double[] LOSSES = {0, 0.01, 0.02};

  private GradedSimulation() {}

  /**
   * The shares of comparisons in which each end was proven.
   *
   * @param samples of each problem
   * @param flipRate share of samples that only one model gets right
   * @param loss the candidate's true loss
   */
  public record Rates(
      int problems,
      int samples,
      double flipRate,
      double loss,
      int comparisons,
      double pass,
      double fail,
      double beyondMargin) {}

  /** All settings. */
  public static List<Rates> run(int comparisons, long seed) {
    return IntStream.range(0, PROBLEMS.length * LOSSES.length)
        .parallel()
        .mapToObj(
            i -> rates(PROBLEMS[i / LOSSES.length], LOSSES[i % LOSSES.length], comparisons, seed))
        .toList();
  }

  static Rates rates(int problems, double loss, int comparisons, long seed) {
    var random = new SplittableRandom(seed + 31L * problems + Math.round(1000 * loss));
    Sampler table =
        Sampler.of(
            GateSimulation.clusterWeights(
                SAMPLES, FLIP_RATE, (FLIP_RATE + loss) / (2 * FLIP_RATE), SIDE_CORRELATION));
    int pass = 0;
    int fail = 0;
    int beyond = 0;
    for (int c = 0; c < comparisons; c++) {
      double[] differences = new double[problems];
      double sum = 0;
      for (int i = 0; i < problems; i++) {
        int drawn = table.next(random);
        differences[i] = (double) (drawn % (SAMPLES + 1) - drawn / (SAMPLES + 1)) / SAMPLES;
        sum += differences[i];
      }
      Interval interval = GradedInterval.of(Clusters.ofItems(differences), ALPHA, 1);
      boolean passes = interval.lower() > -MARGIN;
      pass += passes ? 1 : 0;
      fail += !passes && sum / problems < -MARGIN && interval.upper() < 0 ? 1 : 0;
      beyond += interval.upper() < -MARGIN ? 1 : 0;
    }
    double n = comparisons;
    return new Rates(
        problems, SAMPLES, FLIP_RATE, loss, comparisons, pass / n, fail / n, beyond / n);
  }
}
