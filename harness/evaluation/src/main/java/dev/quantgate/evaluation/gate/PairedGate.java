package dev.quantgate.evaluation.gate;

import dev.quantgate.evaluation.gate.Judgement.PooledDelta;
import dev.quantgate.evaluation.gate.Judgement.Ruling;
import dev.quantgate.evaluation.gate.statistics.Holm;
import dev.quantgate.evaluation.gate.statistics.Interval;
import dev.quantgate.evaluation.gate.statistics.Pooled;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.SuitePairs;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The gate: PASS is proven where the lower bound of delta excludes a loss of the margin, FAIL where
 * a loss is real and measured beyond the margin; between them policy decides, and says so.
 */
record PairedGate(GatePolicy policy) implements Gate {

  @Override
  public Judgement judge(List<SuitePairs> suites) {
    List<Draft> drafts = suites.stream().map(suite -> draft(suite, suites.size())).toList();
    correct(drafts);
    List<Ruling> rulings = drafts.stream().map(this::ruling).toList();
    List<String> obstacles = new ArrayList<>(missing(suites));
    drafts.stream().flatMap(draft -> draft.tooWide.stream()).forEach(obstacles::add);
    if (!obstacles.isEmpty()) {
      return new Judgement(
          Finding.INVALID, Verdict.INVALID, false, obstacles, pooled(drafts), rulings);
    }
    List<Ruling> said =
        rulings.stream().filter(ruling -> ruling.finding() != Finding.UNINFORMATIVE).toList();
    Finding finding = Finding.of(rulings.stream().map(Ruling::finding).toList());
    Verdict verdict = Verdict.of(said.stream().map(Ruling::verdict).toList());
    boolean proven =
        verdict == Verdict.PASS
            ? said.stream().allMatch(Ruling::proven)
            : verdict == Verdict.FAIL
                && said.stream()
                    .anyMatch(ruling -> ruling.finding() == Finding.FAIL && ruling.proven());
    return new Judgement(finding, verdict, proven, List.of(), pooled(drafts), rulings);
  }

  @Override
  public boolean decided(SuitePairs suite, int suites) {
    Draft draft = draft(suite, suites);
    return draft.informative() && draft.deciding(policy).finding() != Finding.INCONCLUSIVE;
  }

  /** What the policy names and the runs lack. */
  private List<String> missing(List<SuitePairs> suites) {
    return policy.margins().keySet().stream()
        .filter(name -> suites.stream().noneMatch(suite -> suite.suite().equals(name)))
        .map(name ->
            "suite %s has a margin of its own, but is not among the suites that both runs have"
                .formatted(name))
        .toList();
  }

  /** A suite on its way to a ruling. */
  private static final class Draft {
    final SuitePairs suite;
    final List<String> obstacles = new ArrayList<>();
    final List<String> doubts = new ArrayList<>();
    Optional<Evidence> evidence = Optional.empty();
    Optional<Evidence> withFaults = Optional.empty();
    Optional<String> uninformative = Optional.empty();

    /** Why its margin judges nothing, where only that keeps a suite from saying something. */
    Optional<String> tooWide = Optional.empty();

    Draft(SuitePairs suite) {
      this.suite = suite;
    }

    boolean informative() {
      return evidence.isPresent() && obstacles.isEmpty() && uninformative.isEmpty();
    }

    /** The worse evidence of the pairs with and without faults. */
    Evidence deciding(GatePolicy policy) {
      return Stream.concat(evidence.stream(), withFaults.stream())
          .min(
              Comparator.comparing((Evidence each) -> verdict(each, policy))
                  .thenComparing(Evidence::finding)
                  .thenComparing(each -> each.difference().lowerPoints()))
          .orElseThrow();
    }
  }

  private Draft draft(SuitePairs suite, int suites) {
    var draft = new Draft(suite);
    draft.obstacles.addAll(suite.obstacles());
    draft.doubts.addAll(suite.doubts());
    if (suite.limited()) {
      draft.doubts.add("limited");
    }
    List<Pair> graded = suite.graded();
    int asked = suite.pairs().size();
    if (asked - graded.size() > FAULT_SHARE * asked) {
      draft.obstacles.add(
          "%d of %d items have no grade (%s), more than %.0f %%"
              .formatted(asked - graded.size(), asked, faults(suite), 100 * FAULT_SHARE));
    }
    if (graded.isEmpty()) {
      if (draft.obstacles.isEmpty()) {
        draft.obstacles.add("no pair of answers was judged");
      }
      return draft;
    }
    boolean baselineTied = tied(graded, Pair::baseline);
    if (graded.size() > 1 && (baselineTied || tied(graded, Pair::candidate))) {
      String side = baselineTied ? "baseline" : "candidate";
      draft.obstacles.add(
          "all choices of all %d items are tied for the %s, which says nothing of it"
              .formatted(graded.size(), side));
    }
    Margin margin = policy.marginOf(suite.suite());
    if (suite.stopping().isPresent() && margin.relative()) {
      draft.obstacles.add(
          "the run was stopped when decided, and what is decided about a %s margin at one look need not hold at the next; judge it by an absolute one"
              .formatted(margin.kind()));
    }
    Evidence evidence = evidence(suite, SuiteStatistics.ofGraded(suite.pairs(), margin), suites);
    draft.evidence = Optional.of(evidence);
    if (graded.size() < asked) {
      draft.withFaults =
          Optional.of(evidence(suite, SuiteStatistics.ofAll(suite.pairs(), margin), suites));
    }
    if (suite.chance().isEmpty()) {
      draft.doubts.add("an older QuantGate's records, which tell neither chance nor clusters");
    }
    if (evidence.spread().clusters() == 1 && evidence.counts().items() > 1) {
      draft.doubts.add("all items are of one cluster");
    }
    double chance = suite.chance().orElse(0);
    double marginPoints = evidence.scale().marginPoints();
    boolean aboveChance =
        evidence.baselineLowerBound() > chance + Math.min(marginPoints, Margin.USUAL) / 100;
    boolean lost = aboveChance && draft.deciding(policy).finding() == Finding.FAIL;
    if (evidence.baselineLowerBound() <= chance + marginPoints / 100 && !lost) {
      if (aboveChance) {
        draft.tooWide =
            Optional.of(
                text(
                    "%s: the margin of %s points%s reaches from the baseline to chance, so it judges"
                        + " nothing; say a narrower one, or leave the suite out",
                    suite.suite(), Margin.number(marginPoints), margin.explained(marginPoints)));
      }
      draft.uninformative =
          Optional.of(
              text(
                  "the baseline is not better than chance by the margin: its score lies above %.2f %%"
                      + " in 95 of 100 cases, and chance plus margin is %.2f %%",
                  100 * evidence.baselineLowerBound(), 100 * chance + marginPoints));
    }
    return draft;
  }

  private static Evidence evidence(SuitePairs suite, SuiteStatistics statistics, int suites) {
    return suite
        .stopping()
        .map(stopping -> statistics.atLook(stopping, suites))
        .orElseGet(() -> statistics.evidence(suites));
  }

  /** Whether one side's every choice is tied. */
  private static boolean tied(List<Pair> graded, Function<Pair, Pair.Answered> side) {
    return graded.stream().map(side).allMatch(Pair.Answered::tied);
  }

  /**
   * Holm's correction over the suites that say something; where graded ones are among them, which
   * have their share of the error already, Bonferroni's.
   */
  private static void correct(List<Draft> drafts) {
    List<Draft> informative = drafts.stream().filter(Draft::informative).toList();
    List<Draft> tested =
        informative.stream()
            .filter(draft -> draft.evidence.orElseThrow().loss().lossP().isPresent())
            .toList();
    boolean alone = tested.size() == informative.size();
    UnaryOperator<List<Double>> adjust =
        alone ? Holm::adjust : p -> Holm.bonferroni(p, informative.size());
    correct(
        tested, adjust, draft -> draft.evidence, (draft, evidence) -> draft.evidence = evidence);
    correct(
        tested,
        adjust,
        draft -> draft.withFaults.or(() -> draft.evidence),
        (draft, evidence) -> {
          if (draft.withFaults.isPresent()) {
            draft.withFaults = evidence;
          }
        });
  }

  private static void correct(
      List<Draft> tested,
      UnaryOperator<List<Double>> adjust,
      Function<Draft, Optional<Evidence>> read,
      BiConsumer<Draft, Optional<Evidence>> write) {
    List<Evidence> evidence =
        tested.stream().map(draft -> read.apply(draft).orElseThrow()).toList();
    List<Double> adjusted =
        adjust.apply(evidence.stream().map(each -> each.loss().lossP().orElse(1)).toList());
    for (int i = 0; i < tested.size(); i++) {
      double p = adjusted.get(i);
      write.accept(
          tested.get(i), Optional.of(evidence.get(i).corrected(p, p < SuiteStatistics.ALPHA)));
    }
  }

  private static Verdict verdict(Evidence evidence, GatePolicy policy) {
    return switch (evidence.finding()) {
      case PASS -> Verdict.PASS;
      case FAIL -> Verdict.FAIL;
      case INCONCLUSIVE ->
          switch (policy.onInconclusive()) {
            case POINT -> evidence.isMeasuredWithin() ? Verdict.PASS : Verdict.FAIL;
            case FAIL -> Verdict.FAIL;
            case PASS -> Verdict.PASS;
            case REPORT -> Verdict.INCONCLUSIVE;
          };
      case INVALID, UNINFORMATIVE -> Verdict.INVALID;
    };
  }

  private Ruling ruling(Draft draft) {
    String suite = draft.suite.suite();
    if (!draft.obstacles.isEmpty()) {
      return new Ruling(
          suite,
          Finding.INVALID,
          Verdict.INVALID,
          false,
          String.join("; ", draft.obstacles),
          draft.evidence,
          draft.withFaults);
    }
    if (draft.uninformative.isPresent()) {
      return new Ruling(
          suite,
          Finding.UNINFORMATIVE,
          Verdict.INVALID,
          false,
          draft.uninformative.get(),
          draft.evidence,
          draft.withFaults);
    }
    Evidence deciding = draft.deciding(policy);
    boolean proven = deciding.finding() != Finding.INCONCLUSIVE && draft.doubts.isEmpty();
    return new Ruling(
        suite,
        deciding.finding(),
        verdict(deciding, policy),
        proven,
        reason(draft, deciding, proven),
        draft.evidence,
        draft.withFaults);
  }

  private String reason(Draft draft, Evidence evidence, boolean proven) {
    double delta = evidence.difference().deltaPoints();
    double margin = evidence.scale().marginPoints();
    var text =
        new StringBuilder(
            text(
                "delta %s points, %s the %.2f allowed%s (%s, %s in %,d items; %s)",
                delta == 0 ? "0.00" : text("%+.2f", delta),
                evidence.isMeasuredWithin() ? "within" : "beyond",
                margin,
                policy.marginOf(draft.suite.suite()).explained(margin),
                counted(evidence.counts().losses(), "loss", "losses"),
                counted(evidence.counts().gains(), "gain", "gains"),
                evidence.counts().items(),
                proven ? "proven" : unproven(draft, evidence)));
    text.append(
        text(
            "; 95 %% bounds %+.2f and %+.2f",
            evidence.difference().lowerPoints(), evidence.difference().upperPoints()));
    evidence
        .loss()
        .mcnemar()
        .ifPresent(test -> text.append(text(", McNemar p %.3f", test.twoSided())));
    draft
        .suite
        .stopping()
        .ifPresent(stopping ->
            text.append(
                text(
                    "; %s after %,d of %,d items, by bounds that hold at every look",
                    evidence.finding() == Finding.INCONCLUSIVE ? "undecided" : "decided",
                    draft.suite.pairs().size(),
                    stopping.planned())));
    if (draft.suite.limited()) {
      text.append(
          "; LIMITED: %d of %d items".formatted(draft.suite.planned(), draft.suite.available()));
    }
    if (draft.withFaults.isPresent() && evidence.equals(draft.withFaults.get())) {
      text.append(
          "; %d missing answers count against the candidate"
              .formatted(draft.suite.pairs().size() - draft.suite.graded().size()));
    }
    if (evidence.finding() == Finding.INCONCLUSIVE && draft.suite.stopping().isEmpty()) {
      text.append("; ").append(power(evidence, draft.suite.programs()));
    }
    double item = evidence.scale().itemPoints();
    if (margin > 0 && margin < item) {
      text.append(text("; one item is %.2f points, more than the margin", item));
    }
    return text.toString();
  }

  private String unproven(Draft draft, Evidence evidence) {
    if (evidence.finding() != Finding.INCONCLUSIVE) {
      return "shown, not proven: %s".formatted(String.join(", ", draft.doubts));
    }
    return switch (policy.onInconclusive()) {
      case POINT -> "point rule, not proven";
      case FAIL, PASS, REPORT ->
          "inconclusive, not proven; --on-inconclusive %s".formatted(policy.onInconclusive());
    };
  }

  private static String power(Evidence evidence, boolean programs) {
    if (evidence.scale().marginPoints() == 0) {
      return "a margin of 0 is proven by a gain alone";
    }
    OptionalLong needed = evidence.reach().itemsNeeded();
    OptionalLong samples = evidence.reach().samplesNeeded();
    String cannot =
        "no number of samples of these %,d problems can prove it"
            .formatted(evidence.spread().clusters());
    if (needed.isEmpty()) {
      return cannot;
    }
    return text(
        "a proof takes about %,d items%s at this flip rate of %.2f %%%s%s",
        needed.getAsLong(),
        samples.isPresent() ? text(" or %,d samples of each problem", samples.getAsLong()) : "",
        100 * evidence.spread().flipRate(),
        evidence.spread().flipRate() == 0
            ? ""
            : text(", a loss shows from %.2f points", evidence.reach().visibleLossPoints()),
        programs && samples.isEmpty() ? "; %s".formatted(cannot) : "");
  }

  private Optional<PooledDelta> pooled(List<Draft> drafts) {
    List<Evidence> said =
        drafts.stream().filter(Draft::informative).map(draft -> draft.deciding(policy)).toList();
    if (said.size() < 2) {
      return Optional.empty();
    }
    Pooled pooled =
        Pooled.of(
            said.stream()
                .map(Evidence::difference)
                .map(each ->
                    new Pooled.Stratum(
                        1,
                        each.deltaPoints(),
                        new Interval(
                            Math.min(each.lowerPoints(), each.deltaPoints()),
                            Math.max(each.upperPoints(), each.deltaPoints()))))
                .toList());
    double margin =
        said.stream().mapToDouble(each -> each.scale().marginPoints()).average().orElseThrow();
    return Optional.of(
        new PooledDelta(
            said.size(),
            pooled.delta(),
            pooled.interval().lower(),
            pooled.interval().upper(),
            margin,
            pooled.interval().lower() > -margin));
  }

  /** How many faults of each kind each side has. */
  private static String faults(SuitePairs suite) {
    return suite.pairs().stream()
        .flatMap(pair ->
            Stream.concat(
                pair.baseline().fault().stream()
                    .map(fault -> "baseline %s".formatted(fault.category())),
                pair.candidate().fault().stream()
                    .map(fault -> "candidate %s".formatted(fault.category()))))
        .collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()))
        .entrySet()
        .stream()
        .map(entry -> "%s: %d".formatted(entry.getKey(), entry.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String counted(int count, String one, String many) {
    return text("%,d %s", count, count == 1 ? one : many);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
