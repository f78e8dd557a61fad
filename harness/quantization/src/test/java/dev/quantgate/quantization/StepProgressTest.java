package dev.quantgate.quantization;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepProgressTest {
  @Test
  void whatAnEarlierRunDidCountsAsDoneAndSaysNothingOfThePace() {
    List<ProgressListener.Progress> told = new ArrayList<>();
    var step = new StepProgress("answering", 40, told::add);
    step.skip(32);
    assertThat(told.getLast().left()).isEmpty();
    step.done(7);
    step.done();
    assertThat(told).extracting(ProgressListener.Progress::done).containsExactly(0L, 32L, 39L, 40L);
    assertThat(told).extracting(ProgressListener.Progress::total).containsOnly(40L);
    assertThat(told.getLast().left()).hasValueSatisfying(left -> assertThat(left).isZero());
  }
}
