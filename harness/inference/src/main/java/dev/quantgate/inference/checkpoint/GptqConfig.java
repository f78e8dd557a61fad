package dev.quantgate.inference.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * How a GPTQ checkpoint is packed, from quantize_config.json, else quant_config.json, else
 * config.json's quantization_config.
 *
 * @param file where it was read
 * @param bits bits of a code: 4
 * @param groupSize inputs of a group; -1 for all
 * @param symmetric for people; the zeros are stored either way
 * @param zeroOffset what is added to a stored zero: 1 for format "gptq", 0 for "gptq_v2"
 * @param quantisedHead whether lm_head is packed too
 * @param baseName the file of weights without its extension, where the config names one
 */
record GptqConfig(
    Path file,
    int bits,
    int groupSize,
    boolean symmetric,
    int zeroOffset,
    boolean quantisedHead,
    Optional<String> baseName) {

  private static final List<String> FILES = List.of("quantize_config.json", "quant_config.json");

  /**
   * Keys that say how the codes were found, or how somebody's kernels should run; no number hangs
   * on them.
   */
  private static final Set<String> HARMLESS =
      Set.of(
          "bits",
          "group_size",
          "desc_act",
          "sym",
          "static_groups",
          "true_sequential",
          "damp_percent",
          "damp_auto_increment",
          "act_group_aware",
          "mse",
          "meta",
          "quantizer",
          "method",
          "quant_method",
          "format",
          "checkpoint_format",
          "lm_head",
          "pack_dtype",
          "pack_impl",
          "model_name_or_path",
          "model_file_base_name",
          "dataset",
          "tokenizer",
          "model_seqlen",
          "batch_size",
          "pad_token_id",
          "block_name_to_quantize",
          "module_name_preceding_first_block",
          "modules_in_block_to_quantize",
          "cache_block_outputs",
          "use_cuda_fp16",
          "use_exllama",
          "disable_exllama",
          "exllama_config",
          "max_input_length",
          "backend",
          "offload_to_disk",
          "autotune");

  static final Set<Integer> GROUP_SIZES = Set.of(-1, 16, 32, 64, 128, 256, 512, 1024);

  /** The config of a folder, empty where its weights are not quantised. */
  static Optional<GptqConfig> read(Path folder) {
    Optional<JsonObject> inner =
        JsonObject.read(folder.resolve("config.json"), Architecture.JSON_LIMIT)
            .object("quantization_config");
    Optional<GptqConfig> fromInner = inner.map(GptqConfig::of);
    for (String name : FILES) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        GptqConfig own = of(JsonObject.read(file, Architecture.JSON_LIMIT));
        fromInner.ifPresent(other -> own.requireAgreement(other));
        return Optional.of(own);
      }
    }
    return fromInner;
  }

  private void requireAgreement(GptqConfig other) {
    if (bits != other.bits || groupSize != other.groupSize || zeroOffset != other.zeroOffset) {
      throw Refusal.damaged(
          file,
          "says " + describe() + " but config.json's quantization_config " + other.describe());
    }
  }

  private String describe() {
    return bits
        + " bits, group size "
        + groupSize
        + ", format "
        + (zeroOffset == 1 ? "gptq" : "gptq_v2");
  }

  private static GptqConfig of(JsonObject json) {
    String method = agreed(json, "quant_method", "method").orElse("gptq");
    if (!method.toLowerCase(Locale.ROOT).equals("gptq")) {
      throw Refusal.unsupported(
          json.file(),
          "quantisation method " + Refusal.quoted(method) + " is not supported; supported: gptq");
    }
    String format = agreed(json, "checkpoint_format", "format").orElse("gptq");
    int zeroOffset =
        switch (format) {
          case "gptq" -> 1;
          case "gptq_v2" -> 0;
          default ->
              throw Refusal.unsupported(
                  json.file(),
                  "checkpoint format "
                      + Refusal.quoted(format)
                      + " is not supported; supported: gptq, gptq_v2");
        };
    json.string("pack_dtype")
        .filter(dtype -> !dtype.equals("int32"))
        .ifPresent(dtype -> {
          throw Refusal.unsupported(
              json.file(),
              "pack_dtype " + Refusal.quoted(dtype) + " is not supported; supported: int32");
        });
    for (Map.Entry<String, JsonNode> entry : json.entries().entrySet()) {
      if (!HARMLESS.contains(entry.getKey()) && !isOff(entry.getValue())) {
        throw json.refused(entry.getKey());
      }
    }
    int bits = json.required("bits", 1, 32);
    if (bits != 4) {
      throw Refusal.unsupported(json.file(), bits + "-bit codes are not supported; supported: 4");
    }
    int groupSize = json.required("group_size", -1, 1 << 20);
    if (!GROUP_SIZES.contains(groupSize)) {
      throw Refusal.unsupported(
          json.file(),
          "group_size "
              + groupSize
              + " is not supported; supported: 32, 64, 128 and other"
              + " powers of two from 16 to 1024, and -1");
    }
    return new GptqConfig(
        json.file(),
        bits,
        groupSize,
        json.flag("sym", true),
        zeroOffset,
        json.flag("lm_head", false),
        json.string("model_file_base_name"));
  }

  /** The value of a key that newer writers spell in a second way. */
  private static Optional<String> agreed(JsonObject json, String key, String synonym) {
    Optional<String> value = json.string(key);
    Optional<String> other = json.string(synonym);
    if (value.isPresent() && other.isPresent() && !value.equals(other)) {
      throw Refusal.damaged(
          json.file(),
          "says "
              + key
              + " "
              + Refusal.quoted(value.get())
              + " but "
              + synonym
              + " "
              + Refusal.quoted(other.get()));
    }
    return value.or(() -> other);
  }

  private static boolean isOff(JsonNode value) {
    return (value.isBoolean() && !value.booleanValue())
        || (value.isContainer() && value.isEmpty())
        || (value.isString() && value.stringValue().isEmpty());
  }
}
