package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.checkpoint.ModelConfig.Rope;
import java.util.Optional;
import java.util.Set;

/**
 * Rotary position embedding as config.json gives it: {@code rope_theta} with {@code rope_scaling},
 * as before transformers 5, or {@code rope_parameters}; both where they agree.
 */
final class RopeReader {
  private static final double DEFAULT_THETA = 10_000;

  /**
   * Keys that count for one type and are left over from it, or from training, in another, which
   * transformers ignores.
   */
  private static final Set<String> OF_OTHER_TYPES =
      Set.of(
          "factor",
          "original_max_position_embeddings",
          "low_freq_factor",
          "high_freq_factor",
          "beta_fast",
          "beta_slow",
          "attention_factor",
          "mscale",
          "mscale_all_dim",
          "truncate",
          "finetuned");

  private final JsonObject json;
  private final JsonObject rope;
  private final int context;
  private final double theta;

  private RopeReader(JsonObject json, JsonObject rope, int context, double theta) {
    this.json = json;
    this.rope = rope;
    this.context = context;
    this.theta = theta;
  }

  /**
   * What a config.json says.
   *
   * @param context max_position_embeddings, from which scalings without an original length start
   */
  static Rope read(JsonObject json, int context) {
    Optional<JsonObject> fresh = json.object("rope_parameters");
    Optional<JsonObject> old = json.object("rope_scaling");
    double outer = json.positive("rope_theta", Double.NaN);
    if (fresh.isEmpty() && old.isEmpty()) {
      return new Rope.Default(requireAboveOne(json, orDefault(outer)));
    }
    // A spelling that gives no theta means the one beside it.
    Rope first = of(json, fresh.or(() -> old).orElseThrow(), context, outer);
    if (fresh.isPresent() && old.isPresent()) {
      Rope second = of(json, old.get(), context, first.theta());
      if (!first.equals(second)) {
        throw Refusal.damaged(
            json.file(),
            "\"rope_parameters\" and \"rope_scaling\" differ: %s and %s; keep the right one"
                .formatted(first, second));
      }
    }
    return first;
  }

  private static Rope of(JsonObject json, JsonObject rope, int context, double outer) {
    double theta = requireAboveOne(json, rope.positive("rope_theta", orDefault(outer)));
    if (!Double.isNaN(outer) && theta != outer) {
      throw Refusal.damaged(
          json.file(), "gives two values for rope_theta: %s and %s".formatted(outer, theta));
    }
    return new RopeReader(json, rope, context, theta).read();
  }

  private static double orDefault(double theta) {
    return Double.isNaN(theta) ? DEFAULT_THETA : theta;
  }

  private static double requireAboveOne(JsonObject json, double theta) {
    if (theta <= 1) {
      throw Refusal.damaged(json.file(), "rope_theta must be above 1, not %s".formatted(theta));
    }
    return theta;
  }

  private Rope read() {
    String type = rope.string("rope_type").or(() -> rope.string("type")).orElse("default");
    refuseOtherKeys(
        type,
        switch (type) {
          case "default" -> Set.of();
          case "linear" -> Set.of("factor");
          case "llama3" ->
              Set.of(
                  "factor",
                  "low_freq_factor",
                  "high_freq_factor",
                  "original_max_position_embeddings");
          case "yarn" ->
              Set.of(
                  "factor",
                  "original_max_position_embeddings",
                  "beta_fast",
                  "beta_slow",
                  "attention_factor",
                  "mscale",
                  "mscale_all_dim",
                  "truncate");
          case "dynamic" ->
              throw Refusal.unsupported(
                  json.file(),
                  "rope type \"dynamic\" is not supported: its numbers depend on how a text was"
                      + " cut");
          default ->
              throw Refusal.unsupported(
                  json.file(),
                  "rope type %s is not supported; supported: default, linear, llama3, yarn"
                      .formatted(Refusal.quoted(type)));
        });
    return switch (type) {
      case "linear" -> new Rope.Linear(theta, rope.requiredPositive("factor"));
      case "llama3" -> llama3();
      case "yarn" -> yarn();
      default -> new Rope.Default(theta);
    };
  }

  /** A leftover says nothing only where the type is said. */
  private void refuseOtherKeys(String type, Set<String> known) {
    boolean typed = rope.has("rope_type") || rope.has("type");
    rope.entries()
        .forEach((key, value) -> {
          boolean stands =
              known.contains(key)
                  || key.equals("rope_theta")
                  || (typed && OF_OTHER_TYPES.contains(key))
                  || ((key.equals("rope_type") || key.equals("type"))
                      && value.asString("").equals(type));
          if (key.equals("partial_rotary_factor")) {
            if (!value.isNumber() || value.doubleValue() != 1) {
              throw rope.refused(key);
            }
          } else if (!stands) {
            throw rope.unknown(key);
          }
        });
  }

  private Rope llama3() {
    double low = rope.requiredPositive("low_freq_factor");
    double high = rope.requiredPositive("high_freq_factor");
    if (high <= low) {
      throw Refusal.damaged(
          json.file(), "high_freq_factor %s must be above low_freq_factor %s".formatted(high, low));
    }
    return new Rope.Llama3(theta, rope.requiredPositive("factor"), low, high, originalLength());
  }

  private Rope yarn() {
    if (!rope.flag("truncate", true)) {
      throw rope.refused("truncate");
    }
    int original = originalLength();
    double factor = rope.positive("factor", (double) context / original);
    double mscale = rope.positive("mscale", Double.NaN);
    double mscaleAll = rope.positive("mscale_all_dim", Double.NaN);
    double inferred =
        Double.isNaN(mscale) || Double.isNaN(mscaleAll)
            ? magnitude(factor, 1)
            : magnitude(factor, mscale) / magnitude(factor, mscaleAll);
    return new Rope.Yarn(
        theta,
        factor,
        original,
        rope.positive("beta_fast", 32),
        rope.positive("beta_slow", 1),
        rope.positive("attention_factor", inferred));
  }

  /** YaRN's correction of the attention's temperature (Peng et al. 2023, equation 22). */
  private static double magnitude(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }

  private int originalLength() {
    return json.integer("original_max_position_embeddings", 1, Integer.MAX_VALUE)
        .orElseGet(() ->
            rope.integer("original_max_position_embeddings", 1, Integer.MAX_VALUE).orElse(context));
  }
}
