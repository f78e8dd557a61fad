package dev.quantgate.sandbox;

import java.time.Duration;

/**
 * What one job may take. The only place where a limit has a value.
 *
 * @param wall wall time, on hardware that runs CPython natively; 3 s as openai/human-eval has it
 * @param memoryBytes memory of all its processes together
 * @param processes processes and threads
 * @param fileBytes size of any file it writes
 * @param outputBytes output kept; what goes beyond is discarded, not failed
 * @param frameBytes size of one message between candidate and test
 */
public record Limits(
    Duration wall,
    long memoryBytes,
    int processes,
    long fileBytes,
    int outputBytes,
    int frameBytes) {

  public static Limits defaults() {
    return new Limits(Duration.ofSeconds(3), 512L << 20, 64, 16L << 20, 64 << 10, 16 << 20);
  }
}
