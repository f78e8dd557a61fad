package dev.quantgate.evaluation.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Judgement.Ruling;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.PairsOf;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.record.Fault;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PointGateTest {
  private final Gate gate = PointGate.of(GatePolicy.DEFAULT);

  @Test
  void aLossOfExactlyTheMarginPassesAndOneItemMoreFails() {
    assertThat(judge(PairsOf.table("ceval", 297, 3, 0, 0)).verdict()).isEqualTo(Verdict.PASS);
    assertThat(judge(PairsOf.table("ceval", 296, 4, 0, 0)).verdict()).isEqualTo(Verdict.FAIL);
  }

  @Test
  void theReasonSaysTheLossTheFlipsAndThatNothingIsProven() {
    assertThat(judge(PairsOf.table("ceval", 121, 1, 0, 42)).reason())
        .isEqualTo(
            "delta -0.61 points >= -1.00 allowed, 1 losses and 0 gains in 164 items (point rule,"
                + " not proven)");
  }

  @Test
  void aSuiteWithoutPairsIsInvalid() {
    assertThat(judge(PairsOf.table("ceval", 0, 0, 0, 0)))
        .isEqualTo(new Ruling("ceval", Verdict.INVALID, "no pair of answers was judged"));
  }

  @Test
  void moreThanOnePercentOfFaultsIsInvalidAndNamesThem() {
    assertThat(judge(withFaults(99, 1)).verdict()).isEqualTo(Verdict.PASS);
    assertThat(judge(withFaults(98, 2)))
        .isEqualTo(
            new Ruling(
                "ceval",
                Verdict.INVALID,
                "2 of 100 items have no grade (candidate MISSING: 2), more than 1 %"));
  }

  @Test
  void obstaclesMakeASuiteInvalidWhateverItsScores() {
    SuitePairs equal = PairsOf.table("ceval", 10, 0, 0, 0);

    Ruling ruling =
        judge(
            new SuitePairs(
                "ceval", "ceval/x", 10, equal.chance(), List.of("prompts differ"), equal.pairs()));

    assertThat(ruling).isEqualTo(new Ruling("ceval", Verdict.INVALID, "prompts differ"));
  }

  @Test
  void theWorstSuiteDecidesAndNoSuiteIsInvalid() {
    SuitePairs good = PairsOf.table("good", 10, 0, 0, 0);
    SuitePairs lost = PairsOf.table("lost", 5, 5, 0, 0);

    assertThat(gate.judge(List.of(good, lost)).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(gate.judge(List.of(good)).verdict()).isEqualTo(Verdict.PASS);
    assertThat(gate.judge(List.of()).verdict()).isEqualTo(Verdict.INVALID);
  }

  @Test
  void policiesThatNeedStatisticsAreRefused() {
    assertThatThrownBy(() -> PointGate.of(new GatePolicy(1, OnInconclusive.REPORT)))
        .hasMessageContaining("--on-inconclusive report");
  }

  private Ruling judge(SuitePairs suite) {
    return gate.judge(List.of(suite)).suites().getFirst();
  }

  private static SuitePairs withFaults(int graded, int faulted) {
    List<Pair> pairs = new ArrayList<>(PairsOf.table("ceval", graded, 0, 0, 0).pairs());
    for (int i = 0; i < faulted; i++) {
      pairs.add(PairsOf.faulted(graded + i, Fault.Category.MISSING, false));
    }
    return PairsOf.suite("ceval", pairs);
  }
}
