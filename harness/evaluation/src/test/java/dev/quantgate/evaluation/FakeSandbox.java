package dev.quantgate.evaluation;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.Usage;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A sandbox that runs nothing: a completion passes that returns the number in the problem's test,
 * is unsupported or tampered if it says so, and fails otherwise.
 */
public final class FakeSandbox implements CodeSandbox {
  private final AtomicInteger executed;
  private final Runnable pause;
  private final SandboxDescription description;

  FakeSandbox(AtomicInteger executed, Runnable pause, SandboxDescription description) {
    this.executed = executed;
    this.pause = pause;
    this.description = description;
  }

  /** What a sandbox says of itself that never ran anything. */
  static SandboxDescription described(String kind, String version, String checker) {
    var identity = new TreeMap<String, String>();
    identity.put("python", version);
    identity.put("checker", checker);
    return new SandboxDescription(kind, !kind.equals("unsafe-local"), identity, new TreeMap<>());
  }

  @Override
  public SandboxDescription description() {
    var facts = new TreeMap<>(description.facts());
    facts.put("executed", executed.toString());
    return new SandboxDescription(
        description.kind(), description.isolates(), description.identity(), facts);
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
            : job.completion().contains("tampered")
                ? Outcome.TAMPERED
                : job.completion().contains("return " + job.test().replaceAll("\\D", ""))
                    ? Outcome.PASSED
                    : Outcome.FAILED;
    String detail =
        outcome == Outcome.FAILED
            ? "AssertionError: <object at 0x7f" + System.nanoTime() + ">"
            : "";
    Usage usage = new Usage(System.nanoTime() % 100, 1, 1, 0, 0, "", "", 1);
    Optional<Outcome> official =
        outcome == Outcome.TAMPERED ? Optional.of(Outcome.PASSED) : Optional.empty();
    return new ExecutionResult(job.id(), outcome, detail, 0, usage, official, "", 0);
  }

  @Override
  public void close() {}
}
