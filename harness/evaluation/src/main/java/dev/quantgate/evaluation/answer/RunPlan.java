package dev.quantgate.evaluation.answer;

import dev.quantgate.base.Nearest;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.record.EvaluationException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What every model of a run is given: the same suites, items, protocols and decoding.
 *
 * @param suites names of suites, each once, in the order of the report
 * @param data folder of the official files; empty for the bundled suites alone, or where the
 *     catalogue finds them
 * @param acceptData whether files whose sha256 is not catalogued are taken
 * @param limit the most items of each suite, drawn by {@code seed}; empty for all
 * @param items ids of the items that are asked, each of at least one of the suites; empty for all
 * @param seed of the draw and of sampling
 * @param protocols for a suite the variant of its protocol; suites left out have their default
 * @param layout how check programs are put together
 * @param sampling how texts are generated
 */
public record RunPlan(
    List<String> suites,
    Optional<Path> data,
    boolean acceptData,
    OptionalInt limit,
    List<String> items,
    long seed,
    Map<String, String> protocols,
    Layout layout,
    Sampling sampling) {

  public RunPlan {
    suites = List.copyOf(suites);
    items = List.copyOf(items);
    protocols = Map.copyOf(protocols);
    if (suites.isEmpty()) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "no suite named; say for example --suites humaneval,ceval");
    }
    if (suites.stream().distinct().count() != suites.size()) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "a suite is named twice: %s".formatted(String.join(",", suites)));
    }
    if (limit.isPresent() && limit.getAsInt() < 1) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "limit must be at least 1, not %d".formatted(limit.getAsInt()));
    }
    if (limit.isPresent() && !items.isEmpty()) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "either --limit or --items: the items that are named are not drawn from");
    }
    for (String suite : protocols.keySet()) {
      if (!suites.contains(suite)) {
        throw new EvaluationException(
            EvaluationException.Kind.SETTING,
            "a protocol is chosen for suite \"%s\"%s, which is not among the suites of this run: %s"
                .formatted(suite, Nearest.hint(suite, suites), String.join(",", suites)));
      }
    }
  }

  /** These suites whole, by their default protocols, greedily. */
  public static RunPlan of(String... suites) {
    return new RunPlan(
        List.of(suites),
        Optional.empty(),
        false,
        OptionalInt.empty(),
        List.of(),
        0,
        Map.of(),
        Layout.OPENAI,
        Sampling.GREEDY);
  }

  /** From other files. */
  public RunPlan withData(Path folder, boolean accept) {
    return new RunPlan(
        suites, Optional.of(folder), accept, limit, items, seed, protocols, layout, sampling);
  }

  /** So many items of each suite. */
  public RunPlan withLimit(int most) {
    return new RunPlan(
        suites, data, acceptData, OptionalInt.of(most), items, seed, protocols, layout, sampling);
  }

  /** These items alone. */
  public RunPlan withItems(String... ids) {
    return new RunPlan(
        suites, data, acceptData, limit, List.of(ids), seed, protocols, layout, sampling);
  }

  public RunPlan withSeed(long other) {
    return new RunPlan(suites, data, acceptData, limit, items, other, protocols, layout, sampling);
  }

  /** One suite by another protocol. */
  public RunPlan withProtocol(String suite, String variant) {
    var all = new HashMap<>(protocols);
    all.put(suite, variant);
    return new RunPlan(suites, data, acceptData, limit, items, seed, all, layout, sampling);
  }

  public RunPlan withLayout(Layout other) {
    return new RunPlan(suites, data, acceptData, limit, items, seed, protocols, other, sampling);
  }

  public RunPlan withSampling(Sampling other) {
    return new RunPlan(suites, data, acceptData, limit, items, seed, protocols, layout, other);
  }

  /**
   * How texts are generated, over what the protocol says.
   *
   * @param temperature 0 is greedy
   * @param topP nucleus sampling's share
   * @param samples texts for each item; more than one needs a temperature
   * @param maxNewTokens the most tokens of a text; empty leaves it to the protocol
   */
  public record Sampling(double temperature, double topP, int samples, OptionalInt maxNewTokens) {
    /** One text for each item, the most likely token at each step. */
    public static final Sampling GREEDY = new Sampling(0, 1, 1, OptionalInt.empty());

    public Sampling {
      if (!(temperature >= 0 && temperature <= 100)) {
        throw new EvaluationException(
            EvaluationException.Kind.SETTING,
            "temperature must be in 0 .. 100, not %s".formatted(temperature));
      }
      if (!(topP > 0 && topP <= 1)) {
        throw new EvaluationException(
            EvaluationException.Kind.SETTING,
            "top-p must be above 0 and at most 1, not %s".formatted(topP));
      }
      if (samples < 1 || samples > 10_000) {
        throw new EvaluationException(
            EvaluationException.Kind.SETTING,
            "samples must be in 1 .. 10000, not %d".formatted(samples));
      }
      if (samples > 1 && temperature == 0) {
        throw new EvaluationException(
            EvaluationException.Kind.SETTING,
            "%d greedy samples would all be the same; set a temperature, such as --temperature 0.8"
                .formatted(samples));
      }
      if (maxNewTokens.isPresent() && maxNewTokens.getAsInt() < 1) {
        throw new EvaluationException(
            EvaluationException.Kind.SETTING,
            "max-new-tokens must be at least 1, not %d".formatted(maxNewTokens.getAsInt()));
      }
    }
  }
}
