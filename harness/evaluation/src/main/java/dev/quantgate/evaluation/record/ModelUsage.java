package dev.quantgate.evaluation.record;

import dev.quantgate.inference.Telemetry;

/**
 * Memory and speed of a live model over all sessions of a run: the largest of the memory figures,
 * the sums of work and time.
 *
 * @param weightBytes resident bytes of weights
 * @param checkpointBytes bytes of the weights in the checkpoint's files
 * @param peakCacheBytes the most bytes of keys and values at one time
 * @param loadSeconds of the slowest load
 * @param promptTokens computed, a shared prefix once
 */
public record ModelUsage(
    String device,
    long weightBytes,
    long checkpointBytes,
    long peakCacheBytes,
    double loadSeconds,
    long promptTokens,
    double promptSeconds,
    long generatedTokens,
    double generationSeconds) {

  public static ModelUsage of(Telemetry telemetry) {
    return new ModelUsage(
        telemetry.device(),
        telemetry.weightBytes(),
        telemetry.checkpointBytes(),
        telemetry.peakCacheBytes(),
        telemetry.loadTime().toNanos() / 1e9,
        telemetry.promptTokens(),
        telemetry.promptTime().toNanos() / 1e9,
        telemetry.generatedTokens(),
        telemetry.generationTime().toNanos() / 1e9);
  }

  /** Of two sessions together. */
  public ModelUsage plus(ModelUsage later) {
    return new ModelUsage(
        later.device,
        Math.max(weightBytes, later.weightBytes),
        Math.max(checkpointBytes, later.checkpointBytes),
        Math.max(peakCacheBytes, later.peakCacheBytes),
        Math.max(loadSeconds, later.loadSeconds),
        promptTokens + later.promptTokens,
        promptSeconds + later.promptSeconds,
        generatedTokens + later.generatedTokens,
        generationSeconds + later.generationSeconds);
  }

  /** Weights and the largest cache together. */
  public long peakBytes() {
    return weightBytes + peakCacheBytes;
  }

  /** Prompt tokens a second; 0 where none were computed. */
  public double promptTokensPerSecond() {
    return promptSeconds > 0 ? promptTokens / promptSeconds : 0;
  }

  /** Generated tokens a second, all sequences of a batch together; 0 where none were generated. */
  public double generatedTokensPerSecond() {
    return generationSeconds > 0 ? generatedTokens / generationSeconds : 0;
  }
}
