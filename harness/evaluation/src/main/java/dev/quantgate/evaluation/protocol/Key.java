package dev.quantgate.evaluation.protocol;

import java.util.List;

/** What makes an answer right. */
public sealed interface Key {

  /**
   * One choice is right.
   *
   * @param index of the right one in {@code labels}; -1 where the data has no answers, which no
   *     suite that is judged may have
   * @param labels the choices' names
   * @param texts what each choice says, for answers that repeat it; empty where the names say all
   */
  record Choice(int index, List<String> labels, List<String> texts) implements Key {
    public Choice {
      labels = List.copyOf(labels);
      texts = List.copyOf(texts);
      if (!texts.isEmpty() && texts.size() != labels.size()) {
        throw new IllegalArgumentException(
            "%d texts for %d labels".formatted(texts.size(), labels.size()));
      }
      if (index < -1 || index >= labels.size()) {
        throw new IllegalArgumentException("choice %d of %d".formatted(index, labels.size()));
      }
    }

    public Choice(int index, List<String> labels) {
      this(index, labels, List.of());
    }

    /** The right choice's name; empty where unknown. */
    public String label() {
      return index < 0 ? "" : labels.get(index);
    }
  }

  /**
   * What is extracted from the answer must equal a text.
   *
   * @param expected not empty, in the form in which the protocol extracts
   */
  record Text(String expected) implements Key {
    public Text {
      if (expected.isEmpty()) {
        throw new IllegalArgumentException("an expected answer is empty");
      }
    }
  }

  /**
   * A program is right that passes the problem's test.
   *
   * @param prelude imports put before everything; empty in the layout of openai/human-eval
   * @param prompt what stands before the completion, such as signature and docstring; may be empty
   * @param test a program that defines {@code check(candidate)}
   * @param entryPoint what {@code check} is given
   * @param solution a completion that is right, with which a sandbox can be tested; blank where
   *     unknown
   */
  record Program(String prelude, String prompt, String test, String entryPoint, String solution)
      implements Key {}
}
