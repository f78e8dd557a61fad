package dev.quantgate.evaluation.pairs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.record.Fault;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class SuitePairsTest {

  @Test
  void theTableCountsEachPairInOneCell() {
    SuitePairs suite = PairsOf.table("ceval", 700, 40, 10, 596);

    assertThat(suite.bothRight()).isEqualTo(700);
    assertThat(suite.count(Pair.Kind.LOSS)).isEqualTo(40);
    assertThat(suite.count(Pair.Kind.GAIN)).isEqualTo(10);
    assertThat(suite.bothWrong()).isEqualTo(596);
  }

  @Test
  void aLossOfExactlyOnePointIsExactlyThat() {
    assertThat(PairsOf.table("suite", 297, 3, 0, 0).deltaPoints()).isEqualTo(-1.0);
    assertThat(PairsOf.table("suite", 0, 7, 0, 693).deltaPoints()).isEqualTo(-1.0);
  }

  @Test
  void sharesAddUpWithoutRoundingWhereAllItemsHaveAsManyAnswers() {
    List<Pair> pairs = List.of(PairsOf.graded(0, 10, 7, 6), PairsOf.graded(1, 10, 3, 1));

    assertThat(PairsOf.suite("humaneval", pairs).gradeDifference()).isEqualTo(-0.3);
  }

  @Test
  void itemsWithoutAGradeAreNoPartOfTheDifference() {
    SuitePairs suite =
        PairsOf.suite(
            "cmnli",
            List.of(
                PairsOf.graded(0, 1, 1, 0),
                PairsOf.graded(1, 1, 1, 1),
                PairsOf.faulted(2, Fault.Category.MISSING, false)));

    assertThat(suite.graded()).hasSize(2);
    assertThat(suite.deltaPoints()).isEqualTo(-50);
    assertThat(suite.pairs().getLast().candidate().score()).isEqualTo(OptionalDouble.empty());
  }

  @Test
  void aSuiteIsLimitedWhereItsDataHoldsMore() {
    List<Pair> pairs = List.of(PairsOf.graded(0, 1, 1, 1));

    assertThat(PairsOf.suite("cmnli", pairs).limited()).isFalse();
    assertThat(
            new SuitePairs("cmnli", "cmnli/lcb", 2, OptionalDouble.empty(), List.of(), pairs)
                .limited())
        .isTrue();
  }
}
