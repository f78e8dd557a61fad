package dev.quantgate.sandbox;

import java.util.function.Consumer;

/**
 * How a sandbox is started.
 *
 * @param workers jobs that run at the same time, at least 1
 * @param checker who judges a completion
 * @param limits what a job may take
 * @param notes told in a line what a user may want to know meanwhile: that an engine is waited for;
 *     from any thread
 * @param brief whether it will get short programs only, and not many: a kind that compiles what
 *     executes them does not then spend minutes on making that fast. Changes no limit and no wall
 */
public record SandboxOptions(
    int workers, Checker checker, Limits limits, Consumer<String> notes, boolean brief) {

  public SandboxOptions {
    if (workers < 1) {
      throw new IllegalArgumentException("workers must be at least 1, not %d".formatted(workers));
    }
  }

  /** Options of a sandbox whose notes nobody reads. */
  public SandboxOptions(int workers, Checker checker, Limits limits) {
    this(workers, checker, limits, note -> {}, false);
  }

  /** The same with someone who reads its notes. */
  public SandboxOptions withNotes(Consumer<String> reader) {
    return new SandboxOptions(workers, checker, limits, reader, brief);
  }

  /** The same for few and short programs. */
  public SandboxOptions briefly() {
    return new SandboxOptions(workers, checker, limits, notes, true);
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
