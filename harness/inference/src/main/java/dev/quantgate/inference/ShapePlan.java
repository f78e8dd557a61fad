package dev.quantgate.inference;

import java.util.List;

/**
 * What is measured of a model's shape, with weights made up where it is computed.
 *
 * @param passages one sequence each: a prompt, and what follows it
 * @param batches how many sequences are decoded together, one measurement each
 * @param context positions that those sequences have behind them, where the memory holds as many
 * @param steps tokens that each of those sequences is continued by
 * @param rounds how often a prompt and a batch are measured, the best counts
 */
public record ShapePlan(
    List<Passage> passages, List<Integer> batches, int context, int steps, int rounds) {
  private static final int STEPS = 64;

  /** A prompt of some tokens, continued by some. */
  public record Passage(int promptTokens, int newTokens) {
    public Passage {
      atLeast(2, "a prompt's tokens", promptTokens);
      atLeast(2, "tokens to generate", newTokens);
    }
  }

  public ShapePlan {
    passages = List.copyOf(passages);
    batches = List.copyOf(batches);
    atLeast(1, "batches", batches.size());
    atLeast(1, "positions behind a batch", context);
    atLeast(1, "steps", steps);
    atLeast(1, "rounds", rounds);
    batches.forEach(batch -> atLeast(1, "a batch's sequences", batch));
  }

  /** The usual tables: 2,048 tokens in and 1,024 out, 1,024 and 2,048, and batches up to 256. */
  public static ShapePlan usual() {
    return new ShapePlan(
        List.of(new Passage(2048, 1024), new Passage(1024, 2048)),
        List.of(1, 16, 64, 256),
        1024,
        STEPS,
        2);
  }

  /** One passage, and batches of it. */
  public static ShapePlan of(int promptTokens, int newTokens, List<Integer> batches, int rounds) {
    return new ShapePlan(
        List.of(new Passage(promptTokens, newTokens)),
        batches,
        promptTokens,
        Math.min(newTokens, STEPS),
        rounds);
  }

  private static void atLeast(int least, String what, int found) {
    if (found < least) {
      throw new IllegalArgumentException(
          "%s must be at least %d, not %d".formatted(what, least, found));
    }
  }
}
