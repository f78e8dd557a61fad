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
import java.util.TreeMap;

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
  private final Sum baseline = new Sum();
  private final Sum candidate = new Sum();
  private int samples = 1;
  private boolean programs = true;

  private record Scores(double baseline, double candidate) {}

  /** A sum of shares, rounded once for each number of answers: 1/10 ten times is 1. */
  private static final class Sum {
    private final Map<Integer, Long> right = new TreeMap<>();

    void add(int right, int answers) {
      this.right.merge(answers, (long) right, Long::sum);
    }

    double value() {
      return right.entrySet().stream()
          .mapToDouble(each -> (double) each.getValue() / each.getKey())
          .sum();
    }

    double less(Sum other) {
      var difference = new Sum();
      right.forEach((answers, count) -> difference.right.merge(answers, count, Long::sum));
      other.right.forEach((answers, count) -> difference.right.merge(answers, -count, Long::sum));
      return difference.value();
    }
  }

  private SuiteStatistics(Margin allowed) {
    this.allowed = allowed;
  }

  /** Evidence of the pairs that both have a grade; there must be one. */
  static SuiteStatistics ofGraded(List<Pair> pairs, Margin allowed) {
    var statistics = new SuiteStatistics(allowed);
    pairs.stream().filter(Pair::graded).forEach(statistics::add);
    return statistics;
  }

  /** Evidence of all pairs, where a fault counts against the candidate. */
  static SuiteStatistics ofAll(List<Pair> pairs, Margin allowed) {
    var statistics = new SuiteStatistics(allowed);
    pairs.forEach(statistics::add);
    return statistics;
  }

  private void add(Pair pair) {
    Pair.Answered first = pair.baseline();
    Pair.Answered second = pair.candidate();
    int firstRight = first.fault().isPresent() ? first.answers() : first.right();
    int secondRight = second.fault().isPresent() ? 0 : second.right();
    baseline.add(firstRight, first.answers());
    candidate.add(secondRight, second.answers());
    programs &= pair.expected().isEmpty();
    samples = Math.max(samples, Math.max(first.answers(), second.answers()));
    var scores =
        new Scores((double) firstRight / first.answers(), (double) secondRight / second.answers());
    items.add(scores);
    String cluster = pair.cluster().orElse(pair.id());
    clusters
        .computeIfAbsent(cluster, name -> new ArrayList<>())
        .add(scores.candidate - scores.baseline);
    baselines.merge(cluster, scores.baseline, Double::sum);
  }

  /**
   * Evidence of items that were asked in random order, at any look: bounds and decision come from
   * the sequence alone.
   *
   * @param suites judged together; FAIL is proven with an error that they share
   */
  Evidence atLook(Stopping stopping, int suites) {
    var differences = new BettingSequence(stopping.largestCluster(), ALPHA);
    var scores = new BettingSequence(stopping.largestCluster(), ALPHA);
    clusters.forEach((name, each) -> {
      differences.add(each.stream().mapToDouble(value -> value).sum(), each.size());
      scores.add(baselines.getOrDefault(name, 0.0), each.size());
    });
    Evidence fixed = evidence(suites);
    double shared = differences.interval(ALPHA / suites).upper();
    return new Evidence(
        Evidence.Method.SEQUENCE,
        fixed.counts(),
        fixed.spread(),
        difference(fixed.difference().deltaPoints(), differences.interval(), Optional.empty()),
        untested(shared < 0, 100 * shared < -fixed.scale().marginPoints()),
        fixed.scale(),
        Math.max(0, scores.interval().lower()),
        fixed.reach());
  }

  /**
   * Evidence of a whole suite.
   *
   * @param suites judged together; of graded items a loss is shown with an error that they share
   */
  Evidence evidence(int suites) {
    int n = items.size();
    int losses = (int) items.stream().filter(item -> item.candidate < item.baseline).count();
    int gains = (int) items.stream().filter(item -> item.candidate > item.baseline).count();
    var counts = new Evidence.Counts(n, count(1, 1), losses, gains, count(0, 0));
    var grouped =
        Clusters.of(
            clusters.values().stream()
                .map(each -> each.stream().mapToDouble(value -> value).toArray())
                .toList());
    double effect = grouped.count() == n ? 1 : grouped.designEffect(ALPHA);
    var spread = new Evidence.Spread(grouped.count(), effect, (double) (losses + gains) / n);
    double right = baseline.value();
    var scale = new Evidence.Scale(allowed.points(right, n), 100.0 / n);
    double bound = Proportion.lowerBound(Math.min(n, right), n, ALPHA);
    return samples > 1
        ? graded(counts, spread, scale, bound, grouped, suites)
        : ofOneAnswer(counts, spread, scale, bound);
  }

  /** Of right and wrong items. */
  private Evidence ofOneAnswer(
      Evidence.Counts counts, Evidence.Spread spread, Evidence.Scale scale, double bound) {
    int losses = counts.losses();
    int gains = counts.gains();
    double effect = spread.designEffect();
    double margin = scale.marginPoints() / 100;
    var table = new PairTable(counts.bothRight(), losses, gains, counts.bothWrong());
    Interval interval = TangoInterval.of(table, effect, ALPHA);
    McNemar test = McNemar.of(losses, gains);
    // McNemar's test assumes independent flips, which clusters are not: there the score test of no
    // difference, with their design effect, must show the loss too.
    double lossP =
        effect == 1 ? test.loss() : Math.max(test.loss(), TangoInterval.lossP(table, effect));
    OptionalLong needed = needed(spread.flipRate(), effect, margin);
    return new Evidence(
        Evidence.Method.TANGO,
        counts,
        spread,
        difference(
            100.0 * (gains - losses) / counts.items(),
            interval,
            Optional.of(NewcombeInterval.of(table, ALPHA))),
        new Evidence.Loss(
            Optional.of(test), OptionalDouble.of(lossP), lossP < ALPHA, interval.upper() < -margin),
        scale,
        bound,
        new Evidence.Reach(
            100 * Power.USUAL.smallestVisibleLoss(counts.items() / effect, spread.flipRate()),
            needed,
            programs ? samplesNeeded(needed, margin) : OptionalLong.empty()));
  }

  /** Of several samples each. */
  private Evidence graded(
      Evidence.Counts counts,
      Evidence.Spread spread,
      Evidence.Scale scale,
      double bound,
      Clusters grouped,
      int suites) {
    double mean = candidate.less(baseline) / counts.items();
    double margin = scale.marginPoints() / 100;
    Interval interval = GradedInterval.of(grouped, ALPHA, SEED);
    double shared =
        suites == 1 ? interval.upper() : GradedInterval.of(grouped, ALPHA / suites, SEED).upper();
    double square = meanSquare(mean);
    OptionalLong needed = needed(square, spread.designEffect(), margin);
    return new Evidence(
        Evidence.Method.GRADED,
        counts,
        spread,
        difference(100 * candidate.less(baseline) / counts.items(), interval, Optional.empty()),
        untested(shared < 0, interval.upper() < -margin),
        scale,
        bound,
        new Evidence.Reach(
            100 * Power.USUAL.smallestVisibleLoss(counts.items() / spread.designEffect(), square),
            beyondSamples(margin) ? OptionalLong.empty() : needed,
            samplesNeeded(needed, margin)));
  }

  private static Evidence.Difference difference(
      double deltaPoints, Interval shares, Optional<Interval> newcombe) {
    return new Evidence.Difference(
        deltaPoints,
        100 * shares.lower(),
        100 * shares.upper(),
        newcombe.map(each -> new Interval(100 * each.lower(), 100 * each.upper())));
  }

  /** A loss that bounds show and no test does. */
  private static Evidence.Loss untested(boolean real, boolean beyondMargin) {
    return new Evidence.Loss(Optional.empty(), OptionalDouble.empty(), real, beyondMargin);
  }

  private static OptionalLong needed(double spread, double effect, double margin) {
    return margin == 0
        ? OptionalLong.empty()
        : OptionalLong.of((long) Math.ceil(effect * Power.USUAL.itemsNeeded(spread, margin)));
  }

  /** Whether so many problems prove nothing even with all samples alike. */
  private boolean beyondSamples(double margin) {
    return margin == 0 || clusters.size() < Prospect.itemsOfBets(List.of(), margin).getAsInt();
  }

  /** Samples of each problem that are worth so many items: what differs is taken for chance. */
  private OptionalLong samplesNeeded(OptionalLong itemsNeeded, double margin) {
    return itemsNeeded.isEmpty() || beyondSamples(margin)
        ? OptionalLong.empty()
        : OptionalLong.of(Math.ceilDiv(samples * itemsNeeded.getAsLong(), items.size()));
  }

  /** The mean square of the differences about their mean. */
  private double meanSquare(double mean) {
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
