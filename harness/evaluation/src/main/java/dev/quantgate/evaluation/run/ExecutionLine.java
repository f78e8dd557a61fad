package dev.quantgate.evaluation.run;

import dev.quantgate.sandbox.ExecutionResult;

/**
 * A line of journal/{suite}.executions.jsonl: what came of one program.
 *
 * @param sample which of the item's texts, from 0
 * @param program hash of all that was executed: equal programs are executed once and judged alike
 * @param detail as the sandbox gave it
 */
record ExecutionLine(
    String id,
    int sample,
    String program,
    ExecutionResult.Outcome outcome,
    String detail,
    int exit,
    long wallMillis,
    long cpuMillis,
    long peakMemoryBytes) {

  static ExecutionLine of(Program program, ExecutionResult result) {
    return new ExecutionLine(
        program.id(),
        program.sample(),
        program.hash(),
        result.outcome(),
        result.detail(),
        result.exit(),
        result.wallMillis(),
        result.cpuMillis(),
        result.peakMemoryBytes());
  }

  /** The same result for an equal program of another item, sample or model. */
  ExecutionLine as(Program program) {
    return new ExecutionLine(
        program.id(),
        program.sample(),
        program.hash(),
        outcome,
        detail,
        exit,
        wallMillis,
        cpuMillis,
        peakMemoryBytes);
  }
}
