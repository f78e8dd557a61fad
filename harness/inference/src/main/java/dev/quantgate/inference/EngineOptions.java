package dev.quantgate.inference;

import java.util.OptionalLong;

/**
 * What a user may say about how a model runs. None of it changes a number or an item's outcome: too
 * little memory ends a call with an {@link InferenceException}, and more answers the same.
 *
 * @param threads worker threads, at least 1
 * @param memoryBytes the most bytes that weights, keys and values may take together; empty lets the
 *     engine choose from what the machine has
 * @param maxBatch the most sequences that run together; 0 lets the engine choose
 * @param sharePrefixes whether a common prefix is computed once; off is for tests
 * @param reference runs the plain scalar implementation, the oracle of the fast one
 */
public record EngineOptions(
    int threads, OptionalLong memoryBytes, int maxBatch, boolean sharePrefixes, boolean reference) {

  public EngineOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
  }

  public static EngineOptions defaults() {
    return new EngineOptions(
        Runtime.getRuntime().availableProcessors(), OptionalLong.empty(), 0, true, false);
  }
}
