package dev.quantgate.evaluation.record;

import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.Usage;
import java.util.Optional;

/**
 * A line of journal/{suite}.executions.jsonl: what came of one program.
 *
 * @param sample which of the item's texts, from 0
 * @param program hash of all that was executed: equal programs are executed once and judged alike
 * @param detail as the sandbox gave it
 * @param exit exit status, or minus the signal's number, of a program that ended by itself
 * @param official what it got with its test in one process, where both checkers judged
 * @param usage time, memory, output, processes ended and cleanliness: none of it is the same twice
 */
public record ExecutionLine(
    String id,
    int sample,
    String program,
    ExecutionResult.Outcome outcome,
    String detail,
    int exit,
    Optional<ExecutionResult.Outcome> official,
    Usage usage) {

  public static ExecutionLine of(Program program, ExecutionResult result) {
    return new ExecutionLine(
        program.id(),
        program.sample(),
        program.hash(),
        result.outcome(),
        result.detail(),
        result.exit(),
        result.official(),
        result.usage());
  }

  /** The same result for an equal program of another item, sample or model. */
  public ExecutionLine as(Program program) {
    return new ExecutionLine(
        program.id(), program.sample(), program.hash(), outcome, detail, exit, official, usage);
  }
}
