package dev.quantgate.evaluation.gate.statistics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Simulated comparisons of several suites that are judged together, as {@link GateSimulation} does
 * for one: Holm's correction for FAIL, every suite for PASS, the pooled bounds, and early stops
 * whose proofs of a loss share their error. Items are independent.
 */
public final class SuitesSimulation {
  private static final double MARGIN = GateSimulation.MARGIN;
  private static final double ALPHA = GateSimulation.ALPHA;
  private static final int LOOK = 32;
  private static final double[] FLIP_RATES = {0.02, 0.05};
  private static final int[] TWO = {1346, 12241};
  private static final int[] THREE = {164, 1346, 12241};

  private SuitesSimulation() {}

  /**
   * What was simulated.
   *
   * @param items of each suite
   * @param losses the candidate's true loss in each
   */
  public record Setting(List<Integer> items, double flipRate, List<Double> losses) {
    public Setting {
      items = List.copyOf(items);
      losses = List.copyOf(losses);
    }

    /** The true mean loss, every suite weighing the same. */
    public double meanLoss() {
      return losses.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }
  }

  /**
   * The shares of comparisons in which the whole ended so.
   *
   * @param pass PASS is proven: of every suite
   * @param fail FAIL is proven: of any suite, after Holm's correction
   * @param pooledWithin the bounds of the mean exclude a loss of the margin
   * @param earlyPass every suite stopped at PASS
   * @param earlyFail some suite stopped at a loss beyond the margin
   * @param earlyItems mean share of the items that the stops took
   */
  public record Rates(
      Setting setting,
      double pass,
      double fail,
      double pooledWithin,
      double earlyPass,
      double earlyFail,
      double earlyItems) {}

  /** All settings. */
  public static List<Rates> run(int comparisons, long seed) {
    return Arrays.stream(FLIP_RATES)
        .boxed()
        .flatMap(flips ->
            List.of(
                setting(TWO, flips, 0, 0),
                setting(TWO, flips, MARGIN, MARGIN),
                setting(TWO, flips, MARGIN, 0),
                setting(TWO, flips, 0, MARGIN),
                setting(TWO, flips, 0, 2 * MARGIN),
                setting(THREE, flips, 0, 0, 0),
                setting(THREE, flips, MARGIN, MARGIN, MARGIN),
                setting(THREE, flips, 0, 0, 2 * MARGIN))
                .stream())
        .toList()
        .parallelStream()
        .map(setting -> rates(setting, comparisons, seed))
        .toList();
  }

  private static Setting setting(int[] items, double flipRate, double... losses) {
    return new Setting(
        Arrays.stream(items).boxed().toList(), flipRate, Arrays.stream(losses).boxed().toList());
  }

  static Rates rates(Setting setting, int comparisons, long seed) {
    var random = new SplittableRandom(seed ^ setting.hashCode() * 0x9E3779B97F4A7C15L);
    int suites = setting.items().size();
    List<Suite> each =
        IntStream.range(0, suites)
            .mapToObj(i ->
                new Suite(
                    setting.items().get(i), setting.flipRate(), setting.losses().get(i), suites))
            .toList();
    int pass = 0;
    int fail = 0;
    int pooled = 0;
    int earlyPass = 0;
    int earlyFail = 0;
    long earlyItems = 0;
    for (int c = 0; c < comparisons; c++) {
      each.forEach(suite -> suite.draw(random));
      List<Double> adjusted = Holm.adjust(each.stream().map(Suite::lossP).toList());
      boolean lost =
          IntStream.range(0, suites)
              .anyMatch(i ->
                  adjusted.get(i) < ALPHA && each.get(i).beyondMargin() && !each.get(i).pass());
      fail += lost ? 1 : 0;
      pass += !lost && each.stream().allMatch(Suite::pass) ? 1 : 0;
      Pooled mean = Pooled.of(each.stream().map(Suite::stratum).toList());
      pooled += mean.interval().lower() > -MARGIN ? 1 : 0;
      boolean stoppedAtLoss = each.stream().anyMatch(suite -> suite.early.decided() < 0);
      earlyFail += stoppedAtLoss ? 1 : 0;
      earlyPass += each.stream().allMatch(suite -> suite.early.decided() > 0) ? 1 : 0;
      earlyItems += each.stream().mapToInt(suite -> suite.early.items()).sum();
    }
    double n = comparisons;
    return new Rates(
        setting,
        pass / n,
        fail / n,
        pooled / n,
        earlyPass / n,
        earlyFail / n,
        earlyItems / n / setting.items().stream().mapToInt(Integer::intValue).sum());
  }

  /** One suite of independent items, drawn look by look. */
  private static final class Suite {
    final SimulatedEarlyStop early;
    private final int n;
    private final double flipRate;
    private final double lossShare;
    private final Map<Integer, Sampler> flips = new HashMap<>();
    private final Map<Integer, Sampler> losses = new HashMap<>();
    private final Map<Long, Interval> intervals = new HashMap<>();
    private int lost;
    private int gained;

    Suite(int n, double flipRate, double loss, int suites) {
      this.n = n;
      this.flipRate = flipRate;
      this.lossShare = (flipRate + loss) / (2 * flipRate);
      this.early = new SimulatedEarlyStop(1, MARGIN, ALPHA, suites);
    }

    void draw(SplittableRandom random) {
      early.restart();
      lost = 0;
      gained = 0;
      for (int at = 0; at < n; at += LOOK) {
        int size = Math.min(LOOK, n - at);
        int flipped =
            flips.computeIfAbsent(size, items -> Sampler.binomial(items, flipRate)).next(random);
        int more =
            losses
                .computeIfAbsent(flipped, count -> Sampler.binomial(count, lossShare))
                .next(random);
        lost += more;
        gained += flipped - more;
        early.look(more, flipped - more, size - flipped);
      }
    }

    Interval interval() {
      return intervals.computeIfAbsent(
          (long) lost << 32 | gained,
          key -> TangoInterval.of(new PairTable(n - lost - gained, lost, gained, 0), ALPHA));
    }

    boolean pass() {
      return interval().lower() > -MARGIN;
    }

    boolean beyondMargin() {
      return delta() < -MARGIN;
    }

    double lossP() {
      return McNemar.of(lost, gained).loss();
    }

    Pooled.Stratum stratum() {
      Interval interval = interval();
      return new Pooled.Stratum(
          1,
          delta(),
          new Interval(Math.min(interval.lower(), delta()), Math.max(interval.upper(), delta())));
    }

    private double delta() {
      return (double) (gained - lost) / n;
    }
  }
}
