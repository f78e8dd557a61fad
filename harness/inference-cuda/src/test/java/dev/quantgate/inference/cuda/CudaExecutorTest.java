package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.StepExecutor;
import dev.quantgate.inference.fixture.RandomCheckpoint;
import dev.quantgate.inference.fixture.RandomCheckpoint.Shape;
import dev.quantgate.inference.fixture.StepExecutorContract;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

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
