package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.Slice;
import dev.quantgate.inference.engine.StepExecutor;
import dev.quantgate.inference.fixture.RandomCheckpoint;
import dev.quantgate.inference.fixture.RandomCheckpoint.Shape;
import dev.quantgate.inference.fixture.StepExecutorContract;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Steps on the stand-in, held to the oracle. */
class CudaExecutorTest extends StepExecutorContract {
  private static final int STEP_ROWS = 256;
  private static final Set<String> SHAPES =
      Set.of(
          "grouped bf16",
          "seven to one, biases, tied",
          "query and key norms",
          "int4 group 64 asymmetric scattered",
          "int4 whole column of 72");

  private DeviceSession session;

  @BeforeAll
  void openTheStandIn() {
    session = StandIn.session();
  }

  @AfterAll
  void closeIt() {
    session.close();
  }

  @Override
  protected StepExecutor open(Checkpoint checkpoint, int pages) {
    DeviceModel model =
        DeviceModel.load(
            session.context(), session.kernels(), session.stream(), checkpoint, "random");
    var plan =
        new MemoryPlan(
            "--gpu-memory", model.bytes(), 1, Forward.pageBytes(checkpoint.config()), pages);
    return new CudaExecutor(
        session.context(), session.kernels(), session.stream(), model, plan, STEP_ROWS, true);
  }

  @Test
  void anAskOfMoreTokensThanAreLookedUpAtATimeIsAnsweredWhole() {
    Shape shape =
        RandomCheckpoint.shapes().stream()
            .filter(each -> each.name().equals("grouped bf16"))
            .findFirst()
            .orElseThrow();
    int[] few = IntStream.range(0, RandomCheckpoint.VOCABULARY).toArray();
    int[] many =
        IntStream.range(0, 2 * Workspace.LOOKUPS + 5)
            .map(i -> i * 5 % RandomCheckpoint.VOCABULARY)
            .toArray();
    var answers = new ArrayList<double[]>();
    try (var checkpoint = new RandomCheckpoint(shape, 5);
        StepExecutor device = open(checkpoint, 4)) {
      var asks = new ArrayList<Ask>();
      for (int[] tokens : List.of(new int[] {1, 2}, few, many, new int[] {3})) {
        asks.add(
            new Ask.OfTokens(asks.size(), tokens, found -> answers.add(found.logProbabilities())));
      }
      device.step(List.of(new Slice(new int[] {0}, new int[] {5, 5, 5, 5}, 0, 4, asks)));
    }
    assertThat(answers.stream().map(each -> each.length)).containsExactly(2, 203, many.length, 1);
    assertThat(Arrays.stream(answers.get(1)).map(Math::exp).sum()).isCloseTo(1, within(1e-6));
    for (int i = 0; i < many.length; i++) {
      assertThat(answers.get(2)[i]).isEqualTo(answers.get(2)[i % RandomCheckpoint.VOCABULARY]);
    }
    assertThat(
            IntStream.range(0, RandomCheckpoint.VOCABULARY)
                .mapToDouble(i -> Math.exp(answers.get(2)[i]))
                .sum())
        .isCloseTo(1, within(1e-6));
  }

  /** One of each kind: the stand-in takes seconds for a shape. */
  @Override
  protected List<Shape> shapes() {
    return RandomCheckpoint.shapes().stream()
        .filter(shape -> SHAPES.contains(shape.toString()))
        .toList();
  }

  @Override
  protected double tolerance() {
    return 6e-2;
  }
}
