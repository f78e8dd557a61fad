package dev.quantgate.inference;

import java.util.List;
import java.util.Optional;

/**
 * A model's answer to one prompt.
 *
 * @param text the answer, cut before the stop string that ended it; undecodable bytes are U+FFFD
 * @param tokens the ids generated, the one that ended the answer included (so it tells which eos it
 *     was); absent where unknown
 * @param margins for each of {@code tokens} by how much the model preferred it: its logit less the
 *     largest of all others at its place, before any temperature, in nats, as a difference of
 *     logits is one of log-probabilities. Of greedy decoding at least 0, and 0 for an exact tie;
 *     below 0 where sampling took a token that was not the likeliest. Absent where unknown
 * @param end why the answer ended
 * @param promptTokens the ids of the prompt; absent where unknown
 */
public record Generation(
    String text,
    Optional<List<Integer>> tokens,
    Optional<List<Float>> margins,
    End end,
    Optional<List<Integer>> promptTokens) {
  public Generation {
    tokens = tokens.map(List::copyOf);
    margins = margins.map(List::copyOf);
    promptTokens = promptTokens.map(List::copyOf);
    if (margins.stream().flatMap(List::stream).anyMatch(margin -> !Float.isFinite(margin))) {
      throw new IllegalArgumentException("a margin is NaN or infinite");
    }
    int known = tokens.map(List::size).orElse(0);
    if (margins.isPresent() && margins.get().size() != known) {
      throw new IllegalArgumentException(
          "expected a margin for each of %d tokens, found %d"
              .formatted(known, margins.get().size()));
    }
  }

  /** By an engine that does not tell margins. */
  public Generation(
      String text, Optional<List<Integer>> tokens, End end, Optional<List<Integer>> promptTokens) {
    this(text, tokens, Optional.empty(), end, promptTokens);
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
