package dev.quantgate.evaluation.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Judgement.Ruling;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.PairsOf;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.Stopping;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class PairedGateTest {
  private final Gate gate = Gate.of(GatePolicy.DEFAULT);

  @Test
  void one_problem_lost_of_164_passes_by_the_point_rule_and_is_not_proven() {
    Ruling ruling = judge(PairsOf.table("humaneval", 121, 1, 0, 42));

    assertThat(ruling.finding()).isEqualTo(Finding.INCONCLUSIVE);
    assertThat(ruling.verdict()).isEqualTo(Verdict.PASS);
    assertThat(ruling.proven()).isFalse();
    assertThat(ruling.reason())
        .startsWith(
            "delta -0.61 points, within the 1.00 allowed (1 loss, 0 gains in 164 items;"
                + " point rule, not proven); 95 % bounds -2.")
        .endsWith(
            "a proof takes about 377 items at this flip rate of 0.61 %, a loss shows from 1.52 points");
    Evidence evidence = ruling.evidence().orElseThrow();
    assertThat(evidence.loss().mcnemar().orElseThrow().loss()).isEqualTo(0.5);
    assertThat(evidence.loss().mcnemar().orElseThrow().twoSided()).isEqualTo(1);
    // Of 164 items with one flip: 2.4865 sqrt(1/164/164).
    assertThat(evidence.reach().visibleLossPoints()).isCloseTo(1.516, within(0.001));
  }

  @Test
  void no_flip_in_164_items_leaves_a_loss_of_1_62_points_possible() {
    Ruling ruling = judge(PairsOf.table("humaneval", 120, 0, 0, 44));

    assertThat(ruling.finding()).isEqualTo(Finding.INCONCLUSIVE);
    assertThat(ruling.verdict()).isEqualTo(Verdict.PASS);
    assertThat(ruling.proven()).isFalse();
    // z^2 / (n + z^2) with z = 1.6449
    assertThat(ruling.evidence().orElseThrow().difference().lowerPoints())
        .isCloseTo(-1.623, within(0.001));
    assertThat(ruling.evidence().orElseThrow().reach().itemsNeeded()).hasValue(268);
  }

  @Test
  void no_flip_proves_a_pass_from_268_items_on() {
    assertThat(judge(PairsOf.table("exam", 267, 0, 0, 0)).proven()).isFalse();
    assertThat(judge(PairsOf.table("exam", 268, 0, 0, 0)).proven()).isTrue();
    assertThat(judge(PairsOf.table("exam", 268, 0, 0, 0)).finding()).isEqualTo(Finding.PASS);
  }

  @Test
  void forty_losses_and_ten_gains_of_1346_are_a_proven_failure() {
    Ruling ruling = judge(PairsOf.table("ceval", 900, 40, 10, 396));

    assertThat(ruling.finding()).isEqualTo(Finding.FAIL);
    assertThat(ruling.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(ruling.proven()).isTrue();
    Evidence evidence = ruling.evidence().orElseThrow();
    assertThat(evidence.difference().deltaPoints()).isEqualTo(-3000.0 / 1346);
    // Of 50 throws of a coin 40 or more: 0.0000119.
    assertThat(evidence.loss().mcnemar().orElseThrow().loss()).isCloseTo(1.193e-5, within(5e-8));
    assertThat(evidence.loss().beyondMargin()).isTrue();
    assertThat(evidence.difference().upperPoints()).isLessThan(-1);
    assertThat(evidence.reach().itemsNeeded()).hasValue(2297);
  }

  @Test
  void as_many_losses_as_gains_show_neither_loss_nor_its_absence_on_few_items() {
    Ruling ruling = judge(PairsOf.table("ceval", 60, 20, 20, 64));

    assertThat(ruling.finding()).isEqualTo(Finding.INCONCLUSIVE);
    Evidence evidence = ruling.evidence().orElseThrow();
    assertThat(evidence.difference().deltaPoints()).isZero();
    assertThat(evidence.difference().upperPoints())
        .isCloseTo(-evidence.difference().lowerPoints(), within(1e-9));
    assertThat(evidence.loss().mcnemar().orElseThrow().twoSided()).isEqualTo(1);
  }

  @Test
  void ten_identical_items_are_inconclusive() {
    Ruling ruling = judge(PairsOf.table("tiny", 10, 0, 0, 0));

    assertThat(ruling.finding()).isEqualTo(Finding.INCONCLUSIVE);
    assertThat(ruling.proven()).isFalse();
    assertThat(ruling.evidence().orElseThrow().difference().lowerPoints())
        .isCloseTo(-21.29, within(0.01));
    assertThat(ruling.reason()).endsWith("one item is 10.00 points, more than the margin");
  }

  @Test
  void models_that_both_know_nothing_make_the_comparison_invalid() {
    for (SuitePairs suite :
        List.of(
            PairsOf.table("zero", 0, 0, 0, 164),
            withChance(PairsOf.table("three", 0, 3, 0, 1343), OptionalDouble.of(0)),
            PairsOf.table("chance", 340, 0, 0, 1006))) {
      Judgement judgement = gate.judge(List.of(suite));
      assertThat(judgement.suites().getFirst().finding()).isEqualTo(Finding.UNINFORMATIVE);
      assertThat(judgement.finding()).isEqualTo(Finding.INVALID);
      assertThat(judgement.verdict()).isEqualTo(Verdict.INVALID);
      assertThat(judgement.proven()).isFalse();
    }
  }

  @Test
  void a_suite_that_says_nothing_is_no_part_of_the_whole() {
    Judgement judgement =
        gate.judge(
            List.of(PairsOf.table("zero", 0, 0, 0, 164), PairsOf.table("good", 1000, 0, 0, 100)));

    assertThat(judgement.finding()).isEqualTo(Finding.PASS);
    assertThat(judgement.verdict()).isEqualTo(Verdict.PASS);
    assertThat(judgement.proven()).isTrue();
    assertThat(judgement.pooled()).isEmpty();
  }

  @Test
  void a_huge_loss_fails_under_every_policy() {
    SuitePairs lost = PairsOf.table("advisory", 1, 160, 0, 3);
    for (OnInconclusive rule : OnInconclusive.values()) {
      for (double margin : new double[] {0, 1, 5, 50}) {
        Judgement judgement = Gate.of(new GatePolicy(margin, rule)).judge(List.of(lost));
        assertThat(judgement.finding()).isEqualTo(Finding.FAIL);
        assertThat(judgement.verdict()).isEqualTo(Verdict.FAIL);
      }
    }
  }

  @Test
  void a_relative_margin_is_a_share_of_what_the_baseline_got_right() {
    // 400 of 1,000 right: 1 % of that is 0.4 points, and 5 losses are more.
    SuitePairs lost = PairsOf.table("exam", 395, 5, 0, 600);
    assertThat(under(MarginKind.ABSOLUTE, lost).verdict()).isEqualTo(Verdict.PASS);
    for (MarginKind kind : List.of(MarginKind.RELATIVE, new MarginKind(50))) {
      Ruling ruling = under(kind, lost).suites().getFirst();
      assertThat(ruling.verdict()).isEqualTo(Verdict.FAIL);
      assertThat(ruling.evidence().orElseThrow().scale().marginPoints())
          .isCloseTo(0.4, within(1e-12));
      assertThat(ruling.reason())
          .startsWith(
              "delta -0.50 points, beyond the 0.40 allowed, 1 % of the baseline's 40.00 % (5 losses,");
    }
    assertThat(under(new MarginKind(40), lost).verdict()).isEqualTo(Verdict.PASS);
  }

  private static Judgement under(MarginKind kind, SuitePairs suite) {
    var margin = new Margin(1, kind, Optional.empty());
    return Gate.of(new GatePolicy(margin, Map.of(), OnInconclusive.POINT)).judge(List.of(suite));
  }

  @Test
  void a_suite_has_its_own_margin_and_the_reason_for_a_wide_one_is_printed() {
    var wide = new Margin(3, MarginKind.ABSOLUTE, Optional.of("few items"));
    var policy =
        new GatePolicy(
            Margin.ofPoints(1),
            Map.of("code", wide, "nli", Margin.ofPoints(0.5)),
            OnInconclusive.POINT);
    Judgement judgement =
        Gate.of(policy)
            .judge(
                List.of(
                    PairsOf.table("code", 195, 4, 0, 1),
                    PairsOf.table("nli", 990, 6, 0, 4),
                    PairsOf.table("exam", 990, 6, 0, 4)));

    assertThat(judgement.suites().stream().map(Ruling::verdict))
        .containsExactly(Verdict.PASS, Verdict.FAIL, Verdict.PASS);
    assertThat(judgement.suites().getFirst().reason())
        .contains("within the 3.00 allowed, for this reason: few items (");
    assertThat(judgement.pooled().orElseThrow().marginPoints()).isCloseTo(1.5, within(1e-12));
  }

  @Test
  void a_suite_that_the_policy_names_and_the_runs_lack_is_invalid() {
    var policy =
        new GatePolicy(
            Margin.ofPoints(1), Map.of("ceval", Margin.ofPoints(0.5)), OnInconclusive.POINT);
    Judgement judgement = Gate.of(policy).judge(List.of(PairsOf.table("cmnli", 9000, 0, 0, 1000)));

    assertThat(judgement.suites().getFirst().finding()).isEqualTo(Finding.PASS);
    assertThat(judgement.finding()).isEqualTo(Finding.INVALID);
    assertThat(judgement.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(judgement.proven()).isFalse();
    assertThat(judgement.obstacles())
        .containsExactly(
            "suite ceval has a margin of its own, but is not among the suites that both runs have");
  }

  @Test
  void a_margin_finer_than_one_item_is_said_so() {
    assertThat(judge(PairsOf.table("few", 60, 0, 0, 20)).reason())
        .endsWith("; one item is 1.25 points, more than the margin");
    assertThat(judge(PairsOf.table("more", 75, 0, 0, 25)).reason()).doesNotContain("one item is");
  }

  @Test
  void a_wide_margin_needs_a_reason() {
    assertThatThrownBy(() -> new GatePolicy(1.5, OnInconclusive.POINT).requireReasons())
        .hasMessage(
            "a margin of 1.5 is wider than 1 and needs a reason; say it as --margin-reason TEXT");
    var policy =
        new GatePolicy(
            Margin.ofPoints(1), Map.of("ceval", Margin.ofPoints(2)), OnInconclusive.POINT);
    assertThatThrownBy(policy::requireReasons)
        .hasMessage(
            "margins: ceval: a margin of 2 is wider than 1 and needs a reason; say {margin: 2, reason: TEXT}");
    GatePolicy.DEFAULT.requireReasons();
  }

  @Test
  void policy_decides_what_is_inconclusive_and_nothing_of_it_is_proven() {
    SuitePairs lost = PairsOf.table("humaneval", 119, 3, 0, 42);
    assertThat(verdicts(lost))
        .containsExactly(Verdict.FAIL, Verdict.FAIL, Verdict.PASS, Verdict.INCONCLUSIVE);
    SuitePairs same = PairsOf.table("humaneval", 122, 0, 0, 42);
    assertThat(verdicts(same))
        .containsExactly(Verdict.PASS, Verdict.FAIL, Verdict.PASS, Verdict.INCONCLUSIVE);
  }

  @Test
  void a_loss_of_exactly_the_margin_passes_and_one_item_more_fails() {
    assertThat(judge(PairsOf.table("ceval", 297, 3, 0, 0)).verdict()).isEqualTo(Verdict.PASS);
    assertThat(judge(PairsOf.table("ceval", 296, 4, 0, 0)).verdict()).isEqualTo(Verdict.FAIL);
  }

  @Test
  void items_that_only_the_candidate_lacks_count_as_wrong() {
    List<Pair> pairs = new ArrayList<>(PairsOf.table("cmnli", 8000, 122, 0, 3997).pairs());
    for (int i = 0; i < 122; i++) {
      pairs.add(PairsOf.faulted(pairs.size(), Fault.Category.MISSING, false));
    }
    // Of the 122 answers that the candidate lacks, the baseline had all right.
    List<Pair> right =
        pairs.stream().map(pair -> pair.graded() ? pair : withBaselineRight(pair)).toList();
    Ruling ruling = judge(PairsOf.suite("cmnli", right));

    assertThat(ruling.evidence().orElseThrow().counts().losses()).isEqualTo(122);
    assertThat(ruling.withFaults().orElseThrow().counts().losses()).isEqualTo(244);
    assertThat(ruling.withFaults().orElseThrow().difference().deltaPoints())
        .isCloseTo(-1.99, within(0.005));
    assertThat(ruling.finding()).isEqualTo(Finding.FAIL);
    assertThat(ruling.reason()).contains("122 missing answers count against the candidate");
  }

  @Test
  void items_that_only_the_baseline_lacks_count_as_right() {
    List<Pair> pairs = new ArrayList<>(PairsOf.table("ceval", 297, 3, 0, 0).pairs());
    pairs.add(PairsOf.faulted(300, Fault.Category.MISSING, true));
    Ruling ruling = judge(PairsOf.suite("ceval", pairs));

    assertThat(ruling.withFaults().orElseThrow().counts().losses()).isEqualTo(4);
    assertThat(ruling.verdict()).isEqualTo(Verdict.FAIL);
  }

  @Test
  void a_limited_run_is_never_proven() {
    SuitePairs all = PairsOf.table("exam", 500, 0, 0, 0);
    var drawn =
        new SuitePairs(
            all.suite(), all.protocol(), 5000, all.chance(), all.obstacles(), all.pairs());
    Ruling ruling = judge(drawn);

    assertThat(ruling.proven()).isFalse();
    assertThat(ruling.reason()).contains("LIMITED: 500 of 5000 items");
    assertThat(gate.judge(List.of(drawn)).proven()).isFalse();
  }

  @Test
  void clusters_make_a_proof_harder() {
    List<Pair> alone = PairsOf.table("exam", 1200, 2, 2, 42).pairs();
    Evidence plain = judge(PairsOf.suite("exam", alone)).evidence().orElseThrow();
    assertThat(plain.spread().designEffect()).isEqualTo(1);
    assertThat(plain.spread().clusters()).isEqualTo(1246);
    // The losses, items 1200 and 1201, lie in one cluster of 50 and the gains in another.
    List<Pair> clustered =
        alone.stream()
            .map(pair -> inCluster(pair, String.valueOf((pair.ordinal() + 48) / 50)))
            .toList();
    Evidence wider = judge(PairsOf.suite("exam", clustered)).evidence().orElseThrow();
    assertThat(wider.spread().clusters()).isEqualTo(26);
    // Two sums of 2 where four flips alone have squares of 4: about 2, and Student's factor.
    assertThat(wider.spread().designEffect()).isBetween(2.0, 2.3);
    assertThat(wider.difference().lowerPoints()).isLessThan(1.2 * plain.difference().lowerPoints());
    assertThat(wider.difference().upperPoints())
        .isGreaterThan(1.2 * plain.difference().upperPoints());
  }

  @Test
  void items_of_one_cluster_alone_prove_nothing() {
    List<Pair> pairs =
        PairsOf.table("exam", 300, 0, 0, 0).pairs().stream()
            .map(pair -> inCluster(pair, "the only one"))
            .toList();
    Ruling ruling = judge(PairsOf.suite("exam", pairs));

    assertThat(ruling.finding()).isEqualTo(Finding.PASS);
    assertThat(ruling.proven()).isFalse();
    assertThat(ruling.reason()).contains("shown, not proven: all items are of one cluster");
  }

  @Test
  void what_older_records_do_not_tell_proves_nothing() {
    SuitePairs known = PairsOf.table("ceval", 340, 0, 0, 1006);
    Ruling ruling = judge(withChance(known, OptionalDouble.empty()));

    assertThat(judge(known).finding()).isEqualTo(Finding.UNINFORMATIVE);
    assertThat(ruling.proven()).isFalse();
    assertThat(ruling.reason())
        .contains(
            "not proven: an older QuantGate's records, which tell neither chance nor clusters");
  }

  @Test
  void a_margin_as_wide_as_the_way_to_chance_judges_nothing_and_lets_nothing_through() {
    // 244 of 250 lost; from 100 % down to 3-way guessing it is 67 points.
    SuitePairs lost =
        withChance(PairsOf.table("advisory", 6, 244, 0, 0), OptionalDouble.of(1 / 3.0));
    SuitePairs good = PairsOf.table("good", 1000, 0, 0, 346);
    for (double margin : new double[] {1, 50, 70, 97, 98, 99.5, 100}) {
      for (OnInconclusive rule : OnInconclusive.values()) {
        for (MarginKind kind : List.of(MarginKind.ABSOLUTE, MarginKind.RELATIVE)) {
          var wide = new Margin(margin, kind, Optional.of("only for information"));
          Judgement judgement =
              Gate.of(new GatePolicy(Margin.ofPoints(1), Map.of("advisory", wide), rule))
                  .judge(List.of(lost, good));
          Ruling ruling = judgement.suites().getFirst();
          if (margin < 97.6) {
            assertThat(ruling.finding()).as("%s", wide).isEqualTo(Finding.FAIL);
            assertThat(judgement.verdict()).as("%s", wide).isEqualTo(Verdict.FAIL);
          } else {
            assertThat(ruling.finding()).as("%s", wide).isEqualTo(Finding.UNINFORMATIVE);
            assertThat(judgement.finding()).as("%s", wide).isEqualTo(Finding.INVALID);
            assertThat(judgement.verdict()).as("%s", wide).isEqualTo(Verdict.INVALID);
            assertThat(judgement.proven()).isFalse();
            assertThat(judgement.obstacles().getFirst())
                .startsWith("advisory: the margin of %s points".formatted(Margin.number(margin)))
                .contains("for this reason: only for information reaches from the baseline");
          }
        }
      }
    }
  }

  @Test
  void a_stopped_run_is_not_judged_by_a_margin_that_is_another_at_each_look() {
    SuitePairs all = PairsOf.table("exam", 600, 0, 0, 100);
    var stopped =
        new SuitePairs(
            all.suite(),
            all.protocol(),
            2000,
            all.chance(),
            List.of(),
            List.of(),
            Optional.of(new Stopping(2000, 1, "the first 700")),
            all.pairs());
    assertThat(judge(stopped).finding()).isEqualTo(Finding.PASS);
    assertThat(under(MarginKind.RELATIVE, stopped).verdict()).isEqualTo(Verdict.INVALID);
    assertThat(under(new MarginKind(50), stopped).suites().getFirst().reason())
        .startsWith("the run was stopped when decided,");
    assertThatThrownBy(() ->
            new GatePolicy(
                    Margin.ofPoints(1),
                    Map.of("exam", new Margin(1, MarginKind.RELATIVE, Optional.empty())),
                    OnInconclusive.POINT)
                .requireStoppable())
        .hasMessage(
            "margins: exam: --stop-when-decided needs an absolute margin, and this one is relative;"
                + " say the margin in points, or ask all items");
    GatePolicy.DEFAULT.requireStoppable();
  }

  @Test
  void a_baseline_of_exactly_the_bound_of_a_relative_margin_has_an_absolute_one() {
    for (int percent : new int[] {29, 57, 58}) {
      SuitePairs suite = PairsOf.table("exam", percent, 0, 0, 100 - percent);
      Evidence evidence =
          under(new MarginKind(percent), suite).suites().getFirst().evidence().orElseThrow();
      assertThat(evidence.scale().marginPoints()).as("%d %%", percent).isEqualTo(1);
    }
  }

  @Test
  void a_graded_loss_of_exactly_the_margin_passes() {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      pairs.add(PairsOf.graded(i, 10, 8, i < 10 ? 7 : 8));
    }
    Ruling ruling = judge(PairsOf.suite("humaneval", pairs));

    assertThat(ruling.evidence().orElseThrow().difference().deltaPoints()).isEqualTo(-1);
    assertThat(ruling.verdict()).isEqualTo(Verdict.PASS);
  }

  @Test
  void graded_suites_share_the_error_of_a_loss() {
    // The weakest loss that is shown where the suite stands alone.
    int lost = 1;
    while (judge(graded(lost)).finding() != Finding.FAIL) {
      lost++;
    }
    SuitePairs graded = graded(lost);
    assertThat(lost).isBetween(10, 60);

    List<SuitePairs> many = new ArrayList<>(List.of(graded));
    for (int i = 0; i < 40; i++) {
      many.add(PairsOf.table("same %d".formatted(i), 900, 0, 0, 100));
    }
    assertThat(gate.judge(many).suites().getFirst().finding()).isEqualTo(Finding.INCONCLUSIVE);
  }

  /** 164 problems of 10 samples, of which some lost 4 of 8 right ones. */
  private static SuitePairs graded(int lost) {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < 164; i++) {
      pairs.add(PairsOf.graded(i, 10, 8, i < lost ? 4 : 8));
    }
    return PairsOf.suite("humaneval", pairs);
  }

  @Test
  void Holms_correction_holds_for_clustered_suites_too() {
    // McNemar's p is 0.003, so small that a correction for two suites alone changes nothing; the
    // clusters' design effect of 2.6 makes 0.038 of it.
    List<Pair> pairs = PairsOf.table("exam", 900, 80, 48, 318).pairs();
    List<Pair> clustered =
        pairs.stream().map(pair -> inCluster(pair, cluster(pair.ordinal()))).toList();
    Ruling alone = judge(PairsOf.suite("exam", clustered));
    Evidence evidence = alone.evidence().orElseThrow();
    assertThat(evidence.spread().designEffect()).isBetween(2.3, 2.9);
    assertThat(evidence.loss().mcnemar().orElseThrow().loss()).isCloseTo(0.003, within(0.0005));
    assertThat(evidence.loss().lossP().orElseThrow()).isBetween(0.025, 0.05);
    assertThat(alone.finding()).isEqualTo(Finding.FAIL);

    Judgement two =
        gate.judge(List.of(PairsOf.suite("one", clustered), PairsOf.suite("other", clustered)));
    assertThat(two.suites()).extracting(Ruling::finding).containsOnly(Finding.INCONCLUSIVE);
    assertThat(two.suites().getFirst().evidence().orElseThrow().loss().lossP().orElseThrow())
        .isCloseTo(2 * evidence.loss().lossP().orElseThrow(), within(1e-12));
  }

  /** 80 losses in 28 of 52 clusters, 48 gains in the others, each of 25 or 26 items. */
  private static String cluster(int ordinal) {
    int at =
        ordinal < 900
            ? ordinal % 52
            : ordinal < 980
                ? (ordinal - 900) % 28
                : ordinal < 1028 ? 51 - (ordinal - 980) % 24 : (ordinal - 1028) % 52;
    return Integer.toString(at);
  }

  @Test
  void the_power_line_of_programs_names_samples_or_that_no_number_of_them_can() {
    assertThat(judge(asPrograms(PairsOf.table("humaneval", 121, 1, 0, 42))).reason())
        .endsWith(
            "a proof takes about 377 items at this flip rate of 0.61 %, a loss shows from 1.52 points;"
                + " no number of samples of these 164 problems can prove it");
    Ruling ruling = judge(asPrograms(PairsOf.table("mbpp", 700, 30, 25, 219)));
    assertThat(ruling.evidence().orElseThrow().reach().samplesNeeded()).hasValue(4);
    assertThat(ruling.reason()).contains(" items or 4 samples of each problem at this flip rate");
    assertThat(judge(PairsOf.table("exam", 700, 30, 25, 219)).reason()).doesNotContain("samples");
  }

  @Test
  void a_margin_of_0_is_proven_by_a_gain_alone() {
    Gate strict = Gate.of(new GatePolicy(0, OnInconclusive.POINT));
    Ruling equal = strict.judge(List.of(PairsOf.table("exam", 1000, 0, 0, 0))).suites().getFirst();
    assertThat(equal.reason())
        .startsWith("delta 0.00 points, within the 0.00 allowed ")
        .endsWith("; a margin of 0 is proven by a gain alone");
    Ruling gained =
        strict.judge(List.of(PairsOf.table("exam", 900, 0, 40, 60))).suites().getFirst();
    assertThat(gained.proven()).isTrue();
    assertThat(gained.finding()).isEqualTo(Finding.PASS);
  }

  @Test
  void graded_items_with_few_problems_can_never_prove_the_margin() {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < 164; i++) {
      pairs.add(PairsOf.graded(i, 10, 7, 7));
    }
    Ruling ruling = judge(PairsOf.suite("humaneval", pairs));

    assertThat(ruling.finding()).isEqualTo(Finding.INCONCLUSIVE);
    assertThat(ruling.verdict()).isEqualTo(Verdict.PASS);
    assertThat(ruling.evidence().orElseThrow().difference().lowerPoints()).isBetween(-4.0, -2.0);
    assertThat(ruling.evidence().orElseThrow().loss().mcnemar()).isEmpty();
    assertThat(ruling.reason()).endsWith("no number of samples of these 164 problems can prove it");
  }

  @Test
  void Holms_correction_keeps_several_suites_from_failing_by_chance() {
    // 10 of 14 flips are losses in each: p = 0.09 alone; 11 of 14: 0.029, and 0.057 of two.
    SuitePairs one = PairsOf.table("one", 180, 11, 3, 6);
    SuitePairs other = PairsOf.table("other", 186, 7, 7, 0);
    assertThat(judge(one).finding()).isEqualTo(Finding.FAIL);
    Judgement both = gate.judge(List.of(one, other));
    assertThat(both.suites().getFirst().finding()).isEqualTo(Finding.INCONCLUSIVE);
    assertThat(both.suites().getFirst().evidence().orElseThrow().loss().lossP().orElseThrow())
        .isCloseTo(2 * 470 / 16384.0, within(1e-9));
    assertThat(both.pooled().orElseThrow().deltaPoints()).isCloseTo(-2, within(1e-12));
  }

  @Test
  void suites_that_one_alone_cannot_prove_may_be_proven_together() {
    SuitePairs suite = PairsOf.table("a", 200, 0, 0, 0);
    Judgement judgement = gate.judge(List.of(suite, PairsOf.table("b", 200, 0, 0, 0)));
    assertThat(judgement.finding()).isEqualTo(Finding.INCONCLUSIVE);
    assertThat(judgement.pooled().orElseThrow().withinMargin()).isTrue();
  }

  @Test
  void pairs_that_say_nothing_are_invalid_with_the_reason() {
    assertThat(judge(PairsOf.table("ceval", 0, 0, 0, 0)).reason())
        .isEqualTo("no pair of answers was judged");
    SuitePairs equal = PairsOf.table("ceval", 500, 0, 0, 0);
    Ruling ruling =
        judge(
            new SuitePairs(
                "ceval", "ceval/x", 500, equal.chance(), List.of("prompts differ"), equal.pairs()));
    assertThat(ruling.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(ruling.finding()).isEqualTo(Finding.INVALID);
    assertThat(ruling.reason()).isEqualTo("prompts differ");
    List<Pair> pairs = new ArrayList<>(PairsOf.table("ceval", 98, 0, 0, 0).pairs());
    pairs.add(PairsOf.faulted(98, Fault.Category.MISSING, false));
    pairs.add(PairsOf.faulted(99, Fault.Category.MISSING, false));
    assertThat(judge(PairsOf.suite("ceval", pairs)).reason())
        .isEqualTo("2 of 100 items have no grade (candidate MISSING: 2), more than 1 %");
    List<Pair> tied =
        PairsOf.table("ceval", 20, 0, 0, 0).pairs().stream().map(PairedGateTest::tied).toList();
    assertThat(judge(PairsOf.suite("ceval", tied)).reason())
        .isEqualTo(
            "all choices of all 20 items are tied for the baseline, which says nothing of it");
  }

  @Test
  void the_worst_suite_decides_and_no_suite_is_invalid() {
    SuitePairs good = PairsOf.table("good", 300, 0, 0, 0);
    SuitePairs lost = PairsOf.table("lost", 50, 50, 0, 0);

    Judgement both = gate.judge(List.of(good, lost));
    assertThat(both.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(both.proven()).isTrue();
    assertThat(gate.judge(List.of(good)).verdict()).isEqualTo(Verdict.PASS);
    assertThat(gate.judge(List.of()).verdict()).isEqualTo(Verdict.INVALID);
  }

  private static List<Verdict> verdicts(SuitePairs suite) {
    List<Verdict> verdicts = new ArrayList<>();
    for (OnInconclusive rule : OnInconclusive.values()) {
      Judgement judgement = Gate.of(new GatePolicy(1, rule)).judge(List.of(suite));
      assertThat(judgement.proven()).isFalse();
      verdicts.add(judgement.verdict());
    }
    return verdicts;
  }

  private Ruling judge(SuitePairs suite) {
    return gate.judge(List.of(suite)).suites().getFirst();
  }

  private static SuitePairs withChance(SuitePairs suite, OptionalDouble chance) {
    return new SuitePairs(
        suite.suite(), suite.protocol(), suite.available(), chance, List.of(), suite.pairs());
  }

  private static SuitePairs asPrograms(SuitePairs suite) {
    return withChance(
        PairsOf.suite(suite.suite(), suite.pairs().stream().map(PairedGateTest::program).toList()),
        OptionalDouble.of(0));
  }

  private static Pair inCluster(Pair pair, String cluster) {
    return copy(pair, Optional.of(cluster), pair.expected(), pair.baseline());
  }

  private static Pair program(Pair pair) {
    return copy(pair, pair.cluster(), "", pair.baseline());
  }

  private static Pair tied(Pair pair) {
    Pair.Answered side = pair.baseline();
    return copy(
        pair,
        pair.cluster(),
        pair.expected(),
        new Pair.Answered(
            side.answer(),
            1,
            side.right(),
            side.fault(),
            OptionalDouble.of(0),
            OptionalDouble.empty(),
            true,
            0,
            side.choices(),
            side.texts()));
  }

  private static Pair withBaselineRight(Pair pair) {
    return copy(pair, pair.cluster(), pair.expected(), PairsOf.graded(0, 1, 1, 1).baseline());
  }

  private static Pair copy(
      Pair pair, Optional<String> cluster, String expected, Pair.Answered baseline) {
    return new Pair(
        pair.ordinal(),
        pair.id(),
        pair.stratum(),
        pair.category(),
        cluster,
        pair.choices(),
        expected,
        pair.kind(),
        pair.nearTie(),
        pair.sameAnswer(),
        pair.sameTokens(),
        pair.divergence(),
        pair.choiceKl(),
        pair.sameTokenShare(),
        pair.lengthRatio(),
        baseline,
        pair.candidate());
  }
}
