package dev.quantgate.inference;

import java.util.List;

/**
 * How an answer is chosen and where it ends.
 *
 * @param maxNewTokens the most tokens an answer may have, at least 1; fewer where the model's
 *     context ends before, which ends the answer by length
 * @param temperature 0 is greedy: the largest logit, the lowest id on ties
 * @param topP nucleus sampling's share, in (0, 1]; 1 keeps every token
 * @param stop strings that end an answer; the answer is cut before the earliest one
 * @param stopAtEos whether the model's end-of-sequence tokens end an answer
 */
public record Decoding(
    int maxNewTokens, double temperature, double topP, List<String> stop, boolean stopAtEos) {

  public Decoding {
    stop = List.copyOf(stop);
    if (maxNewTokens < 1) {
      throw new IllegalArgumentException(
          "maxNewTokens must be at least 1, not %d".formatted(maxNewTokens));
    }
    if (!(temperature >= 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException(
          "temperature must be 0 or more, not %s".formatted(temperature));
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP must be in (0, 1], not %s".formatted(topP));
    }
    if (stop.stream().anyMatch(String::isEmpty)) {
      throw new IllegalArgumentException("a stop string must not be empty");
    }
  }

  /** Greedy decoding up to {@code maxNewTokens}, ended by eos or one of {@code stop}. */
  public static Decoding greedy(int maxNewTokens, List<String> stop) {
    return new Decoding(maxNewTokens, 0, 1, stop, true);
  }
}
