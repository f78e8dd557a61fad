package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.engine.StepExecutor;

/** The plain scalar implementation, for tests of other devices to be held against. */
public final class Oracle {
  private Oracle() {}

  /** An oracle on a checkpoint, which stays the caller's to close. */
  public static StepExecutor of(Checkpoint checkpoint) {
    return new ReferenceStepExecutor(checkpoint, Long.MAX_VALUE / 2, "oracle");
  }
}
