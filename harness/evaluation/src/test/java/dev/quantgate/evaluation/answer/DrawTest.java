package dev.quantgate.evaluation.answer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.evaluation.Fixtures;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrawTest {
  private final SuiteData.Exam exam =
      (SuiteData.Exam) new Fixtures().exam("ceval", 40, 30, 20, 10).suite("ceval");

  private static List<String> ids(SuiteData data) {
    return ((SuiteData.Exam) data).questions().stream().map(ExamQuestion::id).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7, 10, 33, 50, 99, 100, 1000})
  void everySubjectHasItsShareToWithinOneItem(int limit) {
    SuiteData drawn = Draw.of(exam, limit, 7);
    int size = Math.min(limit, 100);
    assertThat(drawn.size()).isEqualTo(size);
    Map<String, Long> shares =
        ((SuiteData.Exam) drawn)
            .questions().stream()
                .collect(Collectors.groupingBy(ExamQuestion::subject, Collectors.counting()));
    int share = 40;
    for (String subject : List.of("subject_a", "subject_b", "subject_c", "subject_d")) {
      assertThat((double) shares.getOrDefault(subject, 0L))
          .isBetween(Math.floor(share * size / 100.0), Math.ceil(share * size / 100.0));
      share -= 10;
    }
  }

  @Test
  void theOrderIsThatOfTheData() {
    List<String> all = ids(exam);
    List<String> drawn = ids(Draw.of(exam, 37, 1));
    assertThat(all).containsSubsequence(drawn);
    assertThat(drawn).hasSize(37).doesNotHaveDuplicates();
  }

  @Test
  void theSameSeedDrawsTheSameAndAnotherSeedOthers() {
    assertThat(ids(Draw.of(exam, 20, 5))).isEqualTo(ids(Draw.of(exam, 20, 5)));
    assertThat(ids(Draw.of(exam, 20, 5))).isNotEqualTo(ids(Draw.of(exam, 20, 6)));
  }

  @Test
  void theDrawIsTheSameInEveryRelease() {
    assertThat(ids(Draw.of(exam, 5, 0)))
        .containsExactly(
            "subject_a/18", "subject_a/20", "subject_b/5", "subject_c/12", "subject_d/3");
  }

  @Test
  void sentencePairsAreDrawnByLabelAndProblemsFromOneStratum() {
    var fixtures = new Fixtures().pairs("cmnli", 90).code("humaneval", 50);
    var pairs = (SuiteData.Pairs) Draw.of(fixtures.suite("cmnli"), 30, 0);
    assertThat(
            pairs.pairs().stream()
                .collect(
                    Collectors.groupingBy(SuiteData.SentencePair::label, Collectors.counting())))
        .hasSize(3)
        .allSatisfy((label, count) -> assertThat(count).isEqualTo(10));
    assertThat(Draw.of(fixtures.suite("humaneval"), 9, 0).size()).isEqualTo(9);
  }
}
