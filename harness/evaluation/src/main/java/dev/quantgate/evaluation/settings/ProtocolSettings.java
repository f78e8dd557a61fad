package dev.quantgate.evaluation.settings;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Variants of suites' protocols, as they are typed. */
final class ProtocolSettings {
  static final String EXPECTED = "SUITE=VARIANT, one for each suite, such as ceval=lm-eval";

  private ProtocolSettings() {}

  /**
   * Reads choices.
   *
   * @return the variant by suite, in the order typed; a variant's own suite before it is left out
   * @throws IllegalArgumentException if one has no suite or no variant, or a suite has two
   */
  static Map<String, String> parse(List<String> choices) {
    var protocols = new LinkedHashMap<String, String>();
    for (String choice : choices) {
      int equals = choice.indexOf('=');
      if (equals < 1 || equals == choice.length() - 1) {
        throw new IllegalArgumentException("no choice: %s".formatted(choice));
      }
      String suite = choice.substring(0, equals).strip();
      String variant = choice.substring(equals + 1).strip();
      if (variant.startsWith(suite + "/")) {
        variant = variant.substring(suite.length() + 1);
      }
      if (protocols.put(suite, variant) != null) {
        throw new IllegalArgumentException("two variants of %s".formatted(suite));
      }
    }
    return protocols;
  }
}
