package dev.quantgate.sandbox.judging;

import dev.quantgate.sandbox.ExecutionJob;

/**
 * One execution that is asked for.
 *
 * @param job what is executed
 * @param mode who judges it
 */
public record Attempt(ExecutionJob job, Mode mode) {

  /** Who judges. */
  public enum Mode {
    /** The test, in an interpreter of its own. */
    SPLIT,
    /** Candidate and test together, as openai/human-eval has it. */
    OFFICIAL
  }
}
