package dev.quantgate.sandbox;

/**
 * How a sandbox is started.
 *
 * @param workers jobs that run at the same time, at least 1
 * @param checker who judges a completion
 * @param limits what a job may take
 */
public record SandboxOptions(int workers, Checker checker, Limits limits) {

  public SandboxOptions {
    if (workers < 1) {
      throw new IllegalArgumentException("workers must be at least 1, not " + workers);
    }
  }

  public static SandboxOptions defaults() {
    return new SandboxOptions(
        Runtime.getRuntime().availableProcessors(), Checker.SPLIT, Limits.defaults());
  }

  /** Who judges a completion. */
  public enum Checker {
    /** Candidate and test in two isolated interpreters that exchange plain values only. */
    SPLIT,
    /** Everything in one process, as openai/human-eval does it: exact parity, can be forged. */
    OFFICIAL,
    /** Both; a disagreement is {@link ExecutionResult.Outcome#TAMPERED}. */
    BOTH
  }
}
