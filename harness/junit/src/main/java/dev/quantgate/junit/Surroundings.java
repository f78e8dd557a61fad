package dev.quantgate.junit;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.SETTING;

import dev.quantgate.base.Nearest;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.settings.Setting;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What a build says about gates by its environment and by system properties. */
final class Surroundings {
  private static final String PROPERTY = "quantgate.";
  private static final String VARIABLE = "QUANTGATE_";

  private Surroundings() {}

  /**
   * Settings as the environment has them, {@code QUANTGATE_CANDIDATE}; {@code quantgate.candidate}
   * of the properties stands for that and wins over it.
   *
   * @throws EvaluationException for a name that is no setting and nearly one: it would be passed
   *     over in silence
   */
  static Map<String, String> settings(
      Map<String, String> environment, Map<String, String> properties) {
    environment.keySet().stream()
        .filter(name -> name.startsWith(VARIABLE))
        .forEach(name ->
            requireNoSlip(
                "environment variable",
                name,
                VARIABLE,
                name.substring(VARIABLE.length()).toLowerCase(Locale.ROOT).replace('_', '-')));
    properties.keySet().stream()
        .filter(name -> name.startsWith(PROPERTY))
        .forEach(name ->
            requireNoSlip("system property", name, PROPERTY, name.substring(PROPERTY.length())));
    var settings = new HashMap<>(environment);
    for (Setting setting : Setting.values()) {
      String value = properties.get(PROPERTY + setting.key());
      if (value != null) {
        settings.put(setting.variable(), value);
      }
    }
    return settings;
  }

  private static void requireNoSlip(String what, String name, String prefix, String key) {
    List<String> keys = Arrays.stream(Setting.values()).map(Setting::key).toList();
    if (keys.contains(key)) {
      return;
    }
    Optional<String> meant = Nearest.to(key, keys);
    if (meant.isPresent()) {
      String nearest =
          prefix.equals(VARIABLE)
              ? VARIABLE + meant.get().toUpperCase(Locale.ROOT).replace('-', '_')
              : PROPERTY + meant.get();
      throw new EvaluationException(
          SETTING,
          "unknown %s %s, did you mean \"%s\"? Nothing reads it".formatted(what, name, nearest));
    }
  }
}
