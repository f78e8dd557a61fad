package dev.quantgate.evaluation.suite.file;

import dev.quantgate.base.Nearest;
import dev.quantgate.base.RegularFile;
import dev.quantgate.benchmarks.DataException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A mapping of a YAML file that knows the line of each of its keys, so that whatever is wrong with
 * one can be told with its place.
 *
 * @param line where the mapping begins
 */
record YamlMapping(Path file, int line, SequencedMap<String, Entry> entries) {
  private static final long MOST_BYTES = 1 << 20;
  private static final int DEEPEST = 8;
  private static final YAMLMapper YAML = new YAMLMapper();

  /** A key's line and value: a text, a list of texts or a mapping. */
  record Entry(int line, Object value) {}

  /**
   * Reads a file whose whole content is one mapping.
   *
   * @throws DataException if it is none
   * @throws dev.quantgate.base.FileException if it cannot be read
   */
  static YamlMapping read(Path file) {
    String text = new String(RegularFile.read(file, MOST_BYTES), StandardCharsets.UTF_8);
    try (JsonParser parser = YAML.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new DataException(
            "%s, line 1: expected keys and values, such as \"template: ...\"".formatted(file));
      }
      YamlMapping mapping = mapping(file, parser, 0);
      if (parser.nextToken() != null) {
        throw new DataException(
            "%s, line %d: expected one document, found another"
                .formatted(file, parser.currentTokenLocation().getLineNr()));
      }
      return mapping;
    } catch (JacksonException e) {
      var place = e.getLocation();
      throw new DataException(
          "%s, line %d: expected YAML, found something else: %s"
              .formatted(
                  file,
                  place == null ? 1 : Math.max(1, place.getLineNr()),
                  e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    }
  }

  private static YamlMapping mapping(Path file, JsonParser parser, int depth) {
    int begin = parser.currentTokenLocation().getLineNr();
    var entries = new LinkedHashMap<String, Entry>();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = parser.currentName();
      int line = parser.currentTokenLocation().getLineNr();
      parser.nextToken();
      Entry earlier = entries.put(key, new Entry(line, value(file, parser, line, depth + 1)));
      if (earlier != null) {
        throw new DataException(
            "%s, line %d: expected each key once, found \"%s\" again (first on line %d)"
                .formatted(file, line, key, earlier.line));
      }
    }
    return new YamlMapping(file, begin, entries);
  }

  private static Object value(Path file, JsonParser parser, int line, int depth) {
    if (depth > DEEPEST) {
      throw new DataException("%s, line %d: is nested too deeply".formatted(file, line));
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> mapping(file, parser, depth);
      case START_ARRAY -> {
        List<String> texts = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          if (parser.currentToken().isStructStart()) {
            throw new DataException(
                "%s, line %d: expected a list of texts, found a list or mapping in it"
                    .formatted(file, parser.currentTokenLocation().getLineNr()));
          }
          texts.add(parser.getString());
        }
        yield List.copyOf(texts);
      }
      case VALUE_NULL -> "";
      default -> parser.getString();
    };
  }

  /** Refuses keys that nothing reads. */
  void requireOnly(List<String> known) {
    entries.forEach((key, entry) -> {
      if (!known.contains(key)) {
        throw at(
            key,
            "unknown key \"%s\"%s; known: %s"
                .formatted(key, Nearest.hint(key, known), String.join(", ", known)));
      }
    });
  }

  /** A refusal that names this file and a key's line. */
  DataException at(String key, String message) {
    Entry entry = entries.get(key);
    return new DataException(
        "%s, line %d: %s".formatted(file, entry == null ? line : entry.line, message));
  }

  boolean has(String key) {
    return entries.containsKey(key);
  }

  /** The line of a key that is there. */
  int lineOf(String key) {
    Entry entry = entries.get(key);
    return entry == null ? line : entry.line;
  }

  Optional<String> text(String key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return Optional.empty();
    }
    if (!(entry.value instanceof String text)) {
      throw at(key, "expected one text under \"%s\", found a list or mapping".formatted(key));
    }
    return Optional.of(text);
  }

  /** A text that must be there and not be empty. */
  String required(String key, String example) {
    return text(key)
        .filter(text -> !text.isEmpty())
        .orElseThrow(() -> at(key, "expected \"%s\", such as %s".formatted(key, example)));
  }

  /** A list of texts, or one text as a list of one; empty where the key is absent. */
  List<String> texts(String key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return List.of();
    }
    return switch (entry.value) {
      case String text -> List.of(text);
      case List<?> list -> list.stream().map(String::valueOf).toList();
      default -> throw at(key, "expected a list under \"%s\", found a mapping".formatted(key));
    };
  }

  boolean isList(String key) {
    Entry entry = entries.get(key);
    return entry != null && entry.value instanceof List<?>;
  }

  int number(String key, int least, int most, int otherwise) {
    Optional<String> text = text(key);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(text.get().strip());
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, as a number out of its bounds is.
    }
    throw at(
        key,
        "expected a whole number from %d to %d under \"%s\", found \"%s\""
            .formatted(least, most, key, text.get()));
  }

  boolean flag(String key) {
    String text = text(key).orElse("false");
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "yes" -> true;
      case "false", "no" -> false;
      default ->
          throw at(key, "expected true or false under \"%s\", found \"%s\"".formatted(key, text));
    };
  }

  /** One of some words. */
  <T> T choice(String key, Map<String, T> words, String otherwise) {
    String word = text(key).orElse(otherwise);
    T value = words.get(word);
    if (value == null) {
      throw at(
          key,
          "expected one of %s under \"%s\", found \"%s\"%s"
              .formatted(
                  words.keySet().stream().sorted().collect(Collectors.joining(", ")),
                  key,
                  word,
                  Nearest.hint(word, words.keySet())));
    }
    return value;
  }

  Optional<YamlMapping> section(String key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return Optional.empty();
    }
    if (!(entry.value instanceof YamlMapping section)) {
      throw at(key, "expected keys and values under \"%s\"".formatted(key));
    }
    return Optional.of(section);
  }
}
