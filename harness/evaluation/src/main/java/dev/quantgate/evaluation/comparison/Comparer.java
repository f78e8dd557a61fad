package dev.quantgate.evaluation.comparison;

import dev.quantgate.base.Version;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.SuiteComparison.AverageDelta;
import dev.quantgate.evaluation.comparison.SuiteComparison.Data;
import dev.quantgate.evaluation.comparison.SuiteComparison.Diagnostics;
import dev.quantgate.evaluation.comparison.SuiteComparison.Executed;
import dev.quantgate.evaluation.comparison.SuiteComparison.SideScore;
import dev.quantgate.evaluation.comparison.SuiteComparison.Ungraded;
import dev.quantgate.evaluation.gate.Gate;
import dev.quantgate.evaluation.gate.Gate.Counts;
import dev.quantgate.evaluation.gate.Gate.Ruling;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.PointGate;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.protocol.Averages;
import dev.quantgate.evaluation.protocol.Averages.Average;
import dev.quantgate.evaluation.protocol.Averages.ItemScore;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import dev.quantgate.evaluation.record.ItemRecord.Sample;
import dev.quantgate.evaluation.record.Provenance;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.inference.Generation;
import dev.quantgate.sandbox.ExecutionResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Pairs two runs by item id and judges them. What both runs know must agree (data, items, protocol,
 * prompts, token ids, decoding, layout, sandbox, engine), or the comparison is INVALID and says
 * what differs; what only one of them knows is not compared, and the notes say so.
 */
public final class Comparer {
  /** The comparison of two finished runs under a policy. */
  public Comparison compare(FinishedRun baseline, FinishedRun candidate, GatePolicy policy) {
    Gate gate = PointGate.of(policy);
    List<String> refusals = new ArrayList<>();
    Set<String> notes = new LinkedHashSet<>();
    compareRuns(baseline, candidate, refusals, notes);
    List<SuiteComparison> suites = new ArrayList<>();
    List<Flip> flips = new ArrayList<>();
    for (String suite : baseline.suites().keySet()) {
      if (candidate.suites().containsKey(suite)) {
        suites.add(new Pairing(suite, baseline, candidate, notes, flips).judge(gate));
      }
    }
    Verdict verdict =
        refusals.isEmpty()
            ? Verdict.of(suites.stream().map(SuiteComparison::verdict).toList())
            : Verdict.INVALID;
    return new Comparison(
        Comparison.SCHEMA_VERSION,
        Version.program(),
        verdict,
        verdict.exitCode(),
        reason(verdict, refusals, suites),
        policy,
        summary(Side.BASELINE, baseline),
        summary(Side.CANDIDATE, candidate),
        suites,
        flips,
        List.copyOf(notes));
  }

  /**
   * Refuses a policy that this version cannot judge by, before hours are spent on answers.
   *
   * @throws dev.quantgate.evaluation.record.EvaluationException saying which
   */
  public static void requireGate(GatePolicy policy) {
    PointGate.of(policy);
  }

  /** What stands for a model in a comparison or an evaluation. */
  public static ModelSummary summary(Side side, FinishedRun run) {
    return new ModelSummary(
        side,
        run.provenance().reference(),
        run.identity().live(),
        run.identity().below("model."),
        run.provenance().usage());
  }

  private static String reason(
      Verdict verdict, List<String> refusals, List<SuiteComparison> suites) {
    Stream<String> suiteReasons =
        suites.stream()
            .filter(suite -> suite.verdict() == verdict)
            .map(suite -> suite.suite() + ": " + suite.reason());
    String all = Stream.concat(refusals.stream(), suiteReasons).collect(Collectors.joining("; "));
    return all.isEmpty() ? "nothing was compared" : all;
  }

  private static void compareRuns(
      FinishedRun baseline, FinishedRun candidate, List<String> refusals, Set<String> notes) {
    Identity first = baseline.identity();
    Identity second = candidate.identity();
    for (Identity.Difference difference : first.differences(second, false)) {
      boolean engine = difference.field().equals(Identity.ENGINE);
      if (!engine && !difference.field().equals(Identity.PROGRAM)) {
        continue;
      }
      String differs =
          difference.field()
              + " differs: "
              + quoted(difference.first())
              + " and "
              + quoted(difference.second());
      if (engine && revision(difference.first()).equals(revision(difference.second()))) {
        notes.add(differs + "; last bits depend on that, so a near tie may flip by it alone");
      } else {
        refusals.add(differs);
      }
    }
    var only = new LinkedHashSet<String>();
    baseline.suites().keySet().stream()
        .filter(suite -> !candidate.suites().containsKey(suite))
        .forEach(suite -> only.add(suite + " (baseline only)"));
    candidate.suites().keySet().stream()
        .filter(suite -> !baseline.suites().containsKey(suite))
        .forEach(suite -> only.add(suite + " (candidate only)"));
    if (!only.isEmpty()) {
      refusals.add("suites that only one run has: " + String.join(", ", only));
    }
    noteRecorded(Side.BASELINE, baseline, notes);
    noteRecorded(Side.CANDIDATE, candidate, notes);
  }

  /** An engine's kind and revision, without what only its last bits depend on. */
  private static String revision(String engine) {
    return engine.split(" ", 2)[0];
  }

  private static void noteRecorded(Side side, FinishedRun run, Set<String> notes) {
    if (!run.identity().live()) {
      notes.add(side + ": answers recorded elsewhere (" + run.provenance().reference() + ")");
    }
  }

  private static String quoted(String value) {
    return "\"" + value + "\"";
  }

  /** Averages of one run's graded items. */
  public static List<Average> averages(FinishedRun run, String suite, List<ItemRecord> graded) {
    List<Subject> subjects = facts(run, suite).subjects();
    List<ItemScore> scores =
        graded.stream()
            .map(record ->
                new ItemScore(record.id(), stratum(record), record.answers(), record.right()))
            .toList();
    if (!subjects.isEmpty()) {
      return Averages.ofSubjects(subjects, scores);
    }
    boolean programs =
        graded.stream()
            .flatMap(record -> record.samples().stream())
            .anyMatch(sample -> sample.execution().isPresent());
    return programs ? Averages.ofPrograms(scores) : List.of();
  }

  /** An item's subject, which stands before the last slash of its id. */
  private static String stratum(ItemRecord record) {
    return record.id().substring(0, Math.max(0, record.id().lastIndexOf('/')));
  }

  /** Facts about a suite's data; a finished run has them for each of its suites. */
  public static Provenance.SuiteFacts facts(FinishedRun run, String suite) {
    Provenance.SuiteFacts facts = run.provenance().suites().get(suite);
    return facts == null ? new Provenance.SuiteFacts("", false, 0, List.<Subject>of()) : facts;
  }

  /** Where a suite's items came from. */
  public static Data data(FinishedRun run, String suite) {
    Provenance.SuiteFacts facts = facts(run, suite);
    return new Data(
        facts.file(), run.identity().get("suite." + suite + ".data"), facts.catalogued());
  }

  /**
   * What must be told of the way in which a suite's programs were executed: that nothing kept them
   * apart from the machine, and, where two checkers judged, how often they disagreed.
   */
  public static List<String> executionNotes(FinishedRun run, String suite, Side side) {
    List<String> notes = new ArrayList<>();
    String sandbox = run.identity().get("suite." + suite + ".sandbox");
    if (sandbox.startsWith("unsafe")) {
      notes.add(suite + ": programs were executed WITHOUT A SANDBOX (" + sandbox + ")");
    }
    if (run.identity().get("suite." + suite + ".sandbox.checker").equals("both")) {
      List<Execution> executions =
          run.suites().getOrDefault(suite, List.of()).stream()
              .flatMap(record -> record.samples().stream())
              .flatMap(sample -> sample.execution().stream())
              .toList();
      long disputed = executions.stream().filter(Execution::disputed).count();
      long tampered =
          executions.stream()
              .filter(each -> each.outcome() == ExecutionResult.Outcome.TAMPERED)
              .count();
      notes.add(
          "%s: the two checkers disagree about %d of %d programs of the %s, of which %d pass only where they judge themselves"
              .formatted(suite, disputed, executions.size(), side, tampered));
    }
    return notes;
  }

  /** How graded records add up. */
  public static SideScore score(List<ItemRecord> graded) {
    int correct = graded.stream().mapToInt(ItemRecord::right).sum();
    int answers = graded.stream().mapToInt(ItemRecord::answers).sum();
    double score =
        graded.isEmpty()
            ? 0
            : sameAnswers(graded)
                ? (double) correct / answers
                : graded.stream().mapToDouble(Comparer::score).sum() / graded.size();
    return new SideScore(score, correct, answers);
  }

  private static double score(ItemRecord record) {
    return (double) record.right() / record.answers();
  }

  private static boolean sameAnswers(List<ItemRecord> records) {
    return records.stream().mapToInt(ItemRecord::answers).distinct().count() <= 1;
  }

  /** One suite of both runs. */
  private final class Pairing {
    private final String suite;
    private final FinishedRun baseline;
    private final FinishedRun candidate;
    private final Set<String> notes;
    private final List<Flip> flips;
    private final List<ItemRecord> left = new ArrayList<>();
    private final List<ItemRecord> right = new ArrayList<>();
    private final List<Ungraded> ungraded = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();
    private int asked;

    Pairing(
        String suite,
        FinishedRun baseline,
        FinishedRun candidate,
        Set<String> notes,
        List<Flip> flips) {
      this.suite = suite;
      this.baseline = baseline;
      this.candidate = candidate;
      this.notes = notes;
      this.flips = flips;
    }

    SuiteComparison judge(Gate gate) {
      compareIdentities();
      pair();
      int losses = 0;
      int gains = 0;
      int bothRight = 0;
      int bothWrong = 0;
      int nearTies = 0;
      for (int i = 0; i < left.size(); i++) {
        ItemRecord one = left.get(i);
        ItemRecord other = right.get(i);
        int order =
            Long.compare(
                (long) other.right() * one.answers(), (long) one.right() * other.answers());
        if (order != 0) {
          Flip flip = flip(one, other, order < 0 ? Flip.Kind.LOSS : Flip.Kind.GAIN);
          flips.add(flip);
          losses += order < 0 ? 1 : 0;
          gains += order > 0 ? 1 : 0;
          nearTies += flip.nearTie() ? 1 : 0;
        } else if (one.right() == one.answers()) {
          bothRight++;
        } else if (one.right() == 0) {
          bothWrong++;
        }
      }
      var counts = new Counts(left.size(), gradeDifference(), losses, gains);
      double share = asked == 0 ? 0 : (double) (asked - left.size()) / asked;
      if (share > SuiteComparison.FAULT_SHARE) {
        refusals.add(
            String.format(
                Locale.ROOT,
                "%d of %d items have no grade (%s), more than %.0f %%",
                asked - left.size(),
                asked,
                categories(),
                100 * SuiteComparison.FAULT_SHARE));
      }
      Ruling ruling =
          refusals.isEmpty()
              ? gate.judge(counts)
              : new Ruling(Verdict.INVALID, String.join("; ", refusals));
      return new SuiteComparison(
          suite,
          baseline.identity().get("suite." + suite + ".protocol"),
          data(baseline, suite),
          facts(baseline, suite).available(),
          asked,
          left.size(),
          Comparer.score(left),
          Comparer.score(right),
          counts.deltaPoints(),
          losses,
          gains,
          bothRight,
          bothWrong,
          averageDeltas(),
          ungraded,
          diagnostics(nearTies),
          executed(),
          ruling.verdict(),
          ruling.reason());
    }

    private void compareIdentities() {
      String prefix = "suite." + suite + ".";
      var first = new Identity(baseline.identity().below(prefix));
      var second = new Identity(candidate.identity().below(prefix));
      for (Identity.Difference difference : first.differences(second, false)) {
        refusals.add(
            difference.field()
                + " differs: "
                + quoted(difference.first())
                + " and "
                + quoted(difference.second()));
      }
      for (Identity.Difference difference : first.differences(second, true)) {
        String knower = second.get(difference.field()).isEmpty() ? "baseline" : "candidate";
        boolean unknown =
            first.get(difference.field()).isEmpty() || second.get(difference.field()).isEmpty();
        if (unknown
            && !difference.field().equals(Identity.ASKED)
            && !difference.field().equals("prompts")) {
          notes.add(
              suite
                  + ": "
                  + difference.field()
                  + " is known of the "
                  + knower
                  + " only and was not compared");
        }
      }
      Data data = data(baseline, suite);
      if (!data.catalogued()) {
        notes.add(suite + ": custom data, " + data.file() + ", sha256 " + data.sha256());
      }
      notes.addAll(executionNotes(baseline, suite, Side.BASELINE));
      notes.addAll(executionNotes(candidate, suite, Side.CANDIDATE));
    }

    private void pair() {
      Map<String, ItemRecord> others = new HashMap<>();
      candidate
          .suites()
          .getOrDefault(suite, List.of())
          .forEach(record -> others.put(record.id(), record));
      boolean promptsKnown =
          baseline.identity().knowsPrompts(suite) && candidate.identity().knowsPrompts(suite);
      List<String> otherPrompts = new ArrayList<>();
      List<String> otherTokens = new ArrayList<>();
      int tokensCompared = 0;
      for (ItemRecord one : baseline.suites().getOrDefault(suite, List.of())) {
        ItemRecord other = others.get(one.id());
        if (other == null) {
          continue; // named by the difference of the items' hashes
        }
        asked++;
        if (promptsKnown && !one.promptSha256().equals(other.promptSha256())) {
          otherPrompts.add(one.id());
        }
        if (one.tokensSha256().isPresent() && other.tokensSha256().isPresent()) {
          tokensCompared++;
          if (!one.tokensSha256().equals(other.tokensSha256())) {
            otherTokens.add(one.id());
          }
        }
        one.fault()
            .ifPresent(fault ->
                ungraded.add(
                    new Ungraded(one.id(), Side.BASELINE, fault.category(), fault.message())));
        other
            .fault()
            .ifPresent(fault ->
                ungraded.add(
                    new Ungraded(one.id(), Side.CANDIDATE, fault.category(), fault.message())));
        if (one.fault().isEmpty() && other.fault().isEmpty()) {
          left.add(one);
          right.add(other);
        }
      }
      refuse("prompts differ", otherPrompts);
      refuse("token ids of the prompts differ", otherTokens);
      if (!promptsKnown) {
        notes.add(suite + ": the prompts of " + unknowing() + " are unknown and were not compared");
      }
      if (tokensCompared == 0) {
        notes.add(suite + ": token ids are not known of both models and were not compared");
      }
    }

    private String unknowing() {
      boolean first = baseline.identity().knowsPrompts(suite);
      boolean second = candidate.identity().knowsPrompts(suite);
      return first ? "the candidate" : second ? "the baseline" : "both models";
    }

    private void refuse(String what, List<String> ids) {
      if (!ids.isEmpty()) {
        refusals.add(
            what
                + " on "
                + ids.size()
                + " of "
                + asked
                + " items, the first being "
                + ids.getFirst());
      }
    }

    private String categories() {
      return ungraded.stream()
          .collect(
              Collectors.groupingBy(
                  item -> item.side() + " " + item.category(),
                  java.util.TreeMap::new,
                  Collectors.counting()))
          .entrySet()
          .stream()
          .map(entry -> entry.getKey() + ": " + entry.getValue())
          .collect(Collectors.joining(", "));
    }

    private double gradeDifference() {
      List<ItemRecord> both = Stream.concat(left.stream(), right.stream()).toList();
      if (!both.isEmpty() && sameAnswers(both)) {
        long difference =
            right.stream().mapToLong(ItemRecord::right).sum()
                - left.stream().mapToLong(ItemRecord::right).sum();
        return (double) difference / both.getFirst().answers();
      }
      double sum = 0;
      for (int i = 0; i < left.size(); i++) {
        sum += Comparer.score(right.get(i)) - Comparer.score(left.get(i));
      }
      return sum;
    }

    private Flip flip(ItemRecord one, ItemRecord other, Flip.Kind kind) {
      return new Flip(
          suite,
          one.id(),
          kind,
          Comparer.score(one),
          Comparer.score(other),
          one.expected(),
          one.answer(),
          other.answer(),
          detail(one),
          detail(other),
          one.margin(),
          other.margin(),
          one.margin().isPresent() && one.margin().getAsDouble() < SuiteComparison.NEAR_TIE);
    }

    private static String detail(ItemRecord record) {
      return record.samples().stream()
          .flatMap(sample -> sample.execution().stream())
          .findFirst()
          .map(execution ->
              execution.outcome() + (execution.detail().isEmpty() ? "" : ": " + execution.detail()))
          .orElse("");
    }

    private List<AverageDelta> averageDeltas() {
      Map<String, Average> others =
          averages(candidate, suite, right).stream()
              .collect(Collectors.toMap(Average::name, Function.identity()));
      List<AverageDelta> deltas = new ArrayList<>();
      for (Average average : averages(baseline, suite, left)) {
        Average other = others.get(average.name());
        if (other != null) {
          deltas.add(AverageDelta.of(average, other));
        }
      }
      return deltas;
    }

    private Diagnostics diagnostics(int nearTies) {
      int same = 0;
      int sequences = 0;
      int sameSequences = 0;
      long leftTokens = 0;
      long rightTokens = 0;
      for (int i = 0; i < left.size(); i++) {
        ItemRecord one = left.get(i);
        ItemRecord other = right.get(i);
        same += answers(one).equals(answers(other)) ? 1 : 0;
        List<List<Integer>> first = tokens(one);
        List<List<Integer>> second = tokens(other);
        if (!first.isEmpty() && !second.isEmpty()) {
          sequences++;
          sameSequences += first.equals(second) ? 1 : 0;
          leftTokens += first.stream().mapToInt(List::size).sum();
          rightTokens += second.stream().mapToInt(List::size).sum();
        }
      }
      return new Diagnostics(
          same,
          (int) left.stream().filter(ItemRecord::tied).count(),
          (int) right.stream().filter(ItemRecord::tied).count(),
          nearTies,
          medianMargin(left),
          medianMargin(right),
          sequences == 0
              ? OptionalDouble.empty()
              : OptionalDouble.of((double) sameSequences / sequences),
          leftTokens == 0 || sequences == 0
              ? OptionalDouble.empty()
              : OptionalDouble.of((double) rightTokens / leftTokens),
          truncated(left),
          truncated(right),
          (int) left.stream().filter(record -> record.shortened() > 0).count());
    }

    private static List<String> answers(ItemRecord record) {
      return record.samples().isEmpty()
          ? List.of(record.answer())
          : record.samples().stream().map(Sample::answer).toList();
    }

    private static List<List<Integer>> tokens(ItemRecord record) {
      return record.samples().stream()
          .filter(sample -> !sample.tokens().isEmpty())
          .map(Sample::tokens)
          .toList();
    }

    private static int truncated(List<ItemRecord> records) {
      return (int)
          records.stream()
              .flatMap(record -> record.samples().stream())
              .filter(sample -> sample.end().filter(Generation.End.LENGTH::equals).isPresent())
              .count();
    }

    private static OptionalDouble medianMargin(List<ItemRecord> records) {
      double[] margins =
          records.stream()
              .filter(record -> record.margin().isPresent())
              .mapToDouble(record -> record.margin().getAsDouble())
              .sorted()
              .toArray();
      if (margins.length == 0) {
        return OptionalDouble.empty();
      }
      int middle = margins.length / 2;
      return OptionalDouble.of(
          margins.length % 2 == 1 ? margins[middle] : (margins[middle - 1] + margins[middle]) / 2);
    }

    private Optional<Executed> executed() {
      SortedMap<String, String> fields = baseline.identity().below("suite." + suite + ".");
      String kind = fields.get("sandbox");
      return kind == null
          ? Optional.empty()
          : Optional.of(
              new Executed(kind, baseline.identity().below("suite." + suite + ".sandbox.")));
    }
  }
}
