package dev.quantgate.sandbox.embedded;

import dev.quantgate.sandbox.ExecutionJob;
import java.io.IOException;
import java.util.List;

/**
 * One execution that a worker is asked for.
 *
 * @param id names the execution to both sides
 * @param official whether candidate and test share an interpreter
 * @param token the random id that only a test that passed can name
 * @param cpuMillis CPU time that it may take
 * @param wallMillis wall time behind that
 * @param job what is executed
 */
record WorkerJob(
    String id, boolean official, String token, long cpuMillis, long wallMillis, ExecutionJob job) {
  private static final int FIELDS = 11;

  List<String> encode() {
    return List.of(
        id,
        Boolean.toString(official),
        token,
        Long.toString(cpuMillis),
        Long.toString(wallMillis),
        job.id(),
        job.prelude(),
        job.prompt(),
        job.completion(),
        job.test(),
        job.entryPoint());
  }

  static WorkerJob decode(List<String> fields) throws IOException {
    if (fields.size() != FIELDS) {
      throw new IOException("a job of %d fields, not %d".formatted(fields.size(), FIELDS));
    }
    return new WorkerJob(
        fields.get(0),
        Boolean.parseBoolean(fields.get(1)),
        fields.get(2),
        Long.parseLong(fields.get(3)),
        Long.parseLong(fields.get(4)),
        new ExecutionJob(
            fields.get(5),
            fields.get(6),
            fields.get(7),
            fields.get(8),
            fields.get(9),
            fields.get(10)));
  }
}
