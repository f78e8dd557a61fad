package dev.quantgate.evaluation.suite;

import java.util.function.IntPredicate;

/** String functions as Python has them, which the harnesses were written in. */
final class PythonText {

  /**
   * What Python's {@code str.isspace} holds to be white space: more than Java does (no-break
   * spaces, the next-line character).
   */
  private static final IntPredicate SPACE =
      c ->
          c >= 0x09 && c <= 0x0D
              || c >= 0x1C && c <= 0x20
              || c == 0x85
              || c == 0xA0
              || c == 0x1680
              || c >= 0x2000 && c <= 0x200A
              || c == 0x2028
              || c == 0x2029
              || c == 0x202F
              || c == 0x205F
              || c == 0x3000;

  private PythonText() {}

  /** {@code str.lstrip()}. */
  static String lstrip(String text) {
    int start = 0;
    while (start < text.length() && SPACE.test(text.charAt(start))) {
      start++;
    }
    return text.substring(start);
  }

  /** {@code str.rstrip()}. */
  static String rstrip(String text) {
    int end = text.length();
    while (end > 0 && SPACE.test(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /** {@code str.strip()}. */
  static String strip(String text) {
    return lstrip(rstrip(text));
  }
}
