package dev.quantgate.evaluation.gate.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.evaluation.gate.statistics.GateSimulation.Rates;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What can be shown, by formula, over all tables, and in simulated comparisons. */
class PowerTest {

  @Test
  void items_needed_and_losses_visible_are_those_of_the_formulas() {
    assertThat(Power.USUAL.itemsNeeded(0.02, 0.01)).isEqualTo(1237);
    assertThat(Power.USUAL.itemsNeeded(0.05, 0.01)).isEqualTo(3092);
    assertThat(Power.USUAL.itemsNeeded(0.1, 0.01)).isEqualTo(6183);
    assertThat(Power.USUAL.itemsNeeded(0, 0.01)).isEqualTo(268);
    assertThat(Power.USUAL.smallestVisibleLoss(164, 0.05)).isCloseTo(0.0434, within(5e-5));
    assertThat(Power.USUAL.smallestVisibleLoss(1346, 0.05)).isCloseTo(0.015, within(2e-4));
    assertThat(Power.USUAL.smallestVisibleLoss(12241, 0.05)).isCloseTo(0.0050, within(5e-5));
  }

  @Test
  void chances_are_the_sum_over_every_table() {
    int n = 40;
    double flips = 0.2;
    double loss = 0.1;
    double margin = 0.05;
    double pass = 0;
    double fail = 0;
    double beyond = 0;
    double point = 0;
    double total = 0;
    for (int losses = 0; losses <= n; losses++) {
      for (int gains = 0; losses + gains <= n; gains++) {
        double weight =
            choose(n, losses)
                * choose(n - losses, gains)
                * Math.pow((flips + loss) / 2, losses)
                * Math.pow((flips - loss) / 2, gains)
                * Math.pow(1 - flips, n - losses - gains);
        var table = new PairTable(n - losses - gains, losses, gains, 0);
        Interval interval = TangoInterval.of(table, 0.05);
        pass += interval.lower() > -margin ? weight : 0;
        boolean real = McNemar.of(losses, gains).loss() < 0.05;
        fail += table.delta() < -margin && real ? weight : 0;
        beyond += interval.upper() < -margin ? weight : 0;
        point += table.delta() >= -margin ? weight : 0;
        total += weight;
      }
    }
    assertThat(total).isCloseTo(1, within(1e-9));
    Power.Chances chances = Power.USUAL.chances(n, flips, loss, margin);
    assertThat(chances.pass()).isCloseTo(pass, within(1e-9));
    assertThat(chances.fail()).isCloseTo(fail, within(1e-9));
    assertThat(chances.beyondMargin()).isCloseTo(beyond, within(1e-9));
    assertThat(chances.point()).isCloseTo(point, within(1e-9));
  }

  @Test
  void a_loss_above_the_flip_rate_cannot_exist_and_no_flips_at_all_can() {
    assertThat(Power.USUAL.chances(164, 0.01, 0.02, 0.01).possible()).isFalse();
    assertThat(Power.USUAL.chances(268, 0, 0, 0.01).pass()).isEqualTo(1);
    assertThat(Power.USUAL.chances(267, 0, 0, 0.01).pass()).isZero();
  }

  @Test
  void the_point_rule_fails_lossless_models_and_passes_lossy_ones_as_the_fact_sheet_says() {
    for (double flips : new double[] {0.02, 0.05, 0.1}) {
      assertThat(1 - Power.USUAL.chances(164, flips, 0, 0.01).point()).isBetween(0.185, 0.355);
      assertThat(Power.USUAL.chances(164, flips, 0.02, 0.01).point()).isBetween(0.155, 0.335);
    }
  }

  @Test
  void simulated_rates_are_the_exact_ones_where_items_are_independent_and_hold_their_errors() {
    int comparisons = 1000;
    List<Rates> all = GateSimulation.run(comparisons, 20);
    assertThat(all).hasSize(7 * 4 * 5);
    int compared = 0;
    for (Rates rates : all) {
      var setting = rates.setting();
      if (!setting.possible()) {
        continue;
      }
      if (setting.clusters().isEmpty()) {
        var exact = Power.USUAL.chances(setting.items(), setting.flipRate(), setting.loss(), 0.01);
        assertThat(rates.pass()).as("%s", setting).isCloseTo(exact.pass(), within(0.065));
        assertThat(rates.fail()).as("%s", setting).isCloseTo(exact.fail(), within(0.065));
        assertThat(rates.point()).as("%s", setting).isCloseTo(exact.point(), within(0.065));
        compared++;
      }
      // Five standard errors of a rate of 5 % above it.
      double most = 0.05 + 5 * Math.sqrt(0.05 * 0.95 / comparisons);
      if (setting.loss() == 0.01) {
        assertThat(rates.pass()).as("%s", setting).isLessThan(most);
        assertThat(rates.earlyPass()).as("%s", setting).isLessThan(most);
        assertThat(rates.earlyFail()).as("%s", setting).isLessThan(most);
      }
      if (setting.loss() == 0) {
        assertThat(rates.fail()).as("%s", setting).isLessThan(most);
      }
    }
    assertThat(compared).isEqualTo(4 * 17);
  }

  private static double choose(int n, int k) {
    double ways = 1;
    for (int i = 1; i <= k; i++) {
      ways = ways * (n - k + i) / i;
    }
    return ways;
  }
}
