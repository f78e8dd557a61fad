package dev.quantgate.inference.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.StepExecutor;
import dev.quantgate.inference.fixture.RandomCheckpoint;
import dev.quantgate.inference.fixture.RandomCheckpoint.Shape;
import dev.quantgate.inference.fixture.StepExecutorContract;
import dev.quantgate.inference.fixture.StepRunner;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CpuStepExecutorTest extends StepExecutorContract {

  static StepExecutor open(Checkpoint checkpoint, int pages, int threads) {
    return CpuStepExecutor.open(
        checkpoint,
        threads,
        weightBytes ->
            new MemoryPlan(
                "--memory",
                weightBytes,
                CpuStepExecutor.workingBytes(checkpoint.config()),
                CpuStepExecutor.pageBytes(checkpoint.config()),
                pages));
  }

  @Override
  protected StepExecutor open(Checkpoint checkpoint, int pages) {
    return open(checkpoint, pages, 2);
  }

  @Test
  void thereAreShapesOfEveryArchitectureAndFormat() {
    assertThat(shapes()).hasSizeGreaterThan(20);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void theNumberOfThreadsChangesNoBit(Shape shape) {
    int[] tokens = new SplittableRandom(3).ints(70, 0, RandomCheckpoint.VOCABULARY).toArray();
    try (var checkpoint = new RandomCheckpoint(shape, 13);
        StepExecutor one = open(checkpoint, 8, 1);
        StepExecutor three = open(checkpoint, 8, 3)) {
      assertThat(new StepRunner(three, RandomCheckpoint.VOCABULARY).logits(tokens, 33))
          .isEqualTo(new StepRunner(one, RandomCheckpoint.VOCABULARY).logits(tokens, 70));
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void weightsAreWidenedToTheValuesThatTheFormatDescribes(Shape shape) {
    try (var checkpoint = new RandomCheckpoint(shape, 14);
        var team = new SpinTeam(2);
        Arena arena = Arena.ofShared()) {
      var block = checkpoint.blocks().getFirst();
      for (Linear linear : List.of(block.query(), block.gate(), block.down())) {
        Weights weights = LoadedModel.weights(linear, arena, team);
        float[] panel = new float[weights.columns()];
        int[] slots = weights.slots();
        for (int n = 0; n < linear.outputs(); n++) {
          weights.unpack(n, 1, panel);
          int seen = 0;
          for (int c = 0; c < panel.length; c++) {
            int k = slots == null ? c : slots[c];
            if (k >= 0 && k < linear.inputs()) {
              seen++;
              assertThat(Float.floatToRawIntBits(panel[c]))
                  .isEqualTo(Float.floatToRawIntBits(ReferenceStepExecutor.weight(linear, n, k)));
            } else {
              assertThat(panel[c]).isZero();
            }
          }
          assertThat(seen).isEqualTo(linear.inputs());
        }
      }
    }
  }
}
