package dev.quantgate.evaluation.record;

import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.Usage;
import java.util.List;
import java.util.Optional;

/**
 * A line of journal/{suite}.executions.jsonl: what came of one program.
 *
 * @param sample which of the item's texts, from 0
 * @param program hash of all that was executed: equal programs are executed once and judged alike
 * @param detail as the sandbox gave it
 * @param exit exit status, or minus the signal's number, of a program that ended by itself
 * @param official what it got with its test in one process, where both checkers judged
 * @param judged what was executed, for whoever shows it; empty in journals of earlier versions
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
    Optional<Judged> judged,
    Usage usage) {

  /**
   * What was executed.
   *
   * @param program the candidate's program: imports, the problem's prompt and the completion
   * @param test the problem's test, which defines {@code check}
   * @param entryPoint the name of the function that {@code check} was given
   * @param failedLine the line of the test that failed, from 1; 0 where none did or none is known
   * @param failedAssertion that line; empty where there is none
   */
  public record Judged(
      String program, String test, String entryPoint, int failedLine, String failedAssertion) {

    static Judged of(ExecutionJob job, int testLine) {
      // A program that judges itself could say any number.
      List<String> lines = job.test().lines().toList();
      int line = testLine >= 1 && testLine <= lines.size() ? testLine : 0;
      return new Judged(
          job.prelude() + job.prompt() + job.completion(),
          job.test(),
          job.entryPoint(),
          line,
          line == 0 ? "" : lines.get(line - 1).strip());
    }
  }

  public static ExecutionLine of(Program program, ExecutionResult result) {
    return new ExecutionLine(
        program.id(),
        program.sample(),
        program.hash(),
        result.outcome(),
        result.detail(),
        result.exit(),
        result.official(),
        Optional.of(Judged.of(program.job(), result.testLine())),
        result.usage());
  }

  /** The same result for an equal program of another item, sample or model. */
  public ExecutionLine as(Program program) {
    return new ExecutionLine(
        program.id(),
        program.sample(),
        program.hash(),
        outcome,
        detail,
        exit,
        official,
        judged,
        usage);
  }
}
