package dev.quantgate.evaluation.suite.file;

import dev.quantgate.benchmarks.DataException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A user's regular expression, which finds an answer in a text within bounded time.
 *
 * @param last whether the last match is taken in place of the first
 * @param place where it stands, for messages
 */
record AnswerPattern(Pattern pattern, boolean last, String place) {
  /** An expression that looks at characters more often than this for one text will not end. */
  private static final int MOST_STEPS = 20_000_000;

  static AnswerPattern of(YamlMapping yaml, String key, String text, boolean last) {
    try {
      return new AnswerPattern(Pattern.compile(text), last, Template.place(yaml, key));
    } catch (PatternSyntaxException e) {
      throw yaml.at(
          key,
          "expected a regular expression under \"%s\", found \"%s\": %s"
              .formatted(key, text, e.getDescription()));
    }
  }

  /** The first group of the match, or all of it where there is no group; empty for no match. */
  Optional<String> find(String text) {
    try {
      Matcher matcher = pattern.matcher(new Bounded(text));
      Optional<String> found = Optional.empty();
      while (matcher.find()) {
        found = Optional.ofNullable(matcher.groupCount() == 0 ? matcher.group() : matcher.group(1));
        if (!last) {
          break;
        }
      }
      return found;
    } catch (StackOverflowError e) {
      throw endless(text);
    }
  }

  /** The text without all matches. */
  String remove(String text) {
    try {
      return pattern.matcher(new Bounded(text)).replaceAll("");
    } catch (StackOverflowError e) {
      throw endless(text);
    }
  }

  private DataException endless(String text) {
    return new DataException(
        "%s: the regular expression \"%s\" comes to no end on an answer of %,d characters; write it without nested repetition"
            .formatted(place, pattern, text.length()));
  }

  /** A text whose characters can be looked at so often and no more. */
  private final class Bounded implements CharSequence {
    private final String text;
    private int steps;

    Bounded(String text) {
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      if (++steps > MOST_STEPS) {
        throw endless(text);
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.substring(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
