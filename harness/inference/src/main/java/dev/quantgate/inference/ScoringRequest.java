package dev.quantgate.inference;

import java.util.List;

/**
 * Asks how likely each of some continuations of one prompt is. All are computed from one pass over
 * what they have in common.
 *
 * @param prompt what comes before
 * @param continuations at least one, none empty
 * @param join how prompt and continuation become tokens
 * @param detail which positions are reported
 */
public record ScoringRequest(Prompt prompt, List<String> continuations, Join join, Detail detail) {

  public ScoringRequest {
    continuations = List.copyOf(continuations);
    if (continuations.isEmpty() || continuations.stream().anyMatch(String::isEmpty)) {
      throw new IllegalArgumentException(
          "a scoring request needs continuations, none of them empty");
    }
  }

  /** How prompt and continuation become one sequence of tokens. */
  public enum Join {
    /**
     * The text of both is tokenised as one; the continuation is what lies beyond as many tokens as
     * the prompt alone has, once the prompt's trailing white space has been moved to the
     * continuation (as lm-evaluation-harness does).
     */
    WHOLE_TEXT,
    /**
     * The continuation is tokenised by itself, with no bos and no leading-space marker added, and
     * appended to the prompt's tokens.
     */
    APPENDED
  }

  /** Which positions are reported. */
  public enum Detail {
    CONTINUATION,
    /** Also every token of the prompt but the first, which nothing precedes. */
    EVERY_TOKEN
  }
}
