package dev.quantgate.evaluation.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.protocol.Averages.Average;
import dev.quantgate.evaluation.protocol.Averages.ItemScore;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;

class AveragesTest {

  /** Against 1 - C(n-c, k) / C(n, k) in whole numbers. */
  @Test
  void passAtKIsTheShareOfDrawsWithAPass() {
    int compared = 0;
    for (int n = 1; n <= 40; n++) {
      for (int c = 0; c <= n; c++) {
        for (int k = 1; k <= n; k++) {
          double none = choose(n - c, k).doubleValue() / choose(n, k).doubleValue();
          assertThat(Averages.passAtK(n, c, k)).isCloseTo(1 - none, within(1e-12));
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(20_000);
  }

  private static BigInteger choose(int n, int k) {
    if (k > n) {
      return BigInteger.ZERO;
    }
    var result = BigInteger.ONE;
    for (int i = 1; i <= k; i++) {
      result = result.multiply(BigInteger.valueOf(n - k + i)).divide(BigInteger.valueOf(i));
    }
    return result;
  }

  @Test
  void passAtKOfImpossibleCountsIsRefused() {
    assertThatThrownBy(() -> Averages.passAtK(5, 6, 1)).hasMessageContaining("pass@1 of 5");
    assertThatThrownBy(() -> Averages.passAtK(5, 5, 6)).hasMessageContaining("pass@6 of 5");
  }

  @Test
  void theExampleSamplesOfHumanEvalGiveAHalf() {
    var averages = Averages.ofPrograms(List.of(new ItemScore("test/0", "test", 6, 3)));
    assertThat(averages).extracting(Average::name).containsExactly("pass@1");
    assertThat(averages.getFirst().score()).isEqualTo(0.5);
  }

  @Test
  void aKIsReportedWhereEveryProblemHasSamplesEnough() {
    var scores = List.of(new ItemScore("a", "", 10, 1), new ItemScore("b", "", 12, 0));
    assertThat(Averages.ofPrograms(scores))
        .extracting(Average::name)
        .containsExactly("pass@1", "pass@10");
    assertThat(Averages.ofPrograms(scores).getLast().score()).isCloseTo(0.5, within(1e-12));
    assertThat(Averages.ofPrograms(List.of())).isEmpty();
  }

  @Test
  void subjectsCountAlikeInTheMacroAverageAndItemsInTheMicroAverage() {
    var subjects =
        List.of(
            new Subject("x", "甲", "STEM", true),
            new Subject("y", "乙", "STEM", false),
            new Subject("z", "丙", "Other", false),
            new Subject("none", "丁", "Humanities", true));
    var scores =
        List.of(
            new ItemScore("x/0", "x", 1, 1),
            new ItemScore("x/1", "x", 1, 0),
            new ItemScore("x/2", "x", 1, 0),
            new ItemScore("x/3", "x", 1, 0),
            new ItemScore("y/0", "y", 1, 1),
            new ItemScore("z/0", "z", 1, 1));
    assertThat(Averages.ofSubjects(subjects, scores))
        .containsExactly(
            new Average("macro", 6, 0.75),
            new Average("micro", 6, 0.5),
            new Average("category/STEM", 5, 0.625),
            new Average("category/Other", 1, 1),
            new Average("hard", 4, 0.25),
            new Average("subject/x", 4, 0.25),
            new Average("subject/y", 1, 1),
            new Average("subject/z", 1, 1));
    assertThatThrownBy(
            () -> Averages.ofSubjects(subjects, List.of(new ItemScore("w/0", "w", 1, 1))))
        .hasMessage("w/0 is of no subject of this suite");
  }
}
