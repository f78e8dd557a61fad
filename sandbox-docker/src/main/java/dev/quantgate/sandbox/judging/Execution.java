package dev.quantgate.sandbox.judging;

import dev.quantgate.sandbox.ExecutionResult;

/**
 * What a slot says of an attempt.
 *
 * @param result its result
 * @param time what is known of a timeout's cause; of no meaning for any other outcome
 */
public record Execution(ExecutionResult result, Time time) {

  /** Where a job's time went. */
  public enum Time {
    /** Into what does not depend on what else runs: it counts at once. */
    SPENT,
    /** Into processor time and sleep, beside other jobs: it counts when it happens again alone. */
    SHARED,
    /** Mostly into waiting for a processor: it never counts. */
    STARVED
  }

  /** A result that no clock can change. */
  public static Execution of(ExecutionResult result) {
    return new Execution(result, Time.SPENT);
  }
}
