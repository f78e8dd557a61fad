package dev.quantgate.evaluation;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.Usage;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A sandbox that runs nothing: a completion passes that returns the number in the problem's test,
 * is unsupported if it says so, and fails otherwise.
 */
public final class FakeSandbox implements CodeSandbox {
  private final AtomicInteger executed;
  private final Runnable pause;
  private final String version;

  public FakeSandbox(AtomicInteger executed, Runnable pause, String version) {
    this.executed = executed;
    this.pause = pause;
    this.version = version;
  }

  @Override
  public SandboxDescription description() {
    var identity = new TreeMap<String, String>();
    identity.put("python", version);
    return new SandboxDescription("fake", identity, new TreeMap<>());
  }

  @Override
  public void run(List<ExecutionJob> jobs, ResultSink sink) {
    for (ExecutionJob job : jobs.reversed()) {
      pause.run();
      executed.incrementAndGet();
      sink.accept(result(job));
    }
  }

  private static ExecutionResult result(ExecutionJob job) {
    Outcome outcome =
        job.completion().contains("unsupported")
            ? Outcome.UNSUPPORTED
            : job.completion().contains("return " + job.test().replaceAll("\\D", ""))
                ? Outcome.PASSED
                : Outcome.FAILED;
    String detail =
        outcome == Outcome.FAILED
            ? "AssertionError: <object at 0x7f" + System.nanoTime() + ">"
            : "";
    Usage usage = new Usage(System.nanoTime() % 100, 1, 1, 0, 0, "", "", 1);
    return new ExecutionResult(job.id(), outcome, detail, 0, usage);
  }

  @Override
  public void close() {}
}
