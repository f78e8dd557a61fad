package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.InferenceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An object of a JSON file, with getters that name the file, the key, what was expected and what
 * was found. A key that stands twice is refused; a key whose value is null counts as absent, as in
 * the Python that wrote it.
 */
final class JsonObject {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path file;
  private final String prefix;
  private final JsonNode node;

  private JsonObject(Path file, String prefix, JsonNode node) {
    this.file = file;
    this.prefix = prefix;
    this.node = node;
  }

  /** Reads a file of at most {@code limit} bytes that holds one object. */
  static JsonObject read(Path file, long limit) {
    byte[] bytes = bytes(file, limit);
    try {
      JsonNode root = MAPPER.readTree(new String(bytes, StandardCharsets.UTF_8));
      if (root == null || !root.isObject()) {
        throw Refusal.damaged(file, "expected a JSON object");
      }
      return new JsonObject(file, "", root);
    } catch (JacksonException e) {
      throw Refusal.damaged(file, "is no valid JSON: " + Refusal.quoted(e.getOriginalMessage()));
    }
  }

  static byte[] bytes(Path file, long limit) {
    try {
      long size = Files.size(file);
      if (size > limit) {
        throw Refusal.damaged(file, size + " bytes; at most " + limit + " are read");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw Refusal.unreadable(file, e);
    }
  }

  Path file() {
    return file;
  }

  boolean has(String key) {
    JsonNode value = node.get(key);
    return value != null && !value.isNull();
  }

  /** Whether the key stands there at all, be it with null. */
  boolean knows(String key) {
    return node.has(key);
  }

  /** All entries whose value is not null, in the order of the file. */
  Map<String, JsonNode> entries() {
    Map<String, JsonNode> entries = new LinkedHashMap<>();
    node.properties()
        .forEach(entry -> {
          if (!entry.getValue().isNull()) {
            entries.put(entry.getKey(), entry.getValue());
          }
        });
    return entries;
  }

  Optional<JsonObject> object(String key) {
    if (!has(key)) {
      return Optional.empty();
    }
    JsonNode value = node.get(key);
    if (!value.isObject()) {
      throw wrong(key, "an object", value);
    }
    return Optional.of(new JsonObject(file, prefix + key + ".", value));
  }

  Optional<String> string(String key) {
    if (!has(key)) {
      return Optional.empty();
    }
    JsonNode value = node.get(key);
    if (!value.isString()) {
      throw wrong(key, "a string", value);
    }
    return Optional.of(value.stringValue());
  }

  boolean flag(String key, boolean absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = node.get(key);
    if (!value.isBoolean()) {
      throw wrong(key, "true or false", value);
    }
    return value.booleanValue();
  }

  OptionalInt integer(String key, int least, int most) {
    if (!has(key)) {
      return OptionalInt.empty();
    }
    JsonNode value = node.get(key);
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < least
        || value.intValue() > most) {
      throw wrong(key, "a whole number in " + least + ".." + most, value);
    }
    return OptionalInt.of(value.intValue());
  }

  int required(String key, int least, int most) {
    return integer(key, least, most)
        .orElseThrow(() -> Refusal.damaged(file, "has no \"" + prefix + key + "\""));
  }

  double positive(String key, double absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = node.get(key);
    if (!value.isNumber() || !(value.doubleValue() > 0) || Double.isInfinite(value.doubleValue())) {
      throw wrong(key, "a positive number", value);
    }
    return value.doubleValue();
  }

  double requiredPositive(String key) {
    double value = positive(key, Double.NaN);
    if (Double.isNaN(value)) {
      throw Refusal.damaged(file, "has no \"" + prefix + key + "\"");
    }
    return value;
  }

  InferenceException wrong(String key, String expected, JsonNode found) {
    return Refusal.damaged(
        file,
        "\""
            + prefix
            + key
            + "\" must be "
            + expected
            + ", not "
            + Refusal.quoted(
                found.isContainer() ? found.getNodeType().toString() : found.toString()));
  }

  /** Refuses an option that stands in the file with a value that changes numbers. */
  InferenceException refused(String key) {
    JsonNode found = node.get(key);
    return Refusal.unsupported(
        file,
        Refusal.quoted(prefix + key)
            + " = "
            + (found == null || found.isContainer() ? "{...}" : Refusal.quoted(found.asString()))
            + " changes the numbers and is not supported");
  }
}
