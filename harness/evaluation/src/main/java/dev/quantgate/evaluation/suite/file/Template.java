package dev.quantgate.evaluation.suite.file;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text in which {@code {{field}}} stands for a row's value. What is put in is not looked at
 * again, so that a value may hold braces.
 *
 * @param place where it stands, such as "suite.yaml, line 7 (template)"
 */
record Template(String text, String place) {
  private static final Pattern FIELD = Pattern.compile("\\{\\{\\s*([^{}\\s]+)\\s*}}");

  /** A template as the value of a key that is there. */
  static Template of(YamlMapping yaml, String key, String text) {
    return new Template(text, place(yaml, key));
  }

  /** The value of a key that may be a field's name alone, or a template. */
  static Template fieldOr(YamlMapping yaml, String key, String text) {
    return new Template(
        text.contains("{{") ? text : "{{%s}}".formatted(text.strip()), place(yaml, key));
  }

  /** A key's place for messages. */
  static String place(YamlMapping yaml, String key) {
    return "%s, line %d (%s)".formatted(yaml.file().getFileName(), yaml.lineOf(key), key);
  }

  String render(Row row) {
    Matcher field = FIELD.matcher(text);
    var rendered = new StringBuilder();
    int from = 0;
    while (field.find()) {
      rendered.append(text, from, field.start()).append(row.text(field.group(1), place));
      from = field.end();
    }
    return rendered.append(text, from, text.length()).toString();
  }
}
