package dev.quantgate.reports;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A text with places {@code @{name}}; what is put into one is never searched for places. */
final class Template {
  private final List<String> pieces = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final Map<String, String> values = new HashMap<>();

  private Template() {}

  static Template of(String text) {
    var template = new Template();
    int from = 0;
    for (int at = text.indexOf("@{"); at >= 0; at = text.indexOf("@{", from)) {
      int end = text.indexOf('}', at);
      template.pieces.add(text.substring(from, at));
      template.names.add(text.substring(at + 2, end));
      from = end + 1;
    }
    template.pieces.add(text.substring(from));
    return template;
  }

  Template put(String name, String value) {
    values.put(name, value);
    return this;
  }

  String text() {
    var text = new StringBuilder();
    for (int i = 0; i < names.size(); i++) {
      String value = values.get(names.get(i));
      if (value == null) {
        throw new IllegalStateException("nothing was put into @{%s}".formatted(names.get(i)));
      }
      text.append(pieces.get(i)).append(value);
    }
    return text.append(pieces.getLast()).toString();
  }
}
