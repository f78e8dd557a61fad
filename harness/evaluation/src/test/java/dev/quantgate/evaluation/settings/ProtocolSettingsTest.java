package dev.quantgate.evaluation.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProtocolSettingsTest {
  @Test
  void aVariantMayStandAloneOrBehindItsSuite() {
    assertThat(ProtocolSettings.parse(List.of("cmnli=lm-eval", "ceval = ceval/official-0shot")))
        .containsExactly(entry("cmnli", "lm-eval"), entry("ceval", "official-0shot"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ceval", "=lm-eval", "ceval="})
  void aChoiceNeedsASuiteAndAVariant(String choice) {
    assertThatThrownBy(() -> ProtocolSettings.parse(List.of(choice)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aSuiteHasOneVariant() {
    assertThatThrownBy(() -> ProtocolSettings.parse(List.of("ceval=a", "ceval=b")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("two variants of ceval");
  }
}
