package dev.quantgate.evaluation.answer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.Fixtures;
import dev.quantgate.evaluation.protocol.Item;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrawTest {
  private final List<? extends Item> exam =
      items(new Fixtures().exam("ceval", 40, 30, 20, 10), "ceval");

  private static List<? extends Item> items(Fixtures fixtures, String suite) {
    return fixtures.doors().suites().find(suite).load(DataOptions.standard()).items();
  }

  private static List<String> ids(List<? extends Item> items) {
    return items.stream().map(Item::id).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7, 10, 33, 50, 99, 100, 1000})
  void everySubjectHasItsShareToWithinOneItem(int limit) {
    List<? extends Item> drawn = Draw.of("ceval", exam, limit, 7);
    int size = Math.min(limit, 100);
    assertThat(drawn.size()).isEqualTo(size);
    Map<String, Long> shares =
        drawn.stream().collect(Collectors.groupingBy(Item::stratum, Collectors.counting()));
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
    List<String> drawn = ids(Draw.of("ceval", exam, 37, 1));
    assertThat(all).containsSubsequence(drawn);
    assertThat(drawn).hasSize(37).doesNotHaveDuplicates();
  }

  @Test
  void theSameSeedDrawsTheSameAndAnotherSeedOthers() {
    assertThat(ids(Draw.of("ceval", exam, 20, 5))).isEqualTo(ids(Draw.of("ceval", exam, 20, 5)));
    assertThat(ids(Draw.of("ceval", exam, 20, 5))).isNotEqualTo(ids(Draw.of("ceval", exam, 20, 6)));
  }

  @Test
  void theDrawIsTheSameInEveryRelease() {
    assertThat(ids(Draw.of("ceval", exam, 5, 0)))
        .containsExactly(
            "subject_a/18", "subject_a/20", "subject_b/5", "subject_c/12", "subject_d/3");
  }

  @Test
  void sentencePairsAreDrawnByLabelAndProblemsFromOneStratum() {
    var fixtures = new Fixtures().pairs("cmnli", 90).code("humaneval", 50);
    assertThat(
            Draw.of("cmnli", items(fixtures, "cmnli"), 30, 0).stream()
                .collect(Collectors.groupingBy(Item::stratum, Collectors.counting())))
        .hasSize(3)
        .allSatisfy((label, count) -> assertThat(count).isEqualTo(10));
    assertThat(Draw.of("humaneval", items(fixtures, "humaneval"), 9, 0)).hasSize(9);
  }
}
