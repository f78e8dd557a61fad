package dev.quantgate.evaluation.gate.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.gate.statistics.SuitesSimulation.Rates;
import dev.quantgate.evaluation.gate.statistics.SuitesSimulation.Setting;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several suites together keep the errors of their proofs, whole and stopped. */
class SuitesSimulationTest {
  private static final int COMPARISONS = 1000;

  /** Five standard errors of a rate of 5 % above it. */
  private static final double MOST = 0.05 + 5 * Math.sqrt(0.05 * 0.95 / COMPARISONS);

  private static Rates rates(double... losses) {
    return SuitesSimulation.rates(
        new Setting(List.of(1346, 3000), false, 0.05, Arrays.stream(losses).boxed().toList()),
        COMPARISONS,
        3);
  }

  @Test
  void equalModelsAreSeldomProvenToFail() {
    Rates rates = rates(0, 0);

    assertThat(rates.fail()).isLessThan(MOST);
    assertThat(rates.earlyFail()).isLessThan(MOST);
    assertThat(rates.pass()).isGreaterThan(0.25);
  }

  @Test
  void equalModelsAreSeldomProvenToFailBySuitesWhoseFlipsComeInBunches() {
    for (double flips : new double[] {0.05, 0.1}) {
      assertThat(SuitesSimulation.rates(SuitesSimulation.subjects(flips, 0, 0, 0), 1000, 4).fail())
          .isLessThan(MOST);
    }
  }

  @Test
  void oneSuiteThatLostTheMarginIsEnoughToKeepTheWholeFromAProvenPass() {
    Rates rates = rates(0, 0.01);

    assertThat(rates.pass()).isLessThan(MOST);
    assertThat(rates.earlyPass()).isLessThan(MOST);
    assertThat(rates.earlyFail()).isLessThan(MOST);
  }

  @Test
  void aMeanLossOfTheMarginIsSeldomExcludedByThePooledBounds() {
    assertThat(rates(0.01, 0.01).pooledWithin()).isLessThan(MOST);
    assertThat(rates(0, 0.02).pooledWithin()).isLessThan(MOST);
    assertThat(rates(0, 0).pooledWithin()).isGreaterThan(0.5);
  }

  @Test
  void aLossOfThreePointsIsProven() {
    Rates rates = rates(0.03, 0.03);

    assertThat(rates.fail()).isGreaterThan(0.9);
    assertThat(rates.earlyFail()).isGreaterThan(0.5);
    assertThat(rates.earlyItems()).isLessThan(0.9);
  }
}
