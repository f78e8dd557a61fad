package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.record.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChangeLineTest {
  private static Pair pair(String divergence, String baseline, String candidate) {
    return Json.lines()
        .readValue(
            """
            {"ordinal": 0, "id": "HumanEval/0", "stratum": "", "category": "", "choices": 0, "expected": "",
             "kind": "loss", "nearTie": false, "sameAnswer": false, %s
             "baseline": {"answer": "x", "answers": 1, "right": 1, %s "tied": false, "shortened": 0},
             "candidate": {"answer": "y", "answers": 1, "right": 0, %s "tied": false, "shortened": 0}}
            """
                .formatted(
                    field("divergence", divergence),
                    field("divergenceMargin", baseline),
                    field("divergenceMargin", candidate)),
            Pair.class);
  }

  private static String field(String name, String value) {
    return value.equals("-") ? "" : "\"%s\": %s,".formatted(name, value);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "36 | 0.02 | 1.31 | number 37: the baseline preferred its own by 0.0200 nats, the candidate by 1.3100 nats",
        "0 | 0 | -0.75 | number 1: the baseline preferred its own by 0.0000 nats, the candidate drew its own 0.7500 nats behind a likelier one",
        "0 | -0.5 | 2 | number 1: the baseline drew its own 0.5000 nats behind a likelier one, the candidate preferred its own by 2.0000 nats",
        "4 | - | 3 | number 5: the candidate preferred its own by 3.0000 nats",
        "1233 | 1 | - | number 1,234: the baseline preferred its own by 1.0000 nats",
        "4 | - | - | number 5"
      })
  void thePlaceWhereTextsPartIsToldWithWhatIsKnownOfBothMargins(
      String divergence, String baseline, String candidate, String told) {
    assertThat(ChangeLine.firstOther(pair(divergence, baseline, candidate))).contains(told);
  }

  @Test
  void textsThatDoNotPartHaveNoSuchPlace() {
    assertThat(ChangeLine.firstOther(pair("-", "-", "-"))).isEmpty();
  }
}
