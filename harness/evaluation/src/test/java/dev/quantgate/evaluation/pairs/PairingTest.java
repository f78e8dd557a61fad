package dev.quantgate.evaluation.pairs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.ItemFacts;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import dev.quantgate.evaluation.record.ItemRecord.Sample;
import dev.quantgate.inference.Generation;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class PairingTest {
  private static final ItemFacts FACTS =
      new ItemFacts(41, "law", "Social Science", Optional.of("law"), 4);

  @Test
  void aPairIsALossAGainChurnOrTheSame() {
    ItemRecord right = choice("A", 1.0);
    ItemRecord wrong = choice("B", 1.0);
    ItemRecord otherwiseWrong = choice("C", 1.0);

    assertThat(Pairing.of(0, right, wrong).kind()).isEqualTo(Pair.Kind.LOSS);
    assertThat(Pairing.of(0, wrong, right).kind()).isEqualTo(Pair.Kind.GAIN);
    assertThat(Pairing.of(0, wrong, otherwiseWrong).kind()).isEqualTo(Pair.Kind.CHURN);
    assertThat(Pairing.of(0, wrong, wrong).kind()).isEqualTo(Pair.Kind.SAME);
  }

  @Test
  void aFaultOnEitherSideLeavesThePairWithoutAGrade() {
    ItemRecord right = choice("A", 1.0);

    Pair pair = Pairing.of(0, right, missing());

    assertThat(pair.kind()).isEqualTo(Pair.Kind.UNGRADED);
    assertThat(pair.baseline().score()).isEqualTo(OptionalDouble.of(1));
    assertThat(pair.candidate().fault().orElseThrow().category()).isEqualTo(Fault.Category.MISSING);
    assertThat(Pairing.of(0, missing(), right).kind()).isEqualTo(Pair.Kind.UNGRADED);
  }

  @Test
  void aPairKnowsItsPlaceStratumAndCluster() {
    Pair pair = Pairing.of(7, choice("A", 1.0), choice("A", 1.0));

    assertThat(pair.ordinal()).isEqualTo(41);
    assertThat(pair.stratum()).isEqualTo("law");
    assertThat(pair.category()).isEqualTo("Social Science");
    assertThat(pair.cluster()).contains("law");
    assertThat(pair.choices()).isEqualTo(4);
  }

  @Test
  void nearTiesAreTheBaselinesBelowATwentiethOfANat() {
    assertThat(Pairing.of(0, choice("A", 0.049), choice("B", 3)).nearTie()).isTrue();
    assertThat(Pairing.of(0, choice("A", 0.05), choice("B", 0.01)).nearTie()).isFalse();
  }

  @Test
  void theFirstTokenInWhichTwoTextsPartIsFound() {
    ItemRecord one = written("return 1", Outcome.PASSED, 5, 6, 7);
    ItemRecord other = written("return 2", Outcome.FAILED, 5, 6, 8, 9);

    Pair pair = Pairing.of(0, one, other);

    assertThat(pair.divergence()).hasValue(2);
    assertThat(pair.sameTokens()).contains(false);
    assertThat(Pairing.of(0, one, one).divergence()).isEmpty();
    assertThat(Pairing.of(0, one, one).sameTokens()).contains(true);
  }

  @Test
  void aTextThatStopsEarlierPartsWhereItStops() {
    Pair pair =
        Pairing.of(
            0,
            written("return 1", Outcome.PASSED, 5, 6),
            written("return 1 ", Outcome.PASSED, 5, 6, 7));

    assertThat(pair.divergence()).hasValue(2);
    assertThat(pair.kind()).isEqualTo(Pair.Kind.CHURN);
  }

  @Test
  void tokensThatOneSideDoesNotKnowAreNotCompared() {
    Pair pair = Pairing.of(0, written("x", Outcome.PASSED, 5), written("x", Outcome.PASSED));

    assertThat(pair.sameTokens()).isEmpty();
    assertThat(pair.divergence()).isEmpty();
    assertThat(pair.kind()).isEqualTo(Pair.Kind.SAME);
  }

  @Test
  void aLongAnswerIsCutAndItsExecutionIsKept() {
    String text = "x".repeat(999) + "𠀀".repeat(10);

    Pair pair = Pairing.of(0, written(text, Outcome.PASSED, 1), written(text, Outcome.TIMEOUT, 1));

    assertThat(pair.baseline().answer()).isEqualTo("x".repeat(999) + "…");
    assertThat(pair.candidate().texts().getFirst().execution().orElseThrow().outcome())
        .isEqualTo(Outcome.TIMEOUT);
    assertThat(pair.kind()).isEqualTo(Pair.Kind.LOSS);
  }

  @Test
  void itemsThatOnlyOneRunHasAreNotMatched() {
    List<String> matched = new ArrayList<>();

    Pairing.match(List.of(choice("A", 1)), List.of(), (one, other) -> matched.add(one.id()));

    assertThat(matched).isEmpty();
  }

  private static ItemRecord choice(String answer, double margin) {
    return record(
        "law/0",
        answer,
        "A",
        answer.equals("A") ? 1 : 0,
        Optional.empty(),
        OptionalDouble.of(margin),
        List.of());
  }

  private static ItemRecord missing() {
    return record(
        "law/0",
        "",
        "A",
        0,
        Optional.of(new Fault(Fault.Category.MISSING, "none")),
        OptionalDouble.empty(),
        List.of());
  }

  private static ItemRecord written(String text, Outcome outcome, Integer... tokens) {
    return record(
        "HumanEval/0",
        text,
        "",
        outcome == Outcome.PASSED ? 1 : 0,
        Optional.empty(),
        OptionalDouble.empty(),
        List.of(
            new Sample(
                text,
                Optional.empty(),
                Optional.of(Generation.End.EOS),
                List.of(tokens),
                List.of(),
                Optional.of(new Execution(outcome, "", 0)))));
  }

  private static ItemRecord record(
      String id,
      String answer,
      String expected,
      int right,
      Optional<Fault> fault,
      OptionalDouble margin,
      List<Sample> samples) {
    return new ItemRecord(
        id,
        Optional.of(FACTS),
        "",
        OptionalInt.empty(),
        Optional.empty(),
        0,
        answer,
        expected,
        1,
        right,
        fault.isPresent() ? OptionalDouble.empty() : OptionalDouble.of(right),
        fault,
        margin,
        false,
        List.of(),
        samples);
  }
}
