package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text from outside inside Markdown: shown, never obeyed. */
final class Markdown {
  /** What could begin markup, a link, a heading, or call a person's name. */
  private static final Pattern ACTIVE = Pattern.compile("[&<>|`*_\\[\\]@#~!\\\\]|:(?=//)");

  private Markdown() {}

  /** One line in which every character that Markdown could obey is a character reference. */
  static String text(String text, int most) {
    return ACTIVE
        .matcher(PlainText.line(text, most))
        .replaceAll(
            found -> Matcher.quoteReplacement("&#%d;".formatted((int) found.group().charAt(0))));
  }
}
