package dev.quantgate.evaluation.gate.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Intervals of right/wrong items, against published examples, a plain search and by properties. */
class IntervalsTest {
  /** Complete response after consolidation therapy (Cavo et al. 2012), 161 patients. */
  private static final PairTable CAVO = new PairTable(59, 16, 6, 80);

  /** Airway hyper-responsiveness after stem cell transplantation (Bentur et al. 2009), 21. */
  private static final PairTable BENTUR = new PairTable(1, 7, 1, 12);

  @Test
  void Tangos_interval_agrees_with_published_examples() {
    assertThat(rounded(TangoInterval.of(flipped(CAVO), 0.025))).isEqualTo("0.0054 to 0.1240");
    assertThat(rounded(TangoInterval.of(CAVO, 0.025))).isEqualTo("-0.1240 to -0.0054");
    assertThat(rounded(TangoInterval.of(BENTUR, 0.025))).isEqualTo("-0.5172 to -0.0260");
  }

  @Test
  void Newcombes_interval_agrees_with_published_examples() {
    assertThat(rounded(NewcombeInterval.of(CAVO, 0.025))).isEqualTo("-0.1186 to -0.0046");
    assertThat(rounded(NewcombeInterval.of(BENTUR, 0.025))).isEqualTo("-0.5069 to -0.0256");
    // Sputum on two culture media, from Armitage and Berry, as Newcombe 1998 gives it.
    assertThat(rounded(NewcombeInterval.of(new PairTable(20, 2, 12, 16), 0.025)))
        .isEqualTo("0.0562 to 0.3292");
  }

  @Test
  void without_flips_Tangos_bound_is_z_squared_by_n_plus_z_squared() {
    for (int n : new int[] {1, 10, 164, 267, 268, 1346}) {
      Interval interval = TangoInterval.of(new PairTable(n, 0, 0, 0), 0.05);
      double expected = 2.705543454095414 / (n + 2.705543454095414);
      assertThat(interval.lower()).isCloseTo(-expected, within(1e-12));
      assertThat(interval.upper()).isCloseTo(expected, within(1e-12));
    }
    assertThat(TangoInterval.of(new PairTable(0, 0, 0, 10), 0.05).lower())
        .isCloseTo(-0.213, within(0.0005));
    assertThat(TangoInterval.of(new PairTable(267, 0, 0, 0), 0.05).lower()).isLessThan(-0.01);
    assertThat(TangoInterval.of(new PairTable(268, 0, 0, 0), 0.05).lower()).isGreaterThan(-0.01);
  }

  @Test
  void Tangos_statistic_takes_the_likeliest_loss_rate_that_a_search_finds() {
    var random = new SplittableRandom(11);
    for (int i = 0; i < 200; i++) {
      int losses = random.nextInt(1, 30);
      int gains = random.nextInt(1, 30);
      int n = losses + gains + random.nextInt(1, 300);
      double delta = random.nextDouble(-0.3, 0.3);
      double best = Double.NEGATIVE_INFINITY;
      double rate = 0;
      for (double q = Math.max(0, -delta) + 1e-5; q < (1 - delta) / 2; q += 1e-4) {
        double likelihood =
            losses * Math.log(q)
                + gains * Math.log(q + delta)
                + (n - losses - gains) * Math.log(1 - 2 * q - delta);
        if (likelihood > best) {
          best = likelihood;
          rate = q;
        }
      }
      double error = Math.sqrt(n * (2 * rate + delta * (1 - delta)));
      double expected = (gains - losses - n * delta) / error;
      assertThat(TangoInterval.score(losses, gains, n, delta))
          .as("%d losses and %d gains in %d at %f", losses, gains, n, delta)
          .isCloseTo(expected, within(0.02 + 0.02 * Math.abs(expected)));
    }
  }

  @Test
  void ends_of_Tangos_interval_are_where_the_statistic_is_the_quantile() {
    var random = new SplittableRandom(12);
    double z = Normal.exceeded(0.05);
    for (int i = 0; i < 300; i++) {
      PairTable table = table(random);
      Interval interval = TangoInterval.of(table, 0.05);
      assertThat(interval.lower()).isBetween(-1.0, table.delta());
      assertThat(interval.upper()).isBetween(table.delta(), 1.0);
      if (interval.lower() > -1) {
        assertThat(
                TangoInterval.score(table.losses(), table.gains(), table.items(), interval.lower()))
            .isCloseTo(z, within(1e-6));
      }
      Interval mirrored = TangoInterval.of(flipped(table), 0.05);
      assertThat(mirrored).isEqualTo(new Interval(-interval.upper(), -interval.lower()));
      Interval clustered = TangoInterval.of(table, 1 + random.nextDouble(3), 0.05);
      assertThat(clustered.hull(interval)).isEqualTo(clustered);
      assertThat(TangoInterval.of(table, 0.3, 0.05)).isEqualTo(interval);
    }
  }

  @Test
  void a_bound_holds_in_about_95_of_100_samples_counted_over_all_tables() {
    for (double flips : new double[] {0.02, 0.05, 0.1}) {
      Power.Chances chances = Power.USUAL.chances(1346, flips, 0.01, 0.01);
      assertThat(chances.pass()).isBetween(0.03, 0.052);
      assertThat(chances.beyondMargin()).isBetween(0.03, 0.055);
    }
  }

  @Test
  void McNemars_test_agrees_with_known_tables() {
    McNemar cavo = McNemar.of(16, 6);
    assertThat(cavo.twoSided()).isCloseTo(0.052479, within(5e-7));
    assertThat(cavo.midP()).isCloseTo(0.034690, within(5e-7));
    McNemar bentur = McNemar.of(7, 1);
    assertThat(bentur.loss()).isCloseTo(9 / 256.0, within(1e-12));
    assertThat(bentur.twoSided()).isCloseTo(18 / 256.0, within(1e-12));
    assertThat(bentur.midP()).isCloseTo(10 / 256.0, within(1e-12));
    assertThat(McNemar.of(1, 0)).isEqualTo(new McNemar(0.5, 1, 0.5));
    assertThat(McNemar.of(0, 0)).isEqualTo(new McNemar(1, 1, 1));
    assertThat(McNemar.of(0, 5).loss()).isEqualTo(1);
    assertThat(McNemar.of(3, 3).midP()).isEqualTo(1);
  }

  @Test
  void McNemars_test_counts_all_ways_in_which_a_coin_falls() {
    for (int losses = 0; losses <= 7; losses++) {
      for (int gains = 0; losses + gains <= 14; gains++) {
        int flips = losses + gains;
        if (flips == 0) {
          continue;
        }
        int atLeast = 0;
        int same = 0;
        for (int way = 0; way < 1 << flips; way++) {
          atLeast += Integer.bitCount(way) >= losses ? 1 : 0;
          same += Integer.bitCount(way) == losses ? 1 : 0;
        }
        double ways = 1 << flips;
        McNemar test = McNemar.of(losses, gains);
        assertThat(test.loss()).isCloseTo(atLeast / ways, within(1e-12));
        double smaller = losses < gains ? (ways - atLeast + same) / ways : atLeast / ways;
        assertThat(test.twoSided()).isCloseTo(Math.min(1, 2 * smaller), within(1e-12));
        assertThat(test.midP()).isCloseTo(Math.min(1, 2 * smaller - same / ways), within(1e-12));
      }
    }
  }

  @Test
  void the_exact_bound_of_a_rate_is_where_so_many_successes_have_5_in_100() {
    assertThat(Proportion.lowerBound(0, 164, 0.05)).isZero();
    // With every trial a success the bound is the n-th root of alpha.
    assertThat(Proportion.lowerBound(10, 10, 0.05)).isCloseTo(Math.pow(0.05, 0.1), within(1e-9));
    // 3 right of 1,346: far below a point.
    double three = Proportion.lowerBound(3, 1346, 0.05);
    assertThat(three).isBetween(0.0006, 0.00062);
    assertThat(Proportion.wilson(81, 263, 0.025).lower()).isCloseTo(0.2553, within(5e-5));
    assertThat(Proportion.wilson(81, 263, 0.025).upper()).isCloseTo(0.3662, within(5e-5));
  }

  @Test
  void Holm_multiplies_the_smallest_by_all_and_never_lets_a_larger_one_fall_below_it() {
    assertThat(Holm.adjust(List.of(0.01, 0.04, 0.03, 0.005)))
        .containsExactly(0.03, 0.06, 0.06, 0.02);
    assertThat(Holm.adjust(List.of(0.9, 0.8))).containsExactly(1.0, 1.0);
    assertThat(Holm.adjust(List.of())).isEmpty();
  }

  @Test
  void pooled_suites_keep_their_width_and_are_narrower_than_each() {
    var one = new Pooled.Stratum(1, -0.01, new Interval(-0.03, 0.01));
    Pooled pooled = Pooled.of(List.of(one, one));
    assertThat(pooled.delta()).isCloseTo(-0.01, within(1e-15));
    assertThat(pooled.interval().lower()).isCloseTo(-0.01 - 0.02 / Math.sqrt(2), within(1e-12));
    assertThat(pooled.interval().upper()).isCloseTo(-0.01 + 0.02 / Math.sqrt(2), within(1e-12));
    assertThat(Pooled.of(List.of(one)).interval()).isEqualTo(one.interval());
    assertThatIllegalArgumentException().isThrownBy(() -> Pooled.of(List.of()));
  }

  private static PairTable table(SplittableRandom random) {
    return new PairTable(
        random.nextInt(0, 200),
        random.nextInt(0, 12),
        random.nextInt(0, 12),
        random.nextInt(1, 200));
  }

  private static PairTable flipped(PairTable table) {
    return new PairTable(table.bothRight(), table.gains(), table.losses(), table.bothWrong());
  }

  private static String rounded(Interval interval) {
    return "%.4f to %.4f".formatted(interval.lower(), interval.upper());
  }

  @Test
  void tables_and_intervals_that_cannot_be_are_refused() {
    var refused = new ArrayList<Runnable>();
    refused.add(() -> new PairTable(-1, 0, 0, 0));
    refused.add(() -> new Interval(1, 0));
    refused.add(() -> new Interval(Double.NaN, 0));
    refused.add(() -> TangoInterval.of(new PairTable(0, 0, 0, 0), 0.05));
    refused.add(() -> TangoInterval.of(CAVO, 0.5));
    refused.add(() -> Proportion.lowerBound(3, 2, 0.05));
    refused.forEach(each -> assertThatIllegalArgumentException().isThrownBy(each::run));
  }
}
