package dev.quantgate.sandbox.embedded;

import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.io.IOException;
import java.util.List;

/**
 * What a worker says of one execution.
 *
 * @param id the execution's
 * @param verdict how it ended
 * @param clock the clock that ended it, if one did
 * @param wallMillis wall time taken
 * @param cpuMillis CPU time taken
 * @param outputBytes what the candidate wrote
 * @param output the beginning of that
 */
record WorkerReply(
    String id,
    Lane.Verdict verdict,
    Clock clock,
    long wallMillis,
    long cpuMillis,
    long outputBytes,
    String output) {
  private static final int FIELDS = 12;

  /** The clocks that a job runs against. */
  enum Clock {
    NONE,
    /** CPU time and sleep, which do not depend on what else runs. */
    CPU,
    /** Wall time, which only ends what escapes the other. */
    WALL
  }

  List<String> encode() {
    return List.of(
        id,
        verdict.outcome().name(),
        verdict.detail(),
        Long.toString(verdict.peakBytes()),
        Integer.toString(verdict.exit()),
        verdict.doubt(),
        Integer.toString(verdict.line()),
        clock.name(),
        Long.toString(wallMillis),
        Long.toString(cpuMillis),
        Long.toString(outputBytes),
        output);
  }

  static WorkerReply decode(List<String> fields) throws IOException {
    if (fields.size() != FIELDS) {
      throw new IOException("a reply of %d fields, not %d".formatted(fields.size(), FIELDS));
    }
    return new WorkerReply(
        fields.get(0),
        new Lane.Verdict(
            Outcome.valueOf(fields.get(1)),
            fields.get(2),
            Long.parseLong(fields.get(3)),
            Integer.parseInt(fields.get(4)),
            fields.get(5),
            Integer.parseInt(fields.get(6))),
        Clock.valueOf(fields.get(7)),
        Long.parseLong(fields.get(8)),
        Long.parseLong(fields.get(9)),
        Long.parseLong(fields.get(10)),
        fields.get(11));
  }
}
