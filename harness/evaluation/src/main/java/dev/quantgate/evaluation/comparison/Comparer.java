package dev.quantgate.evaluation.comparison;

import dev.quantgate.base.Version;
import dev.quantgate.evaluation.comparison.SuiteComparison.AverageDelta;
import dev.quantgate.evaluation.comparison.SuiteComparison.Ungraded;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.Gate;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Judgement;
import dev.quantgate.evaluation.gate.Judgement.Ruling;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.Pair.Answered;
import dev.quantgate.evaluation.pairs.Pairing;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.protocol.Averages.Average;
import dev.quantgate.evaluation.protocol.Averages.ItemScore;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Side;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Pairs two runs by item id, has the pairs judged, and puts together what is told of them. */
public final class Comparer {
  private static final String NOT_COMPARABLE = "the runs as wholes cannot be compared";

  /**
   * A comparison with the pairs that it rests on.
   *
   * @param pairs of each suite that both runs have, in the order of the baseline's run
   */
  public record Compared(Comparison comparison, List<SuitePairs> pairs) {
    public Compared {
      pairs = List.copyOf(pairs);
    }
  }

  /** The comparison of two finished runs under a policy. */
  public Compared compare(FinishedRun baseline, FinishedRun candidate, GatePolicy policy) {
    Gate gate = Gate.of(policy);
    Compatibility runs = Compatibility.of(baseline, candidate);
    SelfTests selfTests = SelfTests.of(baseline, candidate);
    Set<String> notes = new LinkedHashSet<>(runs.notes());
    notes.addAll(selfTests.notes());
    List<SuitePairs> pairs = new ArrayList<>();
    for (String suite : baseline.suites().keySet()) {
      if (candidate.suites().containsKey(suite)) {
        pairs.add(pairs(baseline, candidate, suite, runs, selfTests, notes));
      }
    }
    Judgement judgement = gate.judge(pairs);
    List<SuiteComparison> suites = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      suites.add(suite(baseline, candidate, pairs.get(i), judgement.suites().get(i)));
    }
    suites.forEach(suite -> notes.addAll(Diagnosis.notes(suite.suite(), suite.diagnostics())));
    List<String> refusals =
        Stream.concat(runs.refusals().stream(), judgement.obstacles().stream()).toList();
    boolean comparable = refusals.isEmpty();
    Verdict verdict = comparable ? judgement.verdict() : Verdict.INVALID;
    var comparison =
        new Comparison(
            Version.program(),
            comparable ? judgement.finding() : Finding.INVALID,
            verdict,
            comparable && judgement.proven() && selfTests.steady(),
            verdict.exitCode(),
            reason(verdict, refusals, suites),
            policy,
            RunFacts.summary(Side.BASELINE, baseline),
            RunFacts.summary(Side.CANDIDATE, candidate),
            suites,
            judgement.pooled(),
            pairs.stream().flatMap(Comparer::flips).toList(),
            selfTests.tests(),
            List.copyOf(notes));
    return new Compared(comparison, pairs);
  }

  private static String reason(
      Verdict verdict, List<String> refusals, List<SuiteComparison> suites) {
    Stream<String> suiteReasons =
        suites.stream()
            .filter(suite -> suite.verdict() == verdict)
            .filter(suite -> !suite.reason().equals(NOT_COMPARABLE))
            .map(suite -> "%s: %s".formatted(suite.suite(), suite.reason()));
    String all = Stream.concat(refusals.stream(), suiteReasons).collect(Collectors.joining("; "));
    return all.isEmpty() ? "nothing was compared" : all;
  }

  private static SuitePairs pairs(
      FinishedRun baseline,
      FinishedRun candidate,
      String suite,
      Compatibility runs,
      SelfTests selfTests,
      Set<String> notes) {
    Compatibility compatibility = Compatibility.of(baseline, candidate, suite);
    notes.addAll(compatibility.notes());
    List<Pair> pairs = new ArrayList<>();
    boolean first = baseline.identity().suite(suite).knowsPrompts();
    boolean second = candidate.identity().suite(suite).knowsPrompts();
    List<String> otherPrompts = new ArrayList<>();
    List<String> otherTokens = new ArrayList<>();
    var tokensKnown = new ArrayList<String>();
    // An item that only one run has is named by the difference of the items' hashes.
    Pairing.match(
        baseline.suites().getOrDefault(suite, List.of()),
        candidate.suites().getOrDefault(suite, List.of()),
        (one, other) -> {
          pairs.add(Pairing.of(pairs.size(), one, other));
          if (first && second && !one.promptSha256().equals(other.promptSha256())) {
            otherPrompts.add(one.id());
          }
          if (one.tokensSha256().isPresent() && other.tokensSha256().isPresent()) {
            tokensKnown.add(one.id());
            if (!one.tokensSha256().equals(other.tokensSha256())) {
              otherTokens.add(one.id());
            }
          }
        });
    if (!first || !second) {
      String unknowing = first ? "the candidate" : second ? "the baseline" : "both models";
      notes.add(
          "%s: the prompts of %s are unknown and were not compared".formatted(suite, unknowing));
    }
    if (tokensKnown.isEmpty()) {
      notes.add(
          "%s: token ids are not known of both models and were not compared".formatted(suite));
    }
    List<String> obstacles = new ArrayList<>(compatibility.refusals());
    obstacles.addAll(selfTests.obstacles(suite));
    refuse(obstacles, "prompts differ", otherPrompts, pairs.size());
    refuse(obstacles, "token ids of the prompts differ", otherTokens, pairs.size());
    mute(obstacles, Side.BASELINE, baseline, suite);
    mute(obstacles, Side.CANDIDATE, candidate, suite);
    if (!runs.refusals().isEmpty()) {
      obstacles.add(NOT_COMPARABLE);
    }
    var facts = RunFacts.suite(baseline, suite);
    return new SuitePairs(
        suite,
        RunFacts.protocol(baseline, suite),
        facts.available(),
        facts.chance(),
        obstacles,
        selfTests.doubts(suite),
        facts.stopping().or(() -> RunFacts.suite(candidate, suite).stopping()),
        pairs);
  }

  private static void mute(List<String> obstacles, Side side, FinishedRun run, String suite) {
    MutePrompts.of(run.suites().getOrDefault(suite, List.of()))
        .ifPresent(reason -> obstacles.add("%s: %s".formatted(side, reason)));
  }

  private static void refuse(List<String> obstacles, String what, List<String> ids, int asked) {
    if (!ids.isEmpty()) {
      obstacles.add(
          "%s on %d of %d items, the first being %s"
              .formatted(what, ids.size(), asked, ids.getFirst()));
    }
  }

  private SuiteComparison suite(
      FinishedRun baseline, FinishedRun candidate, SuitePairs pairs, Ruling ruling) {
    String suite = pairs.suite();
    List<Pair> graded = pairs.graded();
    List<ItemScore> first = scores(graded, Pair::baseline);
    List<ItemScore> second = scores(graded, Pair::candidate);
    return new SuiteComparison(
        suite,
        pairs.protocol(),
        RunFacts.data(baseline, suite),
        pairs.available(),
        pairs.pairs().size(),
        graded.size(),
        pairs.chance(),
        Scores.of(first),
        Scores.of(second),
        pairs.deltaPoints(),
        pairs.count(Pair.Kind.LOSS),
        pairs.count(Pair.Kind.GAIN),
        OptionalInt.of(pairs.count(Pair.Kind.CHURN)),
        pairs.bothRight(),
        pairs.bothWrong(),
        deltas(Scores.averages(baseline, suite, first), Scores.averages(candidate, suite, second)),
        pairs.pairs().stream().flatMap(Comparer::ungraded).toList(),
        Diagnosis.of(graded),
        RunFacts.executed(baseline, suite),
        pairs.obstacles(),
        pairs.stopping(),
        ruling.finding(),
        ruling.verdict(),
        ruling.proven(),
        ruling.reason(),
        ruling.evidence(),
        ruling.withFaults());
  }

  private static List<ItemScore> scores(List<Pair> graded, Function<Pair, Answered> side) {
    return graded.stream()
        .map(pair ->
            new ItemScore(
                pair.id(), pair.stratum(), side.apply(pair).answers(), side.apply(pair).right()))
        .toList();
  }

  private static List<AverageDelta> deltas(List<Average> baseline, List<Average> candidate) {
    Map<String, Average> others =
        candidate.stream().collect(Collectors.toMap(Average::name, Function.identity()));
    return baseline.stream()
        .filter(average -> others.containsKey(average.name()))
        .map(average -> AverageDelta.of(average, others.getOrDefault(average.name(), average)))
        .toList();
  }

  private static Stream<Ungraded> ungraded(Pair pair) {
    return Stream.concat(
        ungraded(pair, Side.BASELINE, pair.baseline()),
        ungraded(pair, Side.CANDIDATE, pair.candidate()));
  }

  private static Stream<Ungraded> ungraded(Pair pair, Side side, Answered answered) {
    return answered.fault().stream()
        .map(fault -> new Ungraded(pair.id(), side, fault.category(), fault.message()));
  }

  private static Stream<Flip> flips(SuitePairs pairs) {
    return pairs.pairs().stream()
        .filter(pair -> pair.kind().flip())
        .map(pair -> Flip.of(pairs.suite(), pair));
  }
}
