package dev.quantgate.inference.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * How a GPTQ checkpoint is packed, from quantize_config.json, quant_config.json and config.json's
 * quantization_config.
 *
 * @param file the first of them that is there
 * @param bits bits of a code: 4
 * @param groupSize inputs of a group; -1 for all
 * @param symmetric whether every zero point is 8; true where nothing is said, as for the packers
 * @param format "gptq" or "gptq_v2"
 * @param zeroPoints how zero points are stored; empty for format "gptq" by a writer that is not
 *     known, whose readings differ where a zero point is 0
 * @param quantisedHead whether lm_head is packed too
 * @param baseName the file of weights without its extension, where the config names one
 */
record GptqConfig(
    Path file,
    int bits,
    int groupSize,
    boolean symmetric,
    String format,
    Optional<ZeroPoints> zeroPoints,
    boolean quantisedHead,
    Optional<String> baseName) {

  static final String V1 = "gptq";
  static final String V2 = "gptq_v2";

  private static final List<String> FILES = List.of("quantize_config.json", "quant_config.json");

  /**
   * Keys that say how the codes were found, or how somebody's kernels should run; no number hangs
   * on them. The first lines are AutoGPTQ's and Optimum's, then GPTQModel's, then AutoRound's.
   */
  private static final Set<String> HARMLESS =
      Set.of(
          ("bits group_size desc_act sym static_groups true_sequential damp_percent lm_head"
                  + " quant_method checkpoint_format model_name_or_path model_file_base_name"
                  + " dataset tokenizer model_seqlen batch_size pad_token_id block_name_to_quantize"
                  + " module_name_preceding_first_block modules_in_block_to_quantize"
                  + " modules_to_not_convert cache_block_outputs use_cuda_fp16 use_exllama"
                  + " disable_exllama exllama_config max_input_length backend"
                  + " method format meta quantizer damp_auto_increment act_group_aware mse"
                  + " pack_dtype pack_impl offload_to_disk offload_to_disk_path autotune v2 v2_alpha"
                  + " v2_memory_device hyb_act gptaq foem adapter failsafe device gc_mode"
                  + " wait_for_submodule_finalizers auto_forward_data_parallel vram_strategy"
                  + " hessian hessian_chunk_size hessian_use_bfloat16_staging"
                  + " iters lr minmax_lr nsamples seqlen scale_dtype autoround_version provider"
                  + " gradient_accumulate_steps low_gpu_mem_usage low_cpu_mem_usage amp train_bs"
                  + " not_use_best_mse enable_minmax_tuning enable_norm_bias_tuning"
                  + " enable_quanted_input enable_alg_ext to_quant_block_names quant_block_list"
                  + " super_bits super_group_size act_group_size act_sym act_dynamic"
                  + " act_data_type")
              .split(" "));

  /** Keys that are harmless with these values and change the numbers with others. */
  private static final Map<String, Set<String>> NEUTRAL =
      Map.of(
          "data_type", Set.of("int"),
          "act_bits", Set.of("16", "32"),
          "is_marlin_format", Set.of("false"),
          "packing_format", Set.of("auto_round:auto_gptq"));

  /** Keys of AutoAWQ's own file, which need not name the method. */
  private static final Set<String> AWQ = Set.of("zero_point", "q_group_size", "w_bit");

  private static final Pattern WRITER =
      Pattern.compile("(gptqmodel|auto_?gptq|quantgate):(\\d{1,6})\\.(\\d{1,6})(.*)");

  static final Set<Integer> GROUP_SIZES = Set.of(-1, 16, 32, 64, 128, 256, 512, 1024);

  /**
   * The config of a folder, empty where its weights are not quantised. A key counts wherever it
   * stands; two places that say different things are refused.
   */
  static Optional<GptqConfig> read(Path folder) {
    List<JsonObject> places = new ArrayList<>();
    FILES.stream()
        .map(folder::resolve)
        .filter(Files::exists)
        .forEach(file -> places.add(JsonObject.read(file, Architecture.JSON_LIMIT)));
    JsonObject.read(folder.resolve("config.json"), Architecture.JSON_LIMIT)
        .object("quantization_config")
        .ifPresent(places::add);
    return places.isEmpty() ? Optional.empty() : Optional.of(of(places));
  }

  private static GptqConfig of(List<JsonObject> places) {
    Path file = places.getFirst().file();
    places.forEach(GptqConfig::requireMethod);
    String format = agreed(places, "checkpoint format", GptqConfig::format).orElse(V1);
    places.forEach(GptqConfig::refuseOtherArithmetic);
    return new GptqConfig(
        file,
        required(places, "bits", GptqConfig::bits),
        required(places, "group_size", GptqConfig::groupSize),
        agreed(places, "sym", json -> flag(json, "sym")).orElse(true),
        format,
        format.equals(V2) ? Optional.of(ZeroPoints.STORED) : storedByWriter(places),
        agreed(places, "lm_head", json -> flag(json, "lm_head")).orElse(false),
        places.stream().flatMap(json -> json.string("model_file_base_name").stream()).findFirst());
  }

  /** What the places that say something say, which must be the same. */
  private static <T> Optional<T> agreed(
      List<JsonObject> places, String key, Function<JsonObject, Optional<T>> value) {
    List<JsonObject> saying =
        places.stream().filter(json -> value.apply(json).isPresent()).toList();
    if (saying.isEmpty()) {
      return Optional.empty();
    }
    JsonObject first = saying.getFirst();
    Optional<T> said = value.apply(first);
    for (JsonObject place : saying) {
      Optional<T> other = value.apply(place);
      if (!said.equals(other)) {
        throw Refusal.damaged(
            first.file(),
            "says %s %s, but %s says %s %s"
                .formatted(key, shown(said), place.place(), key, shown(other)));
      }
    }
    return said;
  }

  private static String shown(Optional<?> value) {
    return value
        .map(each -> each instanceof String text ? Refusal.quoted(text) : each.toString())
        .orElse("nothing");
  }

  private static <T> T required(
      List<JsonObject> places, String key, Function<JsonObject, Optional<T>> value) {
    return agreed(places, key, value).orElseThrow(() -> places.getFirst().missing(key));
  }

  private static Optional<Integer> bits(JsonObject json) {
    OptionalInt bits = json.integer("bits", 1, 32);
    if (bits.isPresent() && bits.getAsInt() != 4) {
      throw Refusal.unsupported(
          json.file(), "%d-bit codes are not supported; supported: 4".formatted(bits.getAsInt()));
    }
    return bits.isPresent() ? Optional.of(bits.getAsInt()) : Optional.empty();
  }

  private static Optional<Integer> groupSize(JsonObject json) {
    OptionalInt size = json.integer("group_size", -1, 1 << 20);
    if (size.isPresent() && !GROUP_SIZES.contains(size.getAsInt())) {
      throw Refusal.unsupported(
          json.file(),
          "group_size %d is not supported; supported: 32, 64, 128 and other powers of two from 16 to 1024, and -1"
              .formatted(size.getAsInt()));
    }
    return size.isPresent() ? Optional.of(size.getAsInt()) : Optional.empty();
  }

  private static Optional<Boolean> flag(JsonObject json, String key) {
    return json.has(key) ? Optional.of(json.flag(key, false)) : Optional.empty();
  }

  private static void requireMethod(JsonObject json) {
    boolean awq = json.entries().keySet().stream().anyMatch(AWQ::contains);
    String method = eitherName(json, "quant_method", "method").orElse(awq ? "awq" : "gptq");
    if (!method.toLowerCase(Locale.ROOT).equals("gptq")) {
      throw Refusal.unsupported(
          json.file(),
          "quantisation method %s is not supported; supported: gptq"
              .formatted(Refusal.quoted(method)));
    }
    json.string("pack_dtype")
        .filter(dtype -> !dtype.equals("int32"))
        .ifPresent(dtype -> {
          throw Refusal.unsupported(
              json.file(),
              "pack_dtype %s is not supported; supported: int32".formatted(Refusal.quoted(dtype)));
        });
  }

  private static Optional<String> format(JsonObject json) {
    Optional<String> format = eitherName(json, "checkpoint_format", "format");
    format
        .filter(each -> !each.equals(V1) && !each.equals(V2))
        .ifPresent(each -> {
          throw Refusal.unsupported(
              json.file(),
              "checkpoint format %s is not supported; supported: gptq, gptq_v2"
                  .formatted(Refusal.quoted(each)));
        });
    return format;
  }

  private static void refuseOtherArithmetic(JsonObject json) {
    json.entries()
        .forEach((key, value) -> {
          Set<String> neutral = NEUTRAL.get(key);
          if (neutral != null && !neutral.contains(value.asString("{}"))) {
            throw json.refused(key);
          }
          if (key.equals("dynamic")) {
            requireExclusionsOnly(json, value);
          } else if (neutral == null && !HARMLESS.contains(key) && !isOff(value)) {
            throw json.unknown(key);
          }
        });
  }

  /**
   * A rule "-:PATTERN" leaves modules unquantised, which the tensors show by themselves; any other
   * gives modules a scheme of their own.
   */
  private static void requireExclusionsOnly(JsonObject json, JsonNode rules) {
    boolean exclusionsOnly =
        rules.isBoolean()
            ? !rules.booleanValue()
            : rules.isObject()
                && rules.propertyNames().stream().allMatch(rule -> rule.startsWith("-:"));
    if (!exclusionsOnly) {
      throw json.refused("dynamic");
    }
  }

  /** The value of a key that newer writers spell in a second way. */
  private static Optional<String> eitherName(JsonObject json, String key, String synonym) {
    Optional<String> value = json.string(key);
    Optional<String> other = json.string(synonym);
    if (value.isPresent() && other.isPresent() && !value.equals(other)) {
      throw Refusal.damaged(
          json.file(), "says %s %s but %s %s".formatted(key, shown(value), synonym, shown(other)));
    }
    return value.or(() -> other);
  }

  private static boolean isOff(JsonNode value) {
    return (value.isBoolean() && !value.booleanValue())
        || (value.isContainer() && value.isEmpty())
        || (value.isString() && value.stringValue().isEmpty());
  }

  /**
   * How a file of format "gptq" stores zero points, by what {@code meta.quantizer} says, wherever
   * it stands; empty if a writer is not known.
   */
  private static Optional<ZeroPoints> storedByWriter(List<JsonObject> places) {
    List<JsonObject> saying = places.stream().filter(json -> writers(json).isPresent()).toList();
    if (saying.isEmpty()) {
      return Optional.empty();
    }
    JsonObject first = saying.getFirst();
    Optional<ZeroPoints> stored = stored(first);
    boolean known = stored.isPresent();
    for (JsonObject place : saying) {
      Optional<ZeroPoints> other = stored(place);
      if (stored.isPresent() && other.isPresent() && !stored.equals(other)) {
        throw Refusal.damaged(
            first.file(),
            "says meta.quantizer %s, but %s says %s, and the two packers store zero points in different ways"
                .formatted(shownWriters(first), place.place(), shownWriters(place)));
      }
      known &= other.isPresent();
    }
    return known ? stored : Optional.empty();
  }

  private static Optional<JsonNode> writers(JsonObject json) {
    JsonNode meta = json.entries().get("meta");
    return Optional.ofNullable(meta == null ? null : meta.get("quantizer"))
        .filter(named -> !named.isNull());
  }

  private static String shownWriters(JsonObject json) {
    return Refusal.quoted(String.join(", ", names(json)));
  }

  private static List<String> names(JsonObject json) {
    JsonNode named = writers(json).orElseThrow();
    List<String> names = new ArrayList<>();
    for (JsonNode writer : named.isArray() ? named : List.of(named)) {
      names.add(writer.asString("").strip());
    }
    return names;
  }

  private static Optional<ZeroPoints> stored(JsonObject json) {
    Set<ZeroPoints> ways = new LinkedHashSet<>();
    for (String writer : names(json)) {
      Matcher name = WRITER.matcher(writer.toLowerCase(Locale.ROOT));
      if (name.matches()) {
        int major = Integer.parseInt(name.group(2));
        int minor = Integer.parseInt(name.group(3));
        boolean perWord =
            switch (name.group(1)) {
              case "gptqmodel" -> major > 0 || minor >= 9;
              // Exactly "quantgate:0.1" wrote field by field; every later one names its whole
              // version.
              case "quantgate" -> major > 0 || minor > 1 || !name.group(4).isEmpty();
              default -> major > 0 || minor >= 8;
            };
        ways.add(perWord ? ZeroPoints.LESS_ONE_PER_WORD : ZeroPoints.LESS_ONE_PER_FIELD);
      }
    }
    return ways.size() == 1 ? Optional.of(ways.iterator().next()) : Optional.empty();
  }
}
