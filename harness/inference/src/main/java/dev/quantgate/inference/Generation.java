package dev.quantgate.inference;

import java.util.List;
import java.util.Optional;

/**
 * A model's answer to one prompt.
 *
 * @param text the answer, cut before the stop string that ended it; undecodable bytes are U+FFFD
 * @param tokens the ids generated, the one that ended the answer included (so it tells which eos it
 *     was); absent where unknown
 * @param end why the answer ended
 * @param promptTokens the ids of the prompt; absent where unknown
 */
public record Generation(
    String text, Optional<List<Integer>> tokens, End end, Optional<List<Integer>> promptTokens) {
  public Generation {
    tokens = tokens.map(List::copyOf);
    promptTokens = promptTokens.map(List::copyOf);
  }

  /** Why an answer ended. */
  public enum End {
    /** By one of the model's end-of-sequence tokens. */
    EOS,
    /** By one of the decoding's stop strings. */
    STOP_STRING,
    /** At the most tokens asked for, or where the model's context ends. */
    LENGTH,
    /** By who asked: only requests of a {@link GenerationQueue}. */
    CANCELLED
  }
}
