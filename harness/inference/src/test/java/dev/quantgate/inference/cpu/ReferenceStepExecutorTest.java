package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.engine.StepExecutor;
import dev.quantgate.inference.fixture.RandomCheckpoint;
import dev.quantgate.inference.fixture.RandomCheckpoint.Shape;
import dev.quantgate.inference.fixture.StepExecutorContract;
import java.util.List;

/** The oracle keeps to the contract of a device too; it is slow, so on few shapes. */
class ReferenceStepExecutorTest extends StepExecutorContract {
  @Override
  protected StepExecutor open(Checkpoint checkpoint, int pages) {
    return Oracle.of(checkpoint);
  }

  @Override
  protected List<Shape> shapes() {
    return RandomCheckpoint.shapes().subList(4, 6);
  }
}
