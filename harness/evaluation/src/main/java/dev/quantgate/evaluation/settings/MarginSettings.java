package dev.quantgate.evaluation.settings;

import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.MarginKind;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads the margins of single suites: a YAML mapping, on one line where it is typed. */
final class MarginSettings {
  static final String KINDS = "absolute, relative or relative-below-N";
  static final String EXPECTED =
      "a mapping of suites to margins, such as {ceval: 0.5, humaneval: {margin: 2, kind: absolute, reason: few items}}";

  private static final Set<String> KEYS = Set.of("margin", "kind", "reason");
  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private MarginSettings() {}

  /**
   * The margins by suite.
   *
   * @param kind of margins that say none
   * @throws IllegalArgumentException if it is no such mapping
   */
  static Map<String, Margin> parse(String text, MarginKind kind) {
    JsonNode mapping;
    try {
      mapping = YAML.readTree(text);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("no YAML", e);
    }
    require(mapping.isObject());
    var margins = new TreeMap<String, Margin>();
    mapping
        .properties()
        .forEach(entry -> margins.put(entry.getKey(), margin(entry.getValue(), kind)));
    return margins;
  }

  private static Margin margin(JsonNode value, MarginKind kind) {
    if (!value.isObject()) {
      return new Margin(number(value), kind, Optional.empty());
    }
    var others = new HashSet<>(value.propertyNames());
    others.removeAll(KEYS);
    require(others.isEmpty());
    return new Margin(
        number(value.path("margin")),
        text(value, "kind").map(MarginKind::of).orElse(kind),
        text(value, "reason"));
  }

  private static double number(JsonNode value) {
    require(value.isNumber() && Double.isFinite(value.asDouble(Double.NaN)));
    return value.asDouble();
  }

  private static Optional<String> text(JsonNode value, String key) {
    JsonNode text = value.path(key);
    if (text.isMissingNode() || text.isNull()) {
      return Optional.empty();
    }
    require(!text.isContainer());
    return Optional.of(text.asString());
  }

  private static void require(boolean good) {
    if (!good) {
      throw new IllegalArgumentException("no margins");
    }
  }
}
