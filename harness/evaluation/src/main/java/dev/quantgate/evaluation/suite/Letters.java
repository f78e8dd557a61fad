package dev.quantgate.evaluation.suite;

import dev.quantgate.evaluation.protocol.Grading;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Finds the letter in an answer that was written. */
final class Letters {
  private Letters() {}

  /**
   * OpenCompass' {@code first_capital_postprocess}: the first upper-case letter of any script
   * decides, and names no choice if it is none of theirs.
   *
   * @param choices what A, B, C and so on stand for
   */
  static Grading.Chosen first(String text, List<Integer> choices) {
    OptionalInt capital = text.codePoints().filter(Character::isUpperCase).findFirst();
    int letter = capital.orElse('A' - 1) - 'A';
    return new Grading.Chosen(
        letter >= 0 && letter < choices.size()
            ? OptionalInt.of(choices.get(letter))
            : OptionalInt.empty(),
        OptionalDouble.empty());
  }
}
