package dev.quantgate.evaluation.answer;

import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.Outcome;
import java.util.ArrayList;
import java.util.List;

/** A question on its way, with the outcomes of its parts as they come. */
final class Asked {
  final Question question;
  final int form;
  final List<Outcome<?>> outcomes = new ArrayList<>();
  private int first;
  private int missing;

  Asked(Question question) {
    this(question, 0);
  }

  Asked(Question question, int form) {
    this.question = question;
    this.form = form;
  }

  Request request() {
    return question.requests().get(form);
  }

  boolean hasShorterForm() {
    return form + 1 < question.requests().size();
  }

  /** The same question in its next shorter form. */
  Asked shorter() {
    return new Asked(question, form + 1);
  }

  void expect(int parts, int firstIndex) {
    first = firstIndex;
    missing = parts;
    outcomes.clear();
    for (int i = 0; i < parts; i++) {
      outcomes.add(Outcome.missing());
    }
  }

  /** Takes the outcome of a part; true when it was the last one. */
  boolean accept(int index, Outcome<?> outcome) {
    outcomes.set(index - first, outcome);
    return --missing == 0;
  }
}
