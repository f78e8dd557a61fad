package dev.quantgate.sandbox;

import java.time.Duration;

/**
 * What one job may take. The only place where a limit has a value.
 *
 * @param wall wall time, on hardware that runs CPython natively; 3 s as openai/human-eval has it
 * @param cpu CPU time of all its processes together, on the same hardware
 * @param memoryBytes memory of all its processes together
 * @param processes processes and threads
 * @param fileBytes size of any file it writes
 * @param outputBytes what is kept of its output; what goes beyond is counted and discarded, not
 *     failed; at most 1 MiB
 * @param frameBytes size of one message between candidate and test
 * @param slowDownCap how many times its time a job may get where CPython runs slower than natively;
 *     it keeps a run of endless loops bearable
 */
public record Limits(
    Duration wall,
    Duration cpu,
    long memoryBytes,
    int processes,
    long fileBytes,
    int outputBytes,
    int frameBytes,
    int slowDownCap) {

  private static final int MAX_OUTPUT_BYTES = 1 << 20;

  public Limits {
    if (!wall.isPositive()
        || !cpu.isPositive()
        || memoryBytes < 128L << 20
        || processes < 1
        || fileBytes < 1
        || outputBytes < 0
        || outputBytes > MAX_OUTPUT_BYTES
        || frameBytes < 1
        || slowDownCap < 1) {
      throw new IllegalArgumentException(
          "every limit must be positive, memory at least 128 MiB, kept output at most 1 MiB");
    }
  }

  public static Limits defaults() {
    return new Limits(
        Duration.ofSeconds(3),
        Duration.ofSeconds(3),
        512L << 20,
        64,
        16L << 20,
        4 << 10,
        16 << 20,
        8);
  }

  /** The same limits with another time. */
  public Limits withTime(Duration time) {
    return new Limits(
        time, time, memoryBytes, processes, fileBytes, outputBytes, frameBytes, slowDownCap);
  }

  /** The same limits with another cap of the slow-down. */
  public Limits withSlowDownCap(int cap) {
    return new Limits(wall, cpu, memoryBytes, processes, fileBytes, outputBytes, frameBytes, cap);
  }
}
