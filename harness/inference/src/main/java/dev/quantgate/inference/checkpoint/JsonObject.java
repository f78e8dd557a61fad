package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.InferenceException;
import java.io.IOException;
import java.io.InputStream;
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
      throw Refusal.damaged(
          file, "is no valid JSON: %s".formatted(Refusal.quoted(e.getOriginalMessage())));
    }
  }

  static byte[] bytes(Path file, long limit) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw Refusal.special(file);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(Math.toIntExact(limit + 1));
      if (bytes.length > limit) {
        throw Refusal.damaged(
            file, "%d bytes; at most %d are read".formatted(Files.size(file), limit));
      }
      return bytes;
    } catch (IOException e) {
      throw Refusal.unreadable(file, e);
    }
  }

  Path file() {
    return file;
  }

  /** The file's name, and where in it this object stands. */
  String place() {
    return prefix.isEmpty()
        ? String.valueOf(file.getFileName())
        : "%s of %s".formatted(prefix.substring(0, prefix.length() - 1), file.getFileName());
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
      throw wrong(key, "a whole number in %d..%d".formatted(least, most), value);
    }
    return OptionalInt.of(value.intValue());
  }

  int required(String key, int least, int most) {
    return integer(key, least, most).orElseThrow(() -> missing(key));
  }

  InferenceException missing(String key) {
    return Refusal.damaged(file, "has no \"%s%s\"".formatted(prefix, key));
  }

  double positive(String key, double absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = node.get(key);
    double number = value.doubleValue(Double.NaN); // as of a whole number of 400 digits
    if (!value.isNumber() || !(number > 0) || Double.isInfinite(number)) {
      throw wrong(key, "a positive number", value);
    }
    return number;
  }

  double requiredPositive(String key) {
    double value = positive(key, Double.NaN);
    if (Double.isNaN(value)) {
      throw Refusal.damaged(file, "has no \"%s%s\"".formatted(prefix, key));
    }
    return value;
  }

  InferenceException wrong(String key, String expected, JsonNode found) {
    return Refusal.damaged(
        file,
        "\"%s%s\" must be %s, not %s"
            .formatted(
                prefix,
                key,
                expected,
                Refusal.quoted(
                    found.isContainer() ? found.getNodeType().toString() : found.toString())));
  }

  /** Refuses an option that is known to change numbers in a way that is not computed here. */
  InferenceException refused(String key) {
    return Refusal.unsupported(
        file, "%s changes the numbers and is not supported".formatted(shown(key)));
  }

  /** Refuses an option of which nothing is known. */
  InferenceException unknown(String key) {
    return Refusal.unsupported(
        file,
        "%s is not known to this program, so it cannot be told whether numbers hang on it; take it out if they do not"
            .formatted(shown(key)));
  }

  private String shown(String key) {
    JsonNode found = node.get(key);
    return "%s = %s"
        .formatted(
            Refusal.quoted(prefix + key),
            found == null || found.isContainer() ? "{...}" : Refusal.quoted(found.asString()));
  }
}
