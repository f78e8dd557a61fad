package dev.quantgate.inference;

import java.time.Duration;
import java.util.List;

/**
 * How fast an engine runs a checkpoint, beside what its memory gives.
 *
 * @param threads worker threads
 * @param weightFormat for people
 * @param checkpointBytes bytes of the weights in the files
 * @param weightBytes resident bytes of weights
 * @param cacheBytes bytes of keys and values that one sequence of the plan takes at its end
 * @param loadTime from opening the folder to being ready
 * @param readBandwidth bytes a second of a plain read stream over more memory than caches hold
 */
public record SpeedReport(
    int threads,
    String weightFormat,
    long checkpointBytes,
    long weightBytes,
    long cacheBytes,
    Duration loadTime,
    double readBandwidth,
    Prefill prefill,
    List<Decode> decodes) {
  public SpeedReport {
    decodes = List.copyOf(decodes);
  }

  /** One prompt computed in chunks; {@code flops} is floating-point operations a second. */
  public record Prefill(int tokens, double tokensPerSecond, double flops) {}

  /**
   * Sequences continued together.
   *
   * @param context mean number of positions that a new token saw
   * @param tokensPerSecond of all sequences together
   * @param bytesPerToken bytes of weights, keys and values read for one token
   * @param bandwidthShare those bytes in the time taken, as a share of {@link
   *     SpeedReport#readBandwidth}
   * @param flops floating-point operations a second
   */
  public record Decode(
      int batch,
      int context,
      double tokensPerSecond,
      long bytesPerToken,
      double bandwidthShare,
      double flops) {}
}
