package dev.quantgate.evaluation.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The figures are those of the reference's section on power. */
class ProspectTest {
  private static Prospect prospect(int items, int samples, double margin, boolean stop) {
    return Prospect.of(
        "s", true, samples, Collections.nCopies(items, 1), Margin.ofPoints(margin), stop);
  }

  @Test
  void humanEvalProvesNoLossBelowAPointWhateverFlipsAndHoweverManySamplesAreAsked() {
    Prospect once = prospect(164, 1, 1, false);
    Prospect sampled = prospect(164, 50, 1, false);

    assertThat(once.itemsWithoutFlips()).hasValue(268);
    assertThat(once.mostFlips()).isEmpty();
    assertThat(once.beyondSamples()).isTrue();
    assertThat(once.samplesNeeded()).isEmpty();
    assertThat(once.visibleLossPoints()).isEqualTo(4.34, within(0.01));
    assertThat(sampled.mostFlips()).isEmpty();
  }

  @Test
  void cEvalProvesItUpToTwoPercentOfFlipsAndCmnliUpToTwenty() {
    Prospect ceval = prospect(1346, 1, 1, false);
    Prospect cmnli = prospect(12241, 1, 1, false);

    assertThat(ceval.mostFlips().getAsDouble()).isEqualTo(0.0218, within(0.0001));
    assertThat(ceval.visibleLossPoints()).isEqualTo(1.52, within(0.01));
    assertThat(ceval.itemsNeeded()).hasValue(3092);
    assertThat(cmnli.mostFlips().getAsDouble()).isEqualTo(0.198, within(0.001));
    assertThat(cmnli.visibleLossPoints()).isEqualTo(0.50, within(0.01));
  }

  @Test
  void samplesHelpWhereProblemsAreEnough() {
    assertThat(prospect(600, 1, 1, false).samplesNeeded()).hasValue(6);
    assertThat(prospect(600, 1, 2, false).samplesNeeded()).hasValue(2);
  }

  @Test
  void aMarginOfEverythingIsProvenByAnything() {
    Prospect all = prospect(164, 1, 100, true);

    assertThat(all.beyondSamples()).isFalse();
    assertThat(all.samplesNeeded()).hasValue(1);
    assertThat(all.earliestStop()).hasValue(OptionalInt.of(1));
    assertThat(prospect(164, 20, 100, false).itemsWithoutFlips()).hasValue(1);
  }

  @Test
  void aMarginOfNothingIsProvenByNothing() {
    Prospect none = prospect(12241, 1, 0, true);

    assertThat(none.itemsWithoutFlips()).isEqualTo(OptionalLong.empty());
    assertThat(none.mostFlips()).isEqualTo(OptionalDouble.empty());
    assertThat(none.beyondSamples()).isTrue();
    assertThat(none.earliestStop()).isEmpty();
  }

  @Test
  void singleItemsCanStopEarlyAndFewLargeClustersCannot() {
    Optional<OptionalInt> single = prospect(1346, 1, 1, true).earliestStop();
    Prospect subjects =
        Prospect.of("s", false, 1, Collections.nCopies(52, 26), Margin.ofPoints(1), true);

    assertThat(single.orElseThrow().getAsInt()).isEqualTo(512);
    assertThat(subjects.earliestStop()).contains(OptionalInt.empty());
    assertThat(prospect(1346, 1, 1, false).earliestStop()).isEmpty();
    assertThat(Prospect.of("s", false, 1, List.of(1, 2), Margin.ofPoints(1), true).earliestStop())
        .contains(OptionalInt.empty());
  }
}
