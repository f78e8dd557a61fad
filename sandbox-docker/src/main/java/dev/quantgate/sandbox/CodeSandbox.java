package dev.quantgate.sandbox;

import java.util.List;

/**
 * A started sandbox: isolated workers that execute completions and check them.
 *
 * <p>Results stream back as they come, one for each job, in any order. A job that the sandbox
 * itself could not carry out gets {@link ExecutionResult.Outcome#SANDBOX_ERROR} after one retry in
 * a fresh worker; it is never called wrong. Interrupting the calling thread kills what runs and
 * throws {@link SandboxException} of kind INTERRUPTED.
 */
public interface CodeSandbox extends AutoCloseable {

  /** What ran the jobs, to be recorded beside their results. */
  SandboxDescription description();

  /** Runs jobs; {@code sink} gets one result for each, from one thread at a time. */
  void run(List<ExecutionJob> jobs, ResultSink sink);

  /** Ends every worker and leaves nothing behind. */
  @Override
  void close();

  /** Takes one result as soon as it is ready. */
  @FunctionalInterface
  interface ResultSink {
    void accept(ExecutionResult result);
  }
}
