package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.StepExecutor;
import dev.quantgate.inference.fixture.StepExecutorContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Steps on the stand-in, held to the oracle. */
class CudaExecutorTest extends StepExecutorContract {
  private static final int STEP_ROWS = 256;

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

  @Override
  protected double tolerance() {
    return 6e-2;
  }
}
