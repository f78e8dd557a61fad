package dev.quantgate.inference;

import java.util.List;

/**
 * A model's answer to one prompt.
 *
 * @param text the answer, cut before the stop string that ended it; undecodable bytes are U+FFFD
 * @param tokens the ids generated, the one that ended the answer included; empty where unknown
 * @param end why the answer ended
 * @param promptTokens the ids of the prompt; empty where unknown
 */
public record Generation(String text, List<Integer> tokens, End end, List<Integer> promptTokens) {
  public Generation {
    tokens = List.copyOf(tokens);
    promptTokens = List.copyOf(promptTokens);
  }

  /** Why an answer ended. */
  public enum End {
    EOS,
    STOP_STRING,
    LENGTH
  }
}
