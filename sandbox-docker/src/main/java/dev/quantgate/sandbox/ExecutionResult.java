package dev.quantgate.sandbox;

import java.util.Locale;

/**
 * What became of a job.
 *
 * @param id the job's id
 * @param outcome its class; only {@link Outcome#PASSED} counts as solved
 * @param detail one line for people: the exception's last line, the limit that was hit
 * @param exit the exit status of a program that ended by itself before its verdict, or minus the
 *     signal's number; 0 for every other
 * @param usage what the job took, and what it left
 */
public record ExecutionResult(String id, Outcome outcome, String detail, int exit, Usage usage) {

  private static final String ONLY_APART = "passes, but in one process: ";
  private static final String ONLY_TOGETHER = "; passes in one process";

  /** A result without an execution. */
  public ExecutionResult(String id, Outcome outcome, String detail) {
    this(id, outcome, detail, 0, Usage.NONE);
  }

  /** The same result with another count of executions. */
  public ExecutionResult withExecutions(int count) {
    return new ExecutionResult(id, outcome, detail, exit, usage.withExecutions(count));
  }

  /**
   * What a check in two processes makes of the same job's check in one: a verdict that only the
   * candidate's own process gives is {@link Outcome#TAMPERED}. A limit that only one of the two hit
   * is none.
   *
   * @param official the result where candidate and test share a process
   */
  public ExecutionResult comparedWith(ExecutionResult official) {
    Usage both = usage.plus(official.usage);
    boolean passed = outcome == Outcome.PASSED;
    boolean passesItself = official.outcome == Outcome.PASSED;
    if (passed == passesItself || !outcome.judged() || !official.outcome.judged()) {
      return new ExecutionResult(id, outcome, detail, exit, both);
    }
    if (passed) {
      return new ExecutionResult(id, outcome, ONLY_APART + official.reason(), exit, both);
    }
    // A limit that one of two executions hit is no forgery; neither is a crash.
    return outcome == Outcome.FAILED || outcome == Outcome.EARLY_EXIT
        ? new ExecutionResult(
            id, Outcome.TAMPERED, "passes only when it judges itself: " + detail, exit, both)
        : new ExecutionResult(id, outcome, detail + ONLY_TOGETHER, exit, both);
  }

  /** Without what was measured: it stands in records that are the same in every run. */
  private String reason() {
    return outcome == Outcome.TIMEOUT || outcome == Outcome.MEMORY
        ? outcome.name().toLowerCase(Locale.ROOT)
        : detail;
  }

  /** Whether a result is one of {@link #comparedWith} where the two disagreed. */
  public static boolean disputed(Outcome outcome, String detail) {
    return outcome == Outcome.TAMPERED
        || outcome == Outcome.PASSED && detail.startsWith(ONLY_APART)
        || outcome != Outcome.PASSED && detail.endsWith(ONLY_TOGETHER);
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
