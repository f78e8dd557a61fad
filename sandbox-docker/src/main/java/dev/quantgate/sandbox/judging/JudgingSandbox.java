package dev.quantgate.sandbox.judging;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions.Checker;
import dev.quantgate.sandbox.judging.Attempt.Mode;
import java.util.List;

/** A sandbox made of slots. */
public final class JudgingSandbox implements CodeSandbox {
  private final Slots slots;
  private final Checker checker;
  private volatile boolean closed;

  public JudgingSandbox(Slots slots, Checker checker) {
    this.slots = slots;
    this.checker = checker;
  }

  @Override
  public SandboxDescription description() {
    return slots.description();
  }

  @Override
  public synchronized void run(List<ExecutionJob> jobs, ResultSink sink) {
    if (closed) {
      throw new SandboxException(SandboxException.Kind.LOST, "the sandbox is closed");
    }
    slots.begin();
    new Round(slots, modes(checker), sink).run(jobs);
  }

  private static List<Mode> modes(Checker checker) {
    return switch (checker) {
      case SPLIT -> List.of(Mode.SPLIT);
      case OFFICIAL -> List.of(Mode.OFFICIAL);
      case BOTH -> List.of(Mode.SPLIT, Mode.OFFICIAL);
    };
  }

  @Override
  public void close() {
    closed = true;
    slots.close();
  }
}
