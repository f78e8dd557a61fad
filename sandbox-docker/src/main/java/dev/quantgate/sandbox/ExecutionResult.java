package dev.quantgate.sandbox;

/**
 * What became of a job.
 *
 * @param id the job's id
 * @param outcome its class; only {@link Outcome#PASSED} counts as solved
 * @param detail one line for people: the exception's last line, the limit that was hit
 * @param wallMillis wall time of the job
 * @param cpuMillis CPU time of candidate and test together; 0 where unknown
 * @param peakMemoryBytes the most memory the job held; 0 where unknown
 * @param exit exit status, or minus the signal's number; 0 where unknown
 */
public record ExecutionResult(
    String id,
    Outcome outcome,
    String detail,
    long wallMillis,
    long cpuMillis,
    long peakMemoryBytes,
    int exit) {

  /**
   * What a check in two processes makes of the same job's check in one: a verdict that only the
   * candidate's own process gives is {@link Outcome#TAMPERED}.
   *
   * @param official the result where candidate and test share a process
   */
  public ExecutionResult comparedWith(ExecutionResult official) {
    boolean passed = outcome == Outcome.PASSED;
    boolean passesItself = official.outcome == Outcome.PASSED;
    if (passed == passesItself || !outcome.judged() || !official.outcome.judged()) {
      return this;
    }
    if (passed) {
      return withDetail(outcome, "passes, but in one process: " + official.detail);
    }
    return withDetail(Outcome.TAMPERED, "passes only when it judges itself: " + detail);
  }

  private ExecutionResult withDetail(Outcome outcome, String detail) {
    return new ExecutionResult(id, outcome, detail, wallMillis, cpuMillis, peakMemoryBytes, exit);
  }

  /** The classes of results. */
  public enum Outcome {
    PASSED,
    /** An assertion, an exception, a syntax error, a wrong type. */
    FAILED,
    TIMEOUT,
    MEMORY,
    /** Ended by a signal. */
    CRASHED,
    /** Ended by itself before the test was through. */
    EARLY_EXIT,
    /** Passes when it judges itself, fails when it does not. */
    TAMPERED,
    /**
     * A completion that needs what this sandbox cannot give. No wrong answer: a fault of the item.
     */
    UNSUPPORTED,
    /** The sandbox itself failed, twice. No wrong answer: a fault of the item. */
    SANDBOX_ERROR;

    /** Whether the completion was judged at all. */
    public boolean judged() {
      return this != UNSUPPORTED && this != SANDBOX_ERROR;
    }
  }
}
