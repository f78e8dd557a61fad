package dev.quantgate.evaluation.gate.statistics;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Simulated comparisons of several suites that are judged together, as {@link GateSimulation} does
 * for one: Holm's correction for FAIL, every suite for PASS, the pooled bounds, and early stops
 * whose proofs of a loss share their error. Items are independent, or come in C-Eval's subjects.
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
   * @param clustered whether each is C-Eval's, with flips in bunches by subject
   * @param losses the candidate's true loss in each
   */
  public record Setting(
      List<Integer> items, boolean clustered, double flipRate, List<Double> losses) {
    public Setting {
      items = List.copyOf(items);
      losses = List.copyOf(losses);
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
                setting(THREE, flips, 0, 0, 2 * MARGIN),
                subjects(flips, 0, 0),
                subjects(flips, MARGIN, MARGIN),
                subjects(flips, 0, 0, 0))
                .stream())
        .toList()
        .parallelStream()
        .map(setting -> rates(setting, comparisons, seed))
        .toList();
  }

  private static Setting setting(int[] items, double flipRate, double... losses) {
    return new Setting(
        Arrays.stream(items).boxed().toList(),
        false,
        flipRate,
        Arrays.stream(losses).boxed().toList());
  }

  /** Several suites like C-Eval, one for each loss. */
  static Setting subjects(double flipRate, double... losses) {
    int items = Arrays.stream(GateSimulation.subjects()).sum();
    return new Setting(
        Collections.nCopies(losses.length, items),
        true,
        flipRate,
        Arrays.stream(losses).boxed().toList());
  }

  static Rates rates(Setting setting, int comparisons, long seed) {
    var random = new SplittableRandom(seed ^ setting.hashCode() * 0x9E3779B97F4A7C15L);
    int suites = setting.items().size();
    List<Suite> each = IntStream.range(0, suites).mapToObj(i -> suite(setting, i)).toList();
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

  private static Suite suite(Setting setting, int at) {
    double lossShare = (setting.flipRate() + setting.losses().get(at)) / (2 * setting.flipRate());
    int suites = setting.items().size();
    return setting.clustered()
        ? new Clustered(GateSimulation.subjects(), setting.flipRate(), lossShare, suites)
        : new Independent(setting.items().get(at), setting.flipRate(), lossShare, suites);
  }

  /** One suite, drawn anew for each comparison. */
  private abstract static class Suite {
    final int n;
    final SimulatedEarlyStop early;
    int lost;
    int gained;

    Suite(int n, int largest, int suites) {
      this.n = n;
      this.early = new SimulatedEarlyStop(largest, MARGIN, ALPHA, suites);
    }

    abstract void draw(SplittableRandom random);

    abstract Interval interval();

    abstract double lossP();

    PairTable table() {
      return new PairTable(n - lost - gained, lost, gained, 0);
    }

    boolean pass() {
      return interval().lower() > -MARGIN;
    }

    boolean beyondMargin() {
      return delta() < -MARGIN;
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

  /** Items in clusters. */
  private static final class Clustered extends Suite {
    private final int[] sizes;
    private final double[] sums;
    private final double studentFactor;
    private final Map<Integer, Sampler> tables = new HashMap<>();
    private double effect;
    private Interval interval = new Interval(-1, 1);

    Clustered(int[] sizes, double flipRate, double lossShare, int suites) {
      super(Arrays.stream(sizes).sum(), Arrays.stream(sizes).max().orElseThrow(), suites);
      this.sizes = sizes;
      this.sums = new double[sizes.length];
      this.studentFactor = Clusters.studentFactor(sizes.length, ALPHA);
      for (int size : sizes) {
        tables.computeIfAbsent(
            size,
            items ->
                Sampler.of(
                    GateSimulation.clusterWeights(
                        items, flipRate, lossShare, GateSimulation.SUBJECT_SIDES)));
      }
    }

    @Override
    void draw(SplittableRandom random) {
      early.restart();
      lost = 0;
      gained = 0;
      for (int i = 0; i < sizes.length; i++) {
        int drawn = Objects.requireNonNull(tables.get(sizes[i])).next(random);
        int losses = drawn / (sizes[i] + 1);
        int gains = drawn % (sizes[i] + 1);
        lost += losses;
        gained += gains;
        sums[i] = gains - losses;
        early.cluster(sums[i], sizes[i]);
      }
      effect = Clusters.designEffect(sums, sizes, n, gained - lost, lost + gained, studentFactor);
      interval = TangoInterval.of(table(), effect, ALPHA);
    }

    @Override
    Interval interval() {
      return interval;
    }

    @Override
    double lossP() {
      return Math.max(McNemar.of(lost, gained).loss(), TangoInterval.lossP(table(), effect));
    }
  }

  /** Independent items, drawn look by look. */
  private static final class Independent extends Suite {
    private final double flipRate;
    private final double lossShare;
    private final Map<Integer, Sampler> flips = new HashMap<>();
    private final Map<Integer, Sampler> losses = new HashMap<>();
    private final Map<Long, Interval> intervals = new HashMap<>();

    Independent(int n, double flipRate, double lossShare, int suites) {
      super(n, 1, suites);
      this.flipRate = flipRate;
      this.lossShare = lossShare;
    }

    @Override
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

    @Override
    Interval interval() {
      return intervals.computeIfAbsent(
          (long) lost << 32 | gained, key -> TangoInterval.of(table(), ALPHA));
    }

    @Override
    double lossP() {
      return McNemar.of(lost, gained).loss();
    }
  }
}
