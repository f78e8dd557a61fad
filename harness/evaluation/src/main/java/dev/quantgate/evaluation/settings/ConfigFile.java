package dev.quantgate.evaluation.settings;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.SETTING;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quantgate.base.Nearest;
import dev.quantgate.base.RegularFile;
import dev.quantgate.evaluation.record.EvaluationException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * quantgate.yaml: one mapping whose keys are flags without their dashes. A value is a scalar, a
 * list of scalars, or a mapping by suite: for {@code protocol} to a variant, for {@code margins} to
 * a margin.
 *
 * <p>A key at the top holds for each command that has the flag. A mapping under a command's name
 * holds for that command alone and wins over the top. A flag that is called like a {@link Setting}
 * and is none, such as the {@code --out} of a command that makes no run, is said there only. A key
 * without a value says nothing.
 *
 * @param name the file's name, for messages
 * @param settings what it says for settings
 * @param flags what it says for a command's other flags, by their names without dashes
 */
public record ConfigFile(String name, Map<Setting, String> settings, Map<String, String> flags) {
  /** Says nothing. */
  public static final ConfigFile NONE = new ConfigFile("", Map.of(), Map.of());

  private static final long MOST_BYTES = 1 << 20;
  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  public ConfigFile {
    settings = Map.copyOf(settings);
    flags = Map.copyOf(flags);
  }

  /**
   * Reads what a file says for one command.
   *
   * @param commands all commands with the names of their flags, without dashes
   * @param command the one that runs; a name that is none of them sees the settings at the top
   * @throws dev.quantgate.base.FileException if it cannot be read
   * @throws EvaluationException if it is no YAML, or has a key that no command knows
   */
  public static ConfigFile read(Path file, Map<String, Set<String>> commands, String command) {
    var settings = new EnumMap<Setting, String>(Setting.class);
    var flags = new HashMap<String, String>();
    Map<String, JsonNode> sections = new LinkedHashMap<>();
    Map<String, JsonNode> top = entries(file, parse(file));
    Set<String> known = new LinkedHashSet<>();
    Stream.of(Setting.values()).map(Setting::key).forEach(known::add);
    commands.values().forEach(known::addAll);
    top.forEach((key, value) -> {
      if (commands.containsKey(key) && (value.isObject() || value.isNull())) {
        sections.put(key, value);
        return;
      }
      requireKnown(file, "", key, known);
      String text = text(file, key, value);
      if (!text.isEmpty()) {
        setting(key)
            .ifPresentOrElse(setting -> settings.put(setting, text), () -> flags.put(key, text));
      }
    });
    sections.forEach((section, node) ->
        entries(file, node)
            .forEach((key, value) -> {
              requireKnown(
                  file, "%s: ".formatted(section), key, commands.getOrDefault(section, Set.of()));
              String text = text(file, key, value);
              if (section.equals(command) && !text.isEmpty()) {
                setting(key).ifPresent(setting -> settings.put(setting, text));
                flags.put(key, text);
              }
            }));
    return new ConfigFile(String.valueOf(file.getFileName()), settings, flags);
  }

  private static JsonNode parse(Path file) {
    try {
      return YAML.readTree(new String(RegularFile.read(file, MOST_BYTES), UTF_8));
    } catch (JacksonException e) {
      var place = e.getLocation();
      throw new EvaluationException(
          SETTING,
          "%s%s: is not valid YAML: %s"
              .formatted(
                  file,
                  place == null ? "" : ", line %d".formatted(place.getLineNr()),
                  e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    }
  }

  private static Map<String, JsonNode> entries(Path file, JsonNode mapping) {
    if (mapping.isNull() || mapping.isMissingNode()) {
      return Map.of();
    }
    if (!mapping.isObject()) {
      throw new EvaluationException(
          SETTING, "%s: expected keys and values, such as \"suites: humaneval\"".formatted(file));
    }
    var entries = new LinkedHashMap<String, JsonNode>();
    mapping.properties().forEach(entry -> entries.put(entry.getKey(), entry.getValue()));
    return entries;
  }

  private static void requireKnown(Path file, String section, String key, Set<String> known) {
    if (!known.contains(key)) {
      throw new EvaluationException(
          SETTING,
          "%s: %sunknown key \"%s\"%s; known: %s"
              .formatted(file, section, key, Nearest.hint(key, known), String.join(", ", known)));
    }
  }

  private static Optional<Setting> setting(String key) {
    return Stream.of(Setting.values()).filter(setting -> setting.key().equals(key)).findFirst();
  }

  private static String text(Path file, String key, JsonNode value) {
    if (value.isArray()) {
      List<String> parts = new ArrayList<>();
      value.forEach(part -> parts.add(scalar(file, key, part)));
      return String.join(",", parts);
    }
    if (value.isObject() && key.equals(Setting.PROTOCOL.key())) {
      return value.properties().stream()
          .map(entry -> "%s=%s".formatted(entry.getKey(), scalar(file, key, entry.getValue())))
          .collect(Collectors.joining(","));
    }
    if (value.isObject() && key.equals(Setting.MARGINS.key())) {
      return value.toString(); // a mapping on one line, as the flag takes it
    }
    return scalar(file, key, value);
  }

  private static String scalar(Path file, String key, JsonNode value) {
    if (value.isContainer()) {
      throw new EvaluationException(
          SETTING,
          "%s: %s: expected one value, found a %s".formatted(file, key, value.getNodeType()));
    }
    return value.isNull() ? "" : value.asString().strip();
  }
}
