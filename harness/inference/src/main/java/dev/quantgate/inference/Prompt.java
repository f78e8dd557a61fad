package dev.quantgate.inference;

import java.util.List;

/**
 * What a model is asked to continue.
 *
 * <p>A prompt may declare a prefix that many prompts have in common (the demos of a subject). It is
 * a promise about the text, not a wish: the engine computes a shared prefix once, and cuts the text
 * at that place whether anybody shares it or not.
 */
public sealed interface Prompt {

  /**
   * Text, tokenised as one piece.
   *
   * @param prefix the declared prefix, empty where there is none
   * @param rest what follows it
   */
  record Text(String prefix, String rest) implements Prompt {
    public Text(String text) {
      this("", text);
    }

    public String text() {
      return prefix + rest;
    }
  }

  /**
   * Token ids, taken as they are: no bos is added.
   *
   * @param ids the ids, each in {@code 0 .. vocabulary - 1}
   * @param prefixLength how many of them are the declared prefix
   */
  record Tokens(List<Integer> ids, int prefixLength) implements Prompt {
    public Tokens {
      ids = List.copyOf(ids);
      if (prefixLength < 0 || prefixLength > ids.size()) {
        throw new IllegalArgumentException(
            "prefixLength %d is outside 0..%d".formatted(prefixLength, ids.size()));
      }
    }

    public Tokens(List<Integer> ids) {
      this(ids, 0);
    }
  }

  /**
   * Chat messages, rendered by the model's own template.
   *
   * @param messages at least one
   * @param answerBegin text put behind the template's opening of the answer, empty where there is
   *     none
   */
  record Chat(List<Message> messages, String answerBegin) implements Prompt {
    public Chat {
      messages = List.copyOf(messages);
    }
  }

  /** One chat message; {@code role} is "system", "user" or "assistant". */
  record Message(String role, String content) {}
}
