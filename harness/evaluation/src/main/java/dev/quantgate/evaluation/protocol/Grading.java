package dev.quantgate.evaluation.protocol;

import dev.quantgate.evaluation.protocol.Answer.ChoiceScore;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** What an answer says, in the terms of the question's key. */
public sealed interface Grading {

  /**
   * A choice was made.
   *
   * @param index the choice; empty where the answer names none, which is wrong
   * @param margin by how much its value beats the next one's, under the protocol's rule; empty
   *     where log-probabilities are unknown
   */
  record Chosen(OptionalInt index, OptionalDouble margin) implements Grading {
    /** Whether another choice had exactly the same value. */
    public boolean tied() {
      return margin.isPresent() && margin.getAsDouble() == 0;
    }
  }

  /**
   * A text was extracted.
   *
   * @param answer in the form of the key; empty where nothing was found, which is wrong
   */
  record Said(String answer) implements Grading {}

  /**
   * Programs decide, one for each sample.
   *
   * @param completions what is put behind the problem's prompt, extracted
   */
  record Programs(List<String> completions) implements Grading {
    public Programs {
      completions = List.copyOf(completions);
    }
  }

  /** The choice of a rule: the largest value, the first one on exact ties. */
  static Chosen best(List<ChoiceScore> choices, Rule rule) {
    int best = 0;
    double next = Double.NEGATIVE_INFINITY;
    for (int i = 1; i < choices.size(); i++) {
      double value = rule.value(choices.get(i));
      double leader = rule.value(choices.get(best));
      if (value > leader) {
        next = leader;
        best = i;
      } else {
        next = Math.max(next, value);
      }
    }
    return new Chosen(
        OptionalInt.of(best), OptionalDouble.of(rule.value(choices.get(best)) - next));
  }

  /**
   * The choice that a label names, white space around it and case aside; none for an unknown one.
   */
  static Chosen named(String label, List<String> labels) {
    String wanted = label.strip();
    for (int i = 0; i < labels.size(); i++) {
      if (labels.get(i).equalsIgnoreCase(wanted)) {
        return new Chosen(OptionalInt.of(i), OptionalDouble.empty());
      }
    }
    return new Chosen(OptionalInt.empty(), OptionalDouble.empty());
  }
}
