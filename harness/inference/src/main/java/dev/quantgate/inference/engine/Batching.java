package dev.quantgate.inference.engine;

/**
 * How many sequences run together at most. It changes no number.
 *
 * @param answers that are written, at least 1; a step's rows bound them too
 * @param texts that are scored, at least 1
 */
public record Batching(int answers, int texts) {
  private static final int TEXTS = 256;

  /**
   * What a user asked for, else a device's own choice.
   *
   * @param maxBatch the user's choice, 0 for none
   * @param answers the device's choice
   */
  public static Batching of(int maxBatch, int answers) {
    return maxBatch > 0 ? new Batching(maxBatch, maxBatch) : new Batching(answers, TEXTS);
  }
}
