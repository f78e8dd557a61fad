package dev.quantgate.evaluation.gate.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SimulatedEarlyStopTest {
  private static final double MARGIN = 0.01;

  private static SimulatedEarlyStop ofSingleItems() {
    var early = new SimulatedEarlyStop(1, MARGIN, 0.05);
    early.restart();
    return early;
  }

  @Test
  void nothingIsDecidedAtTheFirstLookOfAnEvenPair() {
    SimulatedEarlyStop early = ofSingleItems();

    early.look(1, 1, 30);

    assertThat(early.decided()).isZero();
    assertThat(early.items()).isEqualTo(32);
  }

  @Test
  void manyItemsWithoutAFlipProveAPassAndEndTheCount() {
    SimulatedEarlyStop early = ofSingleItems();
    for (int i = 0; i < 100; i++) {
      early.look(0, 0, 32);
    }

    assertThat(early.decided()).isPositive();
    assertThat(early.items()).isBetween(100, 3200 - 32);
  }

  @Test
  void lossesAloneProveALossBeyondTheMargin() {
    SimulatedEarlyStop early = ofSingleItems();
    for (int i = 0; i < 20; i++) {
      early.look(8, 0, 24);
    }

    assertThat(early.decided()).isNegative();
    assertThat(early.items()).isLessThan(20 * 32);
  }

  @Test
  void aRestartForgetsWhatWasDecided() {
    SimulatedEarlyStop early = ofSingleItems();
    for (int i = 0; i < 20; i++) {
      early.look(8, 0, 24);
    }

    early.restart();

    assertThat(early.decided()).isZero();
    assertThat(early.items()).isZero();
  }

  @Test
  void theSumsAreThoseOfTheSequenceItselfItemByItem() {
    double[] values = new double[96];
    values[3] = -1;
    values[40] = 1;
    values[41] = -1;
    SimulatedEarlyStop early = ofSingleItems();
    for (double value : values) {
      early.cluster(value, 1);
    }

    double[] down = new double[BettingSequence.FRACTIONS.length];
    for (int i = 0; i < down.length; i++) {
      for (double value : values) {
        down[i] += BettingSequence.logFactor(BettingSequence.FRACTIONS[i], value, 1, 1, -MARGIN);
      }
    }
    assertThat(early.decided() > 0)
        .isEqualTo(BettingSequence.logMean(down) >= -Math.log(0.05))
        .isFalse();
    assertThat(early.items()).isEqualTo(96);
  }
}
