package dev.quantgate.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
  private static final List<String> KNOWN =
      List.of("humaneval", "cmnli", "ceval", "ceval-test", "limit");

  @ParameterizedTest
  @CsvSource({
    "humanevla,humaneval",
    "HumanEval,humaneval",
    "human,humaneval",
    "cmnil,cmnli",
    "c-eval,ceval",
    "cevaltest,ceval-test",
    "limti,limit",
    "limits,limit"
  })
  void aSlipOfTheKeyboardFindsTheWordThatWasMeant(String typed, String meant) {
    assertThat(Nearest.to(typed, KNOWN)).hasValue(meant);
    assertThat(Nearest.hint(typed, KNOWN)).isEqualTo(", did you mean \"%s\"?", meant);
  }

  @ParameterizedTest
  @CsvSource({"mmlu", "gsm8k", "''", "x", "quantgate-configuration"})
  void whatIsLikeNoneOfThemFindsNothing(String typed) {
    assertThat(Nearest.to(typed, KNOWN)).isEmpty();
    assertThat(Nearest.hint(typed, KNOWN)).isEmpty();
  }
}
