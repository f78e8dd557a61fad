package dev.quantgate.evaluation.gate.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.gate.statistics.GradedSimulation.Rates;
import org.junit.jupiter.api.Test;

class GradedSimulationTest {
  @Test
  void fewProblemsProveNoPassAndALossTheSizeOfTheirSpreadIsSeen() {
    Rates none = GradedSimulation.rates(164, 0, 20, 1);
    Rates large = GradedSimulation.rates(400, 0.04, 20, 1);

    assertThat(none.pass()).isZero();
    assertThat(none.fail()).isLessThan(0.4);
    assertThat(large.fail()).isGreaterThan(0.6);
    assertThat(large.pass()).isZero();
  }
}
