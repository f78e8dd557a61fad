package dev.quantgate.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON Lines whose rows are objects of strings under a fixed set of keys, as HumanEval and CMNLI
 * have them. Blank lines are skipped and counted.
 */
final class JsonLines {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonLines() {}

  /**
   * A row.
   *
   * @param line its 1-based line in the file
   */
  record Row(int line, Map<String, String> fields) {
    String get(String key) {
      String value = fields.get(key);
      if (value == null) {
        throw new IllegalArgumentException("no key %s".formatted(key));
      }
      return value;
    }
  }

  /**
   * Reads all rows.
   *
   * @param file the file's name, for messages
   * @param keys what each row must have, no more and no less
   * @throws DataException naming the line of the first row that is not of that form
   */
  static List<Row> read(String file, byte[] content, Set<String> keys) {
    return read(file, content, keys, Set.of());
  }

  /**
   * Reads all rows, in which some keys may, or may also, have whole numbers, given as their digits.
   *
   * @param numbers the keys that may have them; those that are not among {@code keys} may be absent
   */
  static List<Row> read(String file, byte[] content, Set<String> keys, Set<String> numbers) {
    String[] lines = Text.decode(file, content).split("\n", -1);
    var rows = new ArrayList<Row>();
    for (int i = 0; i < lines.length; i++) {
      if (!lines[i].isBlank()) {
        rows.add(row(file, i + 1, lines[i], keys, numbers));
      }
    }
    if (rows.isEmpty()) {
      throw new DataException(
          "%s: expected JSON Lines with the keys %s, found no line".formatted(file, keys));
    }
    return rows;
  }

  private static Row row(
      String file, int line, String text, Set<String> keys, Set<String> numbers) {
    JsonNode node;
    try {
      node = MAPPER.readTree(text);
    } catch (JacksonException e) {
      throw new DataException(
          "%s, line %d: expected one JSON object, found %s (%s)"
              .formatted(file, line, Text.shown(text), oneLine(e.getOriginalMessage())),
          e);
    }
    if (!node.isObject()) {
      throw new DataException(
          "%s, line %d: expected one JSON object, found %s"
              .formatted(file, line, Text.shown(text)));
    }
    var fields = new TreeMap<String, String>();
    var found = new LinkedHashSet<String>();
    for (var property : node.properties()) {
      String key = property.getKey();
      if (numbers.contains(key) && property.getValue().isIntegralNumber()) {
        fields.put(key, property.getValue().asString());
        if (keys.contains(key)) {
          found.add(key);
        }
        continue;
      }
      found.add(key);
      if (keys.contains(key)) {
        if (!property.getValue().isString()) {
          throw new DataException(
              "%s, line %d: expected a string under \"%s\", found %s"
                  .formatted(file, line, key, Text.shown(property.getValue().toString())));
        }
        String value = property.getValue().stringValue();
        if (!Text.wellFormed(value)) {
          throw new DataException(
              "%s, line %d: expected Unicode text under \"%s\", found half of a surrogate pair"
                  .formatted(file, line, key));
        }
        fields.put(key, value);
      }
    }
    if (!found.equals(keys)) {
      throw new DataException(
          "%s, line %d: expected the keys %s, found %s"
              .formatted(
                  file, line, String.join(", ", keys), Text.shown(String.join(", ", found))));
    }
    return new Row(line, fields);
  }

  private static String oneLine(String message) {
    String first = message.lines().findFirst().orElse("");
    return first.length() <= 120 ? first : first.substring(0, 120) + "…";
  }
}
