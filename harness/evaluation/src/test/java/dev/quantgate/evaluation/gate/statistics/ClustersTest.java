package dev.quantgate.evaluation.gate.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Items that depend on each other, and bounds that may be looked at while they arrive. */
class ClustersTest {

  @Test
  void items_that_repeat_in_their_cluster_count_once() {
    var random = new SplittableRandom(3);
    List<double[]> clusters = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      double difference = random.nextInt(-1, 2);
      clusters.add(new double[] {difference, difference, difference, difference});
    }
    assertThat(Clusters.of(clusters).designEffect(0.05)).isCloseTo(4, within(0.05));
  }

  @Test
  void independent_items_have_a_design_effect_of_about_one_and_never_less() {
    var random = new SplittableRandom(4);
    List<double[]> clusters = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      clusters.add(new double[] {random.nextInt(-1, 2), random.nextInt(-1, 2)});
    }
    assertThat(Clusters.of(clusters).designEffect(0.05)).isBetween(1.0, 1.1);
    // A loss and a gain in each cluster cancel out: less than independent, and still 1.
    assertThat(Clusters.of(Collections.nCopies(50, new double[] {-1, 1})).designEffect(0.05))
        .isEqualTo(1);
    assertThat(Clusters.ofItems(new double[100]).designEffect(0.05)).isEqualTo(1);
    assertThat(Clusters.of(List.of(new double[] {-1, 0})).designEffect(0.05)).isEqualTo(1);
  }

  @Test
  void the_bootstrap_agrees_with_the_normal_interval_where_clusters_are_many() {
    var random = new SplittableRandom(5);
    double[] differences = random.doubles(2000, -1, 1).toArray();
    Clusters clusters = Clusters.ofItems(differences);
    Interval interval = ClusterBootstrap.of(clusters, 0.05, 7);
    double error = Math.sqrt(1 / 3.0 / 2000);
    assertThat(interval.lower()).isCloseTo(clusters.delta() - 1.645 * error, within(0.002));
    assertThat(interval.upper()).isCloseTo(clusters.delta() + 1.645 * error, within(0.002));
    assertThat(ClusterBootstrap.of(clusters, 0.05, 7)).isEqualTo(interval);
    assertThat(ClusterBootstrap.of(clusters, 0.05, 8)).isNotEqualTo(interval);
  }

  @Test
  void graded_items_without_a_difference_keep_the_width_that_their_number_leaves() {
    Interval problems = GradedInterval.of(Clusters.ofItems(new double[164]), 0.05, 1);
    assertThat(problems.lower()).isBetween(-0.04, -0.02);
    assertThat(problems.upper()).isEqualTo(-problems.lower());
    Interval many = GradedInterval.of(Clusters.ofItems(new double[1000]), 0.05, 1);
    assertThat(many.lower()).isBetween(-0.01, -0.003);
  }

  @Test
  void betting_bounds_do_not_depend_on_the_order_and_turn_with_the_sign() {
    var random = new SplittableRandom(6);
    for (int i = 0; i < 50; i++) {
      List<double[]> clusters = new ArrayList<>();
      for (int j = random.nextInt(1, 60); j > 0; j--) {
        clusters.add(random.doubles(random.nextInt(1, 5), -1, 1).toArray());
      }
      Interval interval = BettingSequence.of(Clusters.of(clusters), 0.05);
      assertThat(Clusters.of(clusters).delta()).isBetween(interval.lower(), interval.upper());
      List<double[]> shuffled = new ArrayList<>(clusters);
      Collections.shuffle(shuffled, new Random(i));
      Interval again = BettingSequence.of(Clusters.of(shuffled), 0.05);
      assertThat(again.lower()).isCloseTo(interval.lower(), within(1e-9));
      clusters.forEach(cluster -> {
        for (int k = 0; k < cluster.length; k++) {
          cluster[k] = -cluster[k];
        }
      });
      Interval turned = BettingSequence.of(Clusters.of(clusters), 0.05);
      assertThat(turned.lower()).isCloseTo(-interval.upper(), within(1e-9));
    }
  }

  @Test
  void a_sequence_decides_as_its_bounds_do() {
    var random = new SplittableRandom(8);
    int passed = 0;
    int failed = 0;
    for (int run = 0; run < 30; run++) {
      var sequence = new BettingSequence(1, 0.05);
      double loss = run % 3 * 0.03;
      for (int i = 0; i < 1500; i++) {
        sequence.add(random.nextDouble() < loss ? -1 : 0, 1);
        if (i % 100 == 99) {
          Interval interval = sequence.interval();
          Optional<BettingSequence.Decision> decision = sequence.decision(0.01);
          assertThat(decision.equals(Optional.of(BettingSequence.Decision.PASS)))
              .isEqualTo(interval.lower() > -0.01);
          assertThat(decision.equals(Optional.of(BettingSequence.Decision.FAIL)))
              .isEqualTo(interval.upper() < -0.01);
          passed += interval.lower() > -0.01 ? 1 : 0;
          failed += interval.upper() < -0.01 ? 1 : 0;
        }
      }
    }
    assertThat(passed).isPositive();
    assertThat(failed).isPositive();
  }

  @Test
  void a_stake_is_fair_where_the_hypothesis_is_true() {
    // Over all differences of a cluster that make the mean true, the factor's mean is 1.
    for (double fraction : BettingSequence.FRACTIONS) {
      double lost = Math.exp(BettingSequence.logFactor(fraction, -3, 3, 5, -0.01));
      double kept = Math.exp(BettingSequence.logFactor(fraction, 0, 3, 5, -0.01));
      assertThat(0.01 * lost + 0.99 * kept).isCloseTo(1, within(1e-12));
      assertThat(lost).isPositive();
    }
  }

  @Test
  void what_is_no_cluster_is_refused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Clusters.of(List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> Clusters.of(List.of(new double[] {1.5})));
    assertThatIllegalArgumentException().isThrownBy(() -> Clusters.of(List.of(new double[0])));
    assertThatIllegalArgumentException().isThrownBy(() -> new BettingSequence(2, 0.05).add(0, 3));
    assertThatIllegalArgumentException().isThrownBy(() -> new BettingSequence(2, 0.05).add(-3, 2));
  }
}
