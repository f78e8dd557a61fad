package dev.quantgate.evaluation.settings;

import static dev.quantgate.evaluation.run.EvaluationException.Kind.SETTING;

import dev.quantgate.evaluation.run.EvaluationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * quantgate.yaml: one mapping whose keys are those of {@link Setting}. A value is a scalar, a list
 * of scalars, or for {@code protocol} a mapping of suite to variant.
 */
final class ConfigFile {
  private static final long MOST_BYTES = 1 << 20;
  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private ConfigFile() {}

  static Map<Setting, String> read(Path file) {
    JsonNode root;
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new EvaluationException(
            SETTING,
            file
                + ": has "
                + Files.size(file)
                + " bytes; a configuration has at most "
                + MOST_BYTES);
      }
      root = YAML.readTree(Files.readString(file));
    } catch (IOException e) {
      throw new EvaluationException(SETTING, file + ": cannot be read: " + e.getMessage(), e);
    } catch (JacksonException e) {
      var place = e.getLocation();
      throw new EvaluationException(
          SETTING,
          file
              + (place == null ? "" : ", line " + place.getLineNr())
              + ": is no YAML that can be used: "
              + e.getOriginalMessage().lines().findFirst().orElse(""),
          e);
    }
    var settings = new EnumMap<Setting, String>(Setting.class);
    if (root == null || root.isNull() || root.isMissingNode()) {
      return settings;
    }
    if (!root.isObject()) {
      throw new EvaluationException(
          SETTING, file + ": expected keys and values, such as \"suites: humaneval\"");
    }
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      Setting setting =
          Arrays.stream(Setting.values())
              .filter(candidate -> candidate.key().equals(entry.getKey()))
              .findFirst()
              .orElseThrow(() ->
                  new EvaluationException(
                      SETTING,
                      file
                          + ": unknown key \""
                          + entry.getKey()
                          + "\"; known: "
                          + Arrays.stream(Setting.values())
                              .map(Setting::key)
                              .collect(Collectors.joining(", "))));
      settings.put(setting, text(file, setting, entry.getValue()));
    }
    return settings;
  }

  private static String text(Path file, Setting setting, JsonNode value) {
    if (value.isArray()) {
      List<String> parts = new ArrayList<>();
      value.forEach(part -> parts.add(scalar(file, setting, part)));
      return String.join(",", parts);
    }
    if (value.isObject() && setting == Setting.PROTOCOL) {
      return value.properties().stream()
          .map(entry -> entry.getKey() + "=" + scalar(file, setting, entry.getValue()))
          .collect(Collectors.joining(","));
    }
    return scalar(file, setting, value);
  }

  private static String scalar(Path file, Setting setting, JsonNode value) {
    if (value.isContainer()) {
      throw new EvaluationException(
          SETTING,
          file + ": " + setting.key() + ": expected one value, found a " + value.getNodeType());
    }
    return value.isNull() ? "" : value.asString().strip();
  }
}
