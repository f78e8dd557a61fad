package dev.quantgate.reports;

import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Side;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An item with all that is told of it: its pair, what was asked, both answers, and how to ask it
 * again.
 *
 * @param asked rendered prompt, continuations and check program; empty where they are no longer
 *     there
 * @param replay the one command that asks both models this item alone; empty where a model's
 *     reference is not known
 */
public record ItemView(
    String suite,
    Pair pair,
    Optional<Prompts.Line> asked,
    AnswerView baseline,
    AnswerView candidate,
    Optional<String> replay) {

  public String id() {
    return pair.id();
  }

  /** The rendered prompt. */
  public Optional<String> prompt() {
    return asked.map(Prompts.Line::prompt);
  }

  /** The answer of a side: the baseline's, or else the candidate's. */
  public AnswerView answer(Side side) {
    return side == Side.BASELINE ? baseline : candidate;
  }

  /** Which sample to show: the first whose texts differ, else the first. */
  public int sample() {
    int samples = Math.min(baseline.texts().size(), candidate.texts().size());
    for (int i = 0; i < samples; i++) {
      if (!baseline.text(i).equals(candidate.text(i))) {
        return i;
      }
    }
    return 0;
  }

  /**
   * Where the shown sample's texts part, in UTF-16 units and never within a character; empty where
   * they are the same.
   */
  public OptionalInt partsAt() {
    return partsAt(baseline.text(sample()), candidate.text(sample()));
  }

  static OptionalInt partsAt(String first, String second) {
    int shorter = Math.min(first.length(), second.length());
    int at = 0;
    while (at < shorter && first.charAt(at) == second.charAt(at)) {
      at++;
    }
    if (at == first.length() && at == second.length()) {
      return OptionalInt.empty();
    }
    boolean within = at > 0 && Character.isHighSurrogate(first.charAt(at - 1));
    return OptionalInt.of(within ? at - 1 : at);
  }
}
