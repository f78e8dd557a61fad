package dev.quantgate.evaluation.record;

import java.util.List;

/**
 * A line of {suite}.timings.jsonl: what of an item differs from run to run.
 *
 * @param answeredEpochMillis when the answer came; 0 for recorded ones
 * @param executionMillis wall time of the item's programs
 * @param executionCpuMillis CPU time of them
 * @param peakMemoryBytes the most that one of them held
 */
public record ItemTiming(
    String id,
    long answeredEpochMillis,
    long executionMillis,
    long executionCpuMillis,
    long peakMemoryBytes) {

  public static ItemTiming of(AnswerLine answer, List<ExecutionLine> executions) {
    return new ItemTiming(
        answer.id(),
        answer.epochMillis(),
        executions.stream().mapToLong(each -> each.usage().wallMillis()).sum(),
        executions.stream().mapToLong(each -> each.usage().cpuMillis()).sum(),
        executions.stream().mapToLong(each -> each.usage().peakMemoryBytes()).max().orElse(0));
  }
}
