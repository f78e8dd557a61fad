package dev.quantgate.inference;

import java.util.List;
import java.util.Optional;

/**
 * A prompt as the model sees it.
 *
 * @param text the whole text; empty for a prompt given as token ids
 * @param tokens the token ids, bos included where the tokenizer adds one; absent where the engine
 *     cannot know them (a served model)
 * @param prefixTokens how many leading tokens lie wholly inside the declared prefix
 */
public record RenderedPrompt(String text, Optional<List<Integer>> tokens, int prefixTokens) {
  public RenderedPrompt {
    tokens = tokens.map(List::copyOf);
  }
}
