package dev.quantgate.sandbox;

import dev.quantgate.base.PlainText;
import java.util.Optional;

/**
 * What became of a job. What its program wrote is {@link PlainText} here.
 *
 * @param id the job's id
 * @param outcome its class; only {@link Outcome#PASSED} counts as solved
 * @param detail one line for people: the exception's last line, the limit that was hit
 * @param exit the exit status of a program that ended by itself before its verdict, or minus the
 *     signal's number; 0 for every other
 * @param usage what the job took, and what it left
 * @param official what the same program got with candidate and test in one process, where both
 *     checkers judged it; else empty
 * @param doubt what the check in two processes could not carry from one to the other, for which the
 *     check in one may judge otherwise: an object of the program's own, an argument that cannot be
 *     told, a text that is a program only with its test; empty where there is nothing of the kind
 * @param testLine the line of the test that failed, from 1, such as that of an assertion; 0 where
 *     none did or it is not known
 */
public record ExecutionResult(
    String id,
    Outcome outcome,
    String detail,
    int exit,
    Usage usage,
    Optional<Outcome> official,
    String doubt,
    int testLine) {

  public ExecutionResult {
    detail = PlainText.line(detail);
    doubt = PlainText.line(doubt);
  }

  /** A result of one checker about which nothing is in doubt. */
  public ExecutionResult(String id, Outcome outcome, String detail, int exit, Usage usage) {
    this(id, outcome, detail, exit, usage, Optional.empty(), "", 0);
  }

  /** A result without an execution. */
  public ExecutionResult(String id, Outcome outcome, String detail) {
    this(id, outcome, detail, 0, Usage.NONE);
  }

  /** The same result with another count of executions. */
  public ExecutionResult withExecutions(int count) {
    return new ExecutionResult(
        id, outcome, detail, exit, usage.withExecutions(count), official, doubt, testLine);
  }

  /**
   * What a check in two processes makes of the same job's check in one. A verdict that only the
   * candidate's own process gives is {@link Outcome#TAMPERED}, unless a limit, a crash or a {@link
   * #doubt} explains the difference: such a result is {@link #disputed} and stays what it is.
   *
   * @param together the result where candidate and test share a process
   */
  public ExecutionResult comparedWith(ExecutionResult together) {
    boolean forged =
        (outcome == Outcome.FAILED || outcome == Outcome.EARLY_EXIT)
            && together.outcome == Outcome.PASSED
            && doubt.isEmpty();
    return new ExecutionResult(
        id,
        forged ? Outcome.TAMPERED : outcome,
        detail,
        exit,
        usage.plus(together.usage),
        Optional.of(together.outcome),
        doubt,
        testLine);
  }

  /** Whether both checkers judged, and only one of them let the program pass. */
  public boolean disputed() {
    return official.isPresent() && disputed(outcome, official.get());
  }

  /** Whether two checkers' outcomes for one program contradict each other. */
  public static boolean disputed(Outcome split, Outcome official) {
    return split.judged()
        && official.judged()
        && (split == Outcome.PASSED) != (official == Outcome.PASSED);
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
