package dev.quantgate.evaluation.gate.statistics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Simulated comparisons with a known true loss, judged by this gate and by the rules that others
 * use: how often each says what. Tables are drawn from their distribution, not item by item, so
 * that ten thousand comparisons of twelve thousand items take a second; a setting's rates depend on
 * nothing but its numbers and the seed.
 *
 * <p>In a clustered setting each cluster draws its own flip rate, which spreads as an exponential
 * distribution does (its standard deviation is about its mean), and its own share of losses among
 * flips, both from beta distributions with the setting's rates as means: flips come in bunches, and
 * bunches lean to one side.
 */
public final class GateSimulation {
  /** The allowed loss, and the error of each proof. */
  static final double MARGIN = 0.01;

  static final double ALPHA = 0.05;

  /** The baseline's score, which only the unpaired test depends on. */
  private static final double SCORE = 0.7;

  /** Where items have no clusters, early stop looks after so many. */
  private static final int LOOK = 32;

  /** How two flips of a subject correlate in their direction. */
  static final double SUBJECT_SIDES = 0.3;

  private static final double[] LOSSES = {0, 0.005, 0.01, 0.02, 0.03};
  private static final double[] FLIP_RATES = {0.01, 0.02, 0.05, 0.1};
  private static final List<Design> DESIGNS =
      List.of(
          Design.independent(164),
          Design.clustered("41 of 4", repeated(41, 4), 0.5),
          // The fewest items that prove a PASS where nothing flips: there it is most often wrong.
          Design.independent(268),
          Design.independent(1346),
          Design.clustered("52 subjects", subjects(), SUBJECT_SIDES),
          Design.independent(12241),
          Design.clustered("4,080 premises", premises(), 0.5));

  private GateSimulation() {}

  /**
   * How items depend on each other.
   *
   * @param name of the clusters; empty where each item stands alone
   * @param sizes of the clusters
   * @param sideCorrelation of two flips of a cluster in their direction
   */
  private record Design(int items, String name, int[] sizes, double sideCorrelation) {
    static Design independent(int items) {
      return new Design(items, "", new int[0], 0);
    }

    static Design clustered(String name, int[] sizes, double sides) {
      return new Design(Arrays.stream(sizes).sum(), name, sizes, sides);
    }
  }

  /**
   * What was simulated.
   *
   * @param clusters what they are; empty where each item stands alone
   * @param flipRate share of items that flip
   * @param loss the candidate's true loss
   */
  public record Setting(int items, String clusters, double flipRate, double loss) {
    /** Whether such models can exist: no loss exceeds the flips. */
    public boolean possible() {
      return loss <= flipRate;
    }
  }

  /**
   * The shares of simulated comparisons in which each rule said what; all 0 for an impossible
   * setting.
   *
   * @param pass PASS is proven
   * @param fail FAIL is proven: a real loss, measured beyond the margin
   * @param beyondMargin a loss beyond the margin is proven
   * @param point the point rule passes
   * @param unpaired a one-sided z-test of both scores, unpaired, finds no loss
   * @param waldInside GO: a two-sided 95 % Wald interval (cluster-robust where there are clusters)
   *     lies inside the margin
   * @param waldOutside NO-GO: it lies beyond the margin
   * @param earlyPass early stop proves PASS
   * @param earlyFail early stop proves a loss beyond the margin
   * @param earlyItems mean share of the items that early stop took
   */
  public record Rates(
      Setting setting,
      double pass,
      double fail,
      double beyondMargin,
      double point,
      double unpaired,
      double waldInside,
      double waldOutside,
      double earlyPass,
      double earlyFail,
      double earlyItems) {
    /** The share in which neither PASS nor FAIL is proven. */
    public double inconclusive() {
      return setting.possible() ? Math.max(0, 1 - pass - fail) : 0;
    }
  }

  /** All settings: items by clusters by flip rate by loss, in this order. */
  public static List<Rates> run(int comparisons, long seed) {
    return DESIGNS.stream()
        .flatMap(design ->
            DoubleStream.of(FLIP_RATES)
                .boxed()
                .flatMap(flips ->
                    DoubleStream.of(LOSSES)
                        .mapToObj(loss -> new Case(design, flips, loss, comparisons, seed))))
        .toList()
        .parallelStream()
        .map(Case::rates)
        .toList();
  }

  /** One setting. */
  private record Case(Design design, double flipRate, double loss, int comparisons, long seed) {
    Rates rates() {
      var setting = new Setting(design.items(), design.name(), flipRate, loss);
      var tally = new Tally();
      if (setting.possible()) {
        var random = new SplittableRandom(seed ^ setting.hashCode() * 0x9E3779B97F4A7C15L);
        if (design.sizes().length == 0) {
          new Independent(this, random).fill(tally);
        } else {
          new Clustered(this, random).fill(tally);
        }
      }
      double n = comparisons;
      return new Rates(
          setting,
          tally.pass / n,
          tally.fail / n,
          tally.beyond / n,
          tally.point / n,
          tally.unpaired / n,
          tally.waldInside / n,
          tally.waldOutside / n,
          tally.earlyPass / n,
          tally.earlyFail / n,
          tally.earlyItems / n / design.items());
    }

    double lossShare() {
      return (flipRate + loss) / (2 * flipRate);
    }
  }

  private static final class Tally {
    int pass;
    int fail;
    int beyond;
    int point;
    int unpaired;
    int waldInside;
    int waldOutside;
    int earlyPass;
    int earlyFail;
    long earlyItems;

    void early(SimulatedEarlyStop early) {
      earlyPass += early.decided() > 0 ? 1 : 0;
      earlyFail += early.decided() < 0 ? 1 : 0;
      earlyItems += early.items();
    }

    void wald(double delta, double error, double freedom) {
      double t = TDistribution.of(freedom).inverseSurvivalProbability(0.025);
      waldInside += delta - t * error > -MARGIN ? 1 : 0;
      waldOutside += delta + t * error < -MARGIN ? 1 : 0;
    }
  }

  /** What both kinds of setting count. */
  private abstract static class Simulated {
    final Case of;
    final SplittableRandom random;
    final int n;
    final Thresholds thresholds;
    final double z = Normal.exceeded(ALPHA);
    private final Map<Integer, Sampler> right = new HashMap<>();

    Simulated(Case of, SplittableRandom random) {
      this.of = of;
      this.random = random;
      this.n = of.design().items();
      this.thresholds = new Thresholds(n, MARGIN, ALPHA);
    }

    abstract void fill(Tally tally);

    /** Whether an unpaired z-test of the scores finds no loss. */
    boolean unpairedPasses(int losses, int gains) {
      double both = (SCORE - of.lossShare() * of.flipRate()) / (1 - of.flipRate());
      int bothRight =
          right
              .computeIfAbsent(losses + gains, flips -> Sampler.binomial(n - flips, both))
              .next(random);
      double baseline = (double) (bothRight + losses) / n;
      double candidate = (double) (bothRight + gains) / n;
      double error = Math.sqrt((baseline * (1 - baseline) + candidate * (1 - candidate)) / n);
      return baseline - candidate <= z * error;
    }
  }

  /** Independent items. */
  private static final class Independent extends Simulated {
    private final Sampler flipsOfLook;
    private final Sampler flipsOfRest;
    private final Map<Integer, Sampler> losses = new HashMap<>();
    private final Map<Integer, int[]> found = new HashMap<>();

    Independent(Case of, SplittableRandom random) {
      super(of, random);
      flipsOfLook = Sampler.binomial(LOOK, of.flipRate());
      flipsOfRest = Sampler.binomial(n % LOOK, of.flipRate());
    }

    @Override
    void fill(Tally tally) {
      var early = new SimulatedEarlyStop(1, MARGIN, ALPHA);
      for (int i = 0; i < of.comparisons(); i++) {
        early.restart();
        int lost = 0;
        int gained = 0;
        for (int at = LOOK; at < n + LOOK; at += LOOK) {
          int size = at <= n ? LOOK : n % LOOK;
          int flips = (at <= n ? flipsOfLook : flipsOfRest).next(random);
          int more = losses(flips);
          lost += more;
          gained += flips - more;
          early.look(more, flips - more, size - flips);
        }
        tally.early(early);
        count(tally, lost, gained);
      }
    }

    private int losses(int flips) {
      return losses
          .computeIfAbsent(flips, count -> Sampler.binomial(count, of.lossShare()))
          .next(random);
    }

    private void count(Tally tally, int lost, int gained) {
      int flips = lost + gained;
      int[] limits =
          found.computeIfAbsent(
              flips,
              f ->
                  new int[] {
                    thresholds.mostForPass(f),
                    thresholds.fewestForFail(f),
                    thresholds.fewestBeyond(f),
                    thresholds.mostForPoint(f)
                  });
      tally.pass += lost <= limits[0] ? 1 : 0;
      tally.fail += lost >= limits[1] ? 1 : 0;
      tally.beyond += lost >= limits[2] ? 1 : 0;
      tally.point += lost <= limits[3] ? 1 : 0;
      tally.unpaired += unpairedPasses(lost, gained) ? 1 : 0;
      double delta = (double) (gained - lost) / n;
      double variance = (flips - n * delta * delta) / (n - 1.0);
      tally.wald(delta, Math.sqrt(variance / n), n - 1.0);
    }
  }

  /** Items in clusters. */
  private static final class Clustered extends Simulated {
    private final int[] sizes;
    private final int largest;
    private final double studentFactor;
    private final Map<Integer, Sampler> tables = new HashMap<>();

    Clustered(Case of, SplittableRandom random) {
      super(of, random);
      sizes = of.design().sizes();
      largest = Arrays.stream(sizes).max().orElseThrow();
      studentFactor = Clusters.studentFactor(sizes.length, ALPHA);
      Arrays.stream(sizes).distinct().forEach(size -> tables.put(size, Sampler.of(weights(size))));
    }

    private double[] weights(int size) {
      return clusterWeights(size, of.flipRate(), of.lossShare(), of.design().sideCorrelation());
    }

    @Override
    void fill(Tally tally) {
      double[] sums = new double[sizes.length];
      var early = new SimulatedEarlyStop(largest, MARGIN, ALPHA);
      var coins = new HashMap<Integer, Integer>();
      for (int i = 0; i < of.comparisons(); i++) {
        early.restart();
        int lost = 0;
        int gained = 0;
        for (int j = 0; j < sizes.length; j++) {
          int drawn = Objects.requireNonNull(tables.get(sizes[j])).next(random);
          int losses = drawn / (sizes[j] + 1);
          int gains = drawn % (sizes[j] + 1);
          lost += losses;
          gained += gains;
          sums[j] = gains - losses;
          early.cluster(sums[j], sizes[j]);
        }
        tally.early(early);
        count(tally, lost, gained, sums, coins);
      }
    }

    private void count(
        Tally tally, int lost, int gained, double[] sums, Map<Integer, Integer> coins) {
      int flips = lost + gained;
      double effect = Clusters.designEffect(sums, sizes, n, gained - lost, flips, studentFactor);
      double b = lost / effect;
      double c = gained / effect;
      double items = n / effect;
      tally.pass += TangoInterval.excludes(b, c, items, MARGIN, z) ? 1 : 0;
      int real = coins.computeIfAbsent(flips, thresholds::fewestForFail);
      boolean loss = lost >= real && TangoInterval.score(b, c, items, 0) < -z;
      tally.fail += loss ? 1 : 0;
      tally.beyond += TangoInterval.score(b, c, items, -MARGIN) < -z ? 1 : 0;
      tally.point += lost - gained <= MARGIN * n ? 1 : 0;
      tally.unpaired += unpairedPasses(lost, gained) ? 1 : 0;
      double delta = (double) (gained - lost) / n;
      double between = 0;
      for (int i = 0; i < sums.length; i++) {
        double residual = sums[i] - sizes[i] * delta;
        between += residual * residual;
      }
      double count = sums.length;
      tally.wald(delta, Math.sqrt(between * count / (count - 1)) / n, count - 1);
    }
  }

  /**
   * The weight of each pair of losses and gains in a cluster, at {@code losses (size+1) + gains}.
   *
   * @param lossShare of the flips
   * @param sideCorrelation of two flips of the cluster in their direction
   */
  static double[] clusterWeights(
      int size, double flipRate, double lossShare, double sideCorrelation) {
    double[] flips = betaBinomial(size, flipRate, flipRate / (1 + flipRate));
    double[] weights = new double[(size + 1) * (size + 1)];
    for (int f = 0; f <= size; f++) {
      double[] losses = betaBinomial(f, lossShare, sideCorrelation);
      for (int lost = 0; lost <= f; lost++) {
        weights[lost * (size + 1) + f - lost] = flips[f] * losses[lost];
      }
    }
    return weights;
  }

  /**
   * The distribution of successes among {@code trials} whose rate is itself drawn from a beta
   * distribution, so that any two trials correlate.
   */
  static double[] betaBinomial(int trials, double mean, double correlation) {
    double[] weights = new double[trials + 1];
    if (mean <= 0 || mean >= 1 || trials == 0) {
      weights[mean >= 1 ? trials : 0] = 1;
      return weights;
    }
    double a = mean * (1 - correlation) / correlation;
    double b = (1 - mean) * (1 - correlation) / correlation;
    double none = 1;
    for (int i = 0; i < trials; i++) {
      none *= (b + i) / (a + b + i);
    }
    weights[0] = none;
    for (int k = 0; k < trials; k++) {
      weights[k + 1] = weights[k] * (trials - k) * (a + k) / ((k + 1.0) * (b + trials - k - 1));
    }
    return weights;
  }

  private static int[] repeated(int count, int size) {
    return IntStream.generate(() -> size).limit(count).toArray();
  }

  /** The sizes of C-Eval's 52 subjects, 1,346 questions of its val set. */
  static int[] subjects() {
    return new int[] {
      12, 16, 18, 18, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 20, 20, 21,
      21, 21, 22, 22, 22, 22, 23, 23, 23, 23, 24, 24, 24, 24, 29, 29, 31, 31, 33, 33, 37, 37, 44,
      46, 47, 49, 49, 49, 55
    };
  }

  /** CMNLI's premises, nearly all of them in three pairs: 12,241 in all. */
  private static int[] premises() {
    int[] sizes = repeated(4081, 3);
    sizes[4080] = 1;
    return sizes;
  }
}
