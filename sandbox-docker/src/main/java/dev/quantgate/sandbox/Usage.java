package dev.quantgate.sandbox;

import dev.quantgate.base.PlainText;

/**
 * What a job took, and what it left. Measured, so no two executions have the same: for journals and
 * reports, never for a verdict. Text is {@link PlainText}.
 *
 * @param wallMillis wall time
 * @param cpuMillis CPU time of all its processes together, the test's among them; 0 where unknown
 * @param peakMemoryBytes the most memory the job held; 0 where unknown
 * @param processesKilled processes of the job beyond its own two that had to be ended
 * @param outputBytes what it wrote to the process's standard streams, kept or not; what goes
 *     through Python's own streams is discarded before, as openai/human-eval does
 * @param output the beginning of that, {@link Limits#outputBytes} at most: where an interpreter
 *     crashed, this says how
 * @param leftovers what could not be cleaned up, for which the worker was thrown away; empty after
 *     a clean end
 * @param executions how often the job was executed, the checkers of "both" counted apart: more than
 *     once after a timeout and after the loss of a worker
 */
public record Usage(
    long wallMillis,
    long cpuMillis,
    long peakMemoryBytes,
    int processesKilled,
    long outputBytes,
    String output,
    String leftovers,
    int executions) {

  public Usage {
    output = PlainText.lines(output);
    leftovers = PlainText.line(leftovers);
  }

  /** Of a job that was never executed. */
  public static final Usage NONE = new Usage(0, 0, 0, 0, 0, "", "", 0);

  /** Of two executions of a job together; text is the other's where this has none. */
  public Usage plus(Usage other) {
    return new Usage(
        wallMillis + other.wallMillis,
        cpuMillis + other.cpuMillis,
        Math.max(peakMemoryBytes, other.peakMemoryBytes),
        processesKilled + other.processesKilled,
        outputBytes + other.outputBytes,
        output.isEmpty() ? other.output : output,
        leftovers.isEmpty() ? other.leftovers : leftovers,
        executions + other.executions);
  }

  /** The same with another count of executions. */
  public Usage withExecutions(int count) {
    return new Usage(
        wallMillis,
        cpuMillis,
        peakMemoryBytes,
        processesKilled,
        outputBytes,
        output,
        leftovers,
        count);
  }
}
