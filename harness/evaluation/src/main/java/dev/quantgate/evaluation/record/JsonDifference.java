package dev.quantgate.evaluation.record;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * A value in which two JSON objects differ.
 *
 * @param field its path, such as "suites[0].evidence.lowerPoints"
 * @param found what stands there; "nothing" where it is missing
 * @param expected what should
 */
public record JsonDifference(String field, String found, String expected) {
  private static final int MOST_CHARACTERS = 80;

  /** All of them, in the order of the first object. */
  public static List<JsonDifference> between(JsonNode found, JsonNode expected) {
    List<JsonDifference> differences = new ArrayList<>();
    walk("", found, expected, differences);
    return differences;
  }

  private static void walk(
      String path, JsonNode found, JsonNode expected, List<JsonDifference> sink) {
    if (found.isObject() && expected.isObject()) {
      Set<String> names = new LinkedHashSet<>(found.propertyNames());
      names.addAll(expected.propertyNames());
      for (String name : names) {
        walk(
            path.isEmpty() ? name : "%s.%s".formatted(path, name),
            found.path(name),
            expected.path(name),
            sink);
      }
    } else if (found.isArray() && expected.isArray()) {
      for (int i = 0; i < Math.max(found.size(), expected.size()); i++) {
        walk("%s[%d]".formatted(path, i), found.path(i), expected.path(i), sink);
      }
    } else if (!found.equals(expected)) {
      sink.add(new JsonDifference(path, shown(found), shown(expected)));
    }
  }

  private static String shown(JsonNode node) {
    String text = node.isMissingNode() ? "nothing" : node.toString();
    return text.length() <= MOST_CHARACTERS
        ? text
        : "%s...".formatted(text.substring(0, MOST_CHARACTERS));
  }
}
