package dev.quantgate.inference;

import java.util.List;

/**
 * What a speed measurement does.
 *
 * @param promptTokens tokens of the prompt that prefill is timed on, and of each prompt that
 *     decoding begins with
 * @param newTokens tokens that each sequence is continued by
 * @param batches how many sequences are decoded together, one measurement each
 * @param rounds how often each measurement is made, the best counts
 */
public record SpeedPlan(int promptTokens, int newTokens, List<Integer> batches, int rounds) {
  public SpeedPlan {
    batches = List.copyOf(batches);
    atLeast(2, "a prompt's tokens", promptTokens);
    atLeast(2, "tokens to generate", newTokens);
    atLeast(1, "rounds", rounds);
    if (batches.isEmpty()) {
      throw new IllegalArgumentException("at least one batch size is needed");
    }
    batches.forEach(batch -> atLeast(1, "a batch's sequences", batch));
  }

  private static void atLeast(int least, String what, int found) {
    if (found < least) {
      throw new IllegalArgumentException(
          "%s must be at least %d, not %d".formatted(what, least, found));
    }
  }
}
