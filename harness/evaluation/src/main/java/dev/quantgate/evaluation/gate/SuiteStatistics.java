package dev.quantgate.evaluation.gate;

import dev.quantgate.evaluation.gate.statistics.BettingSequence;
import dev.quantgate.evaluation.gate.statistics.Clusters;
import dev.quantgate.evaluation.gate.statistics.GradedInterval;
import dev.quantgate.evaluation.gate.statistics.Interval;
import dev.quantgate.evaluation.gate.statistics.McNemar;
import dev.quantgate.evaluation.gate.statistics.NewcombeInterval;
import dev.quantgate.evaluation.gate.statistics.PairTable;
import dev.quantgate.evaluation.gate.statistics.Power;
import dev.quantgate.evaluation.gate.statistics.Proportion;
import dev.quantgate.evaluation.gate.statistics.TangoInterval;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.record.Stopping;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Turns a suite's pairs into evidence. */
final class SuiteStatistics {
  /** One-sided error of each bound and each test. */
  static final double ALPHA = 0.05;

  /** The bootstrap draws the same samples for everybody. */
  private static final long SEED = 1;

  private final Margin allowed;
  private final List<Scores> items = new ArrayList<>();
  private final Map<String, List<Double>> clusters = new LinkedHashMap<>();
  private final Map<String, Double> baselines = new LinkedHashMap<>();
  private boolean graded;

  private record Scores(double baseline, double candidate) {}

  private SuiteStatistics(Margin allowed) {
    this.allowed = allowed;
  }

  /** Evidence of the pairs that both have a grade; there must be one. */
  static SuiteStatistics ofGraded(List<Pair> pairs, Margin allowed) {
    var statistics = new SuiteStatistics(allowed);
    pairs.stream()
        .filter(Pair::graded)
        .forEach(pair -> statistics.add(pair, pair.baseline().share(), pair.candidate().share()));
    return statistics;
  }

  /** Evidence of all pairs, where a fault counts against the candidate. */
  static SuiteStatistics ofAll(List<Pair> pairs, Margin allowed) {
    var statistics = new SuiteStatistics(allowed);
    for (Pair pair : pairs) {
      double baseline = pair.baseline().fault().isPresent() ? 1 : pair.baseline().share();
      statistics.add(pair, baseline, pair.candidate().share());
    }
    return statistics;
  }

  private void add(Pair pair, double baseline, double candidate) {
    items.add(new Scores(baseline, candidate));
    String cluster = pair.cluster().orElse(pair.id());
    clusters.computeIfAbsent(cluster, name -> new ArrayList<>()).add(candidate - baseline);
    baselines.merge(cluster, baseline, Double::sum);
    graded |= pair.baseline().answers() > 1 || pair.candidate().answers() > 1;
  }

  /**
   * Evidence of items that were asked in random order, at any look: bounds and decision come from
   * the sequence alone.
   *
   * @param suites judged together; FAIL is proven with an error that they share
   */
  Evidence atLook(Stopping stopping, int suites) {
    int n = items.size();
    var differences = new BettingSequence(stopping.largestCluster(), ALPHA);
    var scores = new BettingSequence(stopping.largestCluster(), ALPHA);
    clusters.forEach((name, each) -> {
      differences.add(each.stream().mapToDouble(value -> value).sum(), each.size());
      scores.add(baselines.getOrDefault(name, 0.0), each.size());
    });
    Evidence fixed = evidence();
    Interval interval = differences.interval();
    double shared = differences.interval(ALPHA / suites).upper();
    return new Evidence(
        Evidence.Method.SEQUENCE,
        n,
        fixed.bothRight(),
        fixed.losses(),
        fixed.gains(),
        fixed.bothWrong(),
        fixed.clusters(),
        fixed.designEffect(),
        fixed.flipRate(),
        fixed.deltaPoints(),
        100 * interval.lower(),
        100 * interval.upper(),
        Optional.empty(),
        Optional.empty(),
        OptionalDouble.empty(),
        shared < 0,
        100 * shared < -fixed.marginPoints(),
        fixed.marginPoints(),
        fixed.itemPoints(),
        Math.max(0, scores.interval().lower()),
        fixed.visibleLossPoints(),
        fixed.itemsNeeded());
  }

  /** Evidence of a whole suite. */
  Evidence evidence() {
    int n = items.size();
    int bothRight = count(1, 1);
    int bothWrong = count(0, 0);
    int losses = (int) items.stream().filter(item -> item.candidate < item.baseline).count();
    int gains = (int) items.stream().filter(item -> item.candidate > item.baseline).count();
    double baseline = items.stream().mapToDouble(Scores::baseline).sum();
    double difference =
        clusters.values().stream().flatMap(List::stream).mapToDouble(each -> each).sum();
    var grouped =
        Clusters.of(
            clusters.values().stream()
                .map(each -> each.stream().mapToDouble(value -> value).toArray())
                .toList());
    double effect = grouped.count() == n ? 1 : grouped.designEffect(ALPHA);
    double flipRate = (double) (losses + gains) / n;
    double marginPoints = allowed.points(baseline / n);
    double margin = marginPoints / 100;
    double bound = Proportion.lowerBound(Math.min(n, baseline), n, ALPHA);
    if (graded) {
      Interval interval = GradedInterval.of(grouped, ALPHA, SEED);
      double spread = spread(difference / n);
      return new Evidence(
          Evidence.Method.GRADED,
          n,
          bothRight,
          losses,
          gains,
          bothWrong,
          grouped.count(),
          effect,
          flipRate,
          100 * difference / n,
          100 * interval.lower(),
          100 * interval.upper(),
          Optional.empty(),
          Optional.empty(),
          OptionalDouble.empty(),
          interval.upper() < 0,
          interval.upper() < -margin,
          marginPoints,
          100.0 / n,
          bound,
          100 * Power.USUAL.smallestVisibleLoss(n / effect, spread),
          needed(grouped, spread, effect, margin));
    }
    var table = new PairTable(bothRight, losses, gains, bothWrong);
    Interval interval = TangoInterval.of(table, effect, ALPHA);
    Interval newcombe = NewcombeInterval.of(table, ALPHA);
    McNemar test = McNemar.of(losses, gains);
    return new Evidence(
        Evidence.Method.TANGO,
        n,
        bothRight,
        losses,
        gains,
        bothWrong,
        grouped.count(),
        effect,
        flipRate,
        100.0 * (gains - losses) / n,
        100 * interval.lower(),
        100 * interval.upper(),
        Optional.of(new Interval(100 * newcombe.lower(), 100 * newcombe.upper())),
        Optional.of(test),
        OptionalDouble.of(test.loss()),
        // McNemar's test assumes independent flips; clustered items violate that.
        test.loss() < ALPHA && (effect == 1 || interval.upper() < 0),
        interval.upper() < -margin,
        marginPoints,
        100.0 / n,
        bound,
        100 * Power.USUAL.smallestVisibleLoss(n / effect, flipRate),
        margin == 0
            ? OptionalLong.empty()
            : OptionalLong.of(
                (long) Math.ceil(effect * Power.USUAL.itemsNeeded(flipRate, margin))));
  }

  /** Items needed, if so many problems could prove it even with nothing between the models. */
  private static OptionalLong needed(
      Clusters clusters, double spread, double effect, double margin) {
    double[] alike = new double[clusters.count()];
    boolean cannot =
        margin == 0 || GradedInterval.of(Clusters.ofItems(alike), ALPHA, SEED).lower() <= -margin;
    return cannot
        ? OptionalLong.empty()
        : OptionalLong.of((long) Math.ceil(effect * Power.USUAL.itemsNeeded(spread, margin)));
  }

  /** The mean square of the differences about their mean. */
  private double spread(double mean) {
    return items.stream()
        .mapToDouble(item -> item.candidate - item.baseline - mean)
        .map(residual -> residual * residual)
        .average()
        .orElse(0);
  }

  private int count(double baseline, double candidate) {
    return (int)
        items.stream()
            .filter(item -> item.baseline == baseline && item.candidate == candidate)
            .count();
  }
}
