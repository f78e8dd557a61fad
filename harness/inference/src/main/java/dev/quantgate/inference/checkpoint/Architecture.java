package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.ModelConfig.Rope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What config.json says, in its old form ({@code rope_theta}, {@code rope_scaling}) or its new one
 * ({@code rope_parameters}), with the defaults that transformers 5 has for each model type.
 * Whatever would change a number and is not implemented is refused by name.
 *
 * @param config the public part
 * @param attentionBias whether query, key and value have a bias
 * @param outputBias whether the attention's output projection has one
 * @param mlpBias whether gate, up and down have one
 */
record Architecture(
    ModelConfig config, boolean attentionBias, boolean outputBias, boolean mlpBias) {

  static final long JSON_LIMIT = 16 << 20;

  private static final int MAX_WIDTH = 1 << 24;
  private static final int MAX_LAYERS = 1 << 12;
  private static final int MAX_HEADS = 1 << 14;
  private static final int MAX_HEAD_SIZE = 1 << 13;

  /**
   * Keys of other architectures, or of options that nothing here computes, with the values that
   * mean "off". Any other value is refused. Null is always off.
   */
  private static final Map<String, Set<String>> NEUTRAL =
      Map.ofEntries(
          Map.entry("partial_rotary_factor", Set.of("1", "1.0")),
          Map.entry("rotary_pct", Set.of("1", "1.0")),
          Map.entry("rope_interleaved", Set.of("false")),
          Map.entry("rope_local_base_freq", Set.of()),
          Map.entry("no_rope_layers", Set.of()),
          Map.entry("use_mrope", Set.of("false")),
          Map.entry("logit_scale", Set.of("1", "1.0")),
          Map.entry("logits_scaling", Set.of("1", "1.0")),
          Map.entry("final_logit_softcapping", Set.of()),
          Map.entry("attn_logit_softcapping", Set.of()),
          Map.entry("embedding_multiplier", Set.of("1", "1.0")),
          Map.entry("residual_multiplier", Set.of("1", "1.0")),
          Map.entry("attention_multiplier", Set.of()),
          Map.entry("query_pre_attn_scalar", Set.of()),
          Map.entry("scale_emb", Set.of("1", "1.0")),
          Map.entry("scale_depth", Set.of()),
          Map.entry("dim_model_base", Set.of()),
          Map.entry("num_experts", Set.of("0")),
          Map.entry("num_local_experts", Set.of("0")),
          Map.entry("use_qk_norm", Set.of("false")),
          Map.entry("qk_layernorm", Set.of("false")),
          Map.entry("qkv_bias", Set.of("false")),
          Map.entry("clip_qkv", Set.of()),
          Map.entry("alibi", Set.of("false")),
          Map.entry("use_parallel_residual", Set.of("false")),
          Map.entry("parallel_attn", Set.of("false")),
          Map.entry("attention_chunk_size", Set.of()),
          Map.entry("use_logn_attn", Set.of("false")),
          Map.entry("use_dynamic_ntk", Set.of("false")),
          Map.entry("is_encoder_decoder", Set.of("false")),
          Map.entry("add_cross_attention", Set.of("false")),
          Map.entry("vision_config", Set.of()),
          Map.entry("text_config", Set.of()));

  /** What transformers assumes where config.json says nothing. */
  private enum Type {
    LLAMA("LlamaForCausalLM", 2048, OptionalInt.empty(), OptionalInt.of(1), OptionalInt.of(2)),
    MISTRAL("MistralForCausalLM", 131072, OptionalInt.of(8), OptionalInt.of(1), OptionalInt.of(2)),
    QWEN2("Qwen2ForCausalLM", 32768, OptionalInt.of(32), OptionalInt.empty(), OptionalInt.empty()),
    QWEN3("Qwen3ForCausalLM", 32768, OptionalInt.of(32), OptionalInt.empty(), OptionalInt.empty());

    private final String className;
    private final int context;
    private final OptionalInt keyValueHeads;
    private final OptionalInt bos;
    private final OptionalInt eos;

    Type(
        String className,
        int context,
        OptionalInt keyValueHeads,
        OptionalInt bos,
        OptionalInt eos) {
      this.className = className;
      this.context = context;
      this.keyValueHeads = keyValueHeads;
      this.bos = bos;
      this.eos = eos;
    }

    boolean isQwen() {
      return this == QWEN2 || this == QWEN3;
    }

    String modelType() {
      return className.substring(0, className.indexOf("For")).toLowerCase(Locale.ROOT);
    }
  }

  /** Reads config.json and, where there is one, generation_config.json of a folder. */
  static Architecture read(Path folder) {
    Path file = folder.resolve("config.json");
    if (!Files.exists(file)) {
      throw Refusal.damaged(folder, "is no checkpoint folder: it has no config.json");
    }
    JsonObject json = JsonObject.read(file, JSON_LIMIT);
    Type type = type(json);
    refuseForeignArithmetic(json, type);

    int hidden = json.required("hidden_size", 1, MAX_WIDTH);
    int heads = json.required("num_attention_heads", 1, MAX_HEADS);
    int layers = json.required("num_hidden_layers", 1, MAX_LAYERS);
    OptionalInt statedKeyValueHeads = json.integer("num_key_value_heads", 1, MAX_HEADS);
    int keyValueHeads =
        statedKeyValueHeads.orElse(
            json.knows("num_key_value_heads") ? heads : type.keyValueHeads.orElse(heads));
    if (heads % keyValueHeads != 0) {
      throw Refusal.damaged(
          file,
          "%d query heads cannot share %d key/value heads evenly".formatted(heads, keyValueHeads));
    }
    OptionalInt statedHeadSize = json.integer("head_dim", 1, MAX_HEAD_SIZE);
    if (statedHeadSize.isEmpty() && type != Type.QWEN3 && hidden % heads != 0) {
      throw Refusal.damaged(
          file, "hidden_size %d is no multiple of num_attention_heads %d".formatted(hidden, heads));
    }
    int headSize = statedHeadSize.orElse(type == Type.QWEN3 ? 128 : hidden / heads);
    if (headSize % 2 != 0) {
      throw Refusal.damaged(
          file, "head size %d is odd: rotary embedding needs pairs".formatted(headSize));
    }
    int context =
        json.integer("max_position_embeddings", 1, Integer.MAX_VALUE).orElse(type.context);
    Rope rope = RopeReader.read(json, context);
    OptionalInt window = slidingWindow(json, type, layers);

    Ids ids = Ids.of(json, type);
    Path generation = folder.resolve("generation_config.json");
    if (Files.exists(generation)) {
      ids = ids.with(JsonObject.read(generation, JSON_LIMIT));
    }

    boolean stated = json.flag("attention_bias", false);
    boolean attentionBias = type == Type.QWEN2 || stated;
    boolean outputBias = type != Type.QWEN2 && stated;
    ModelConfig config =
        new ModelConfig(
            type.modelType(),
            json.required("vocab_size", 1, MAX_WIDTH),
            hidden,
            json.required("intermediate_size", 1, MAX_WIDTH),
            layers,
            heads,
            keyValueHeads,
            headSize,
            context,
            json.positive("rms_norm_eps", 1e-6),
            rope,
            type == Type.QWEN3,
            json.flag("tie_word_embeddings", false),
            window,
            ids.bos(),
            ids.eos());
    return new Architecture(config, attentionBias, outputBias, json.flag("mlp_bias", false));
  }

  private static Type type(JsonObject json) {
    String modelType =
        json.string("model_type")
            .orElseThrow(() -> Refusal.damaged(json.file(), "has no \"model_type\""));
    for (Type type : Type.values()) {
      if (type.modelType().equals(modelType)) {
        requireCausalModel(json);
        return type;
      }
    }
    throw Refusal.unsupported(
        json.file(),
        "model type %s is not supported; supported: llama, mistral, qwen2, qwen3"
            .formatted(Refusal.quoted(modelType)));
  }

  /**
   * As in transformers the model type says which model it is; the class, which early files spell
   * otherwise (LLaMAForCausalLM), need only be one that continues text.
   */
  private static void requireCausalModel(JsonObject json) {
    JsonNode architectures = json.entries().get("architectures");
    if (architectures != null
        && !(architectures.isArray() && architectures.isEmpty())
        && (!architectures.isArray()
            || architectures.size() != 1
            || !architectures.get(0).asString("").endsWith("ForCausalLM"))) {
      throw Refusal.unsupported(
          json.file(),
          "architecture %s is not supported; expected one class whose name ends in \"ForCausalLM\""
              .formatted(Refusal.quoted(architectures.toString())));
    }
  }

  private static void refuseForeignArithmetic(JsonObject json, Type type) {
    json.entries()
        .forEach((key, value) -> {
          Set<String> neutral = NEUTRAL.get(key);
          if (neutral != null && !neutral.contains(value.asString("{}"))) {
            throw json.refused(key);
          }
        });
    json.string("hidden_act")
        .filter(act -> !act.equals("silu") && !act.equals("swish"))
        .ifPresent(act -> {
          throw Refusal.unsupported(
              json.file(),
              "hidden_act %s is not supported; supported: silu".formatted(Refusal.quoted(act)));
        });
    json.object("auto_map")
        .filter(map -> map.has("AutoModelForCausalLM") || map.has("AutoModel"))
        .ifPresent(map -> {
          throw Refusal.unsupported(
              json.file(),
              "\"auto_map\" names code of the checkpoint's own as its model, which is never run");
        });
    boolean biasKnown = type == Type.LLAMA || type == Type.QWEN3;
    if (!biasKnown && json.flag("attention_bias", false)) {
      throw json.refused("attention_bias");
    }
    if (type != Type.LLAMA && json.flag("mlp_bias", false)) {
      throw json.refused("mlp_bias");
    }
  }

  /**
   * Mistral's window holds for every layer. Llama has none: one that another model left in its
   * config is ignored, as transformers does. Qwen's counts only with use_sliding_window, and then
   * from layer max_window_layers on; a model that mixes both kinds of layer is refused.
   */
  private static OptionalInt slidingWindow(JsonObject json, Type type, int layers) {
    OptionalInt stated = json.integer("sliding_window", 1, Integer.MAX_VALUE);
    OptionalInt window =
        switch (type) {
          case LLAMA -> {
            if (stated.isPresent() && json.flag("use_sliding_window", false)) {
              throw Refusal.unsupported(
                  json.file(),
                  "\"use_sliding_window\" is not supported for model type \"llama\", which has no"
                      + " window");
            }
            yield OptionalInt.empty();
          }
          case MISTRAL -> json.knows("sliding_window") ? stated : OptionalInt.of(4096);
          case QWEN2, QWEN3 -> {
            if (!json.flag("use_sliding_window", false)) {
              yield OptionalInt.empty();
            }
            OptionalInt effective = json.knows("sliding_window") ? stated : OptionalInt.of(4096);
            if (effective.isEmpty() || json.has("layer_types")) {
              yield effective;
            }
            int full = json.integer("max_window_layers", 0, Integer.MAX_VALUE).orElse(28);
            if (full >= layers) {
              yield OptionalInt.empty();
            }
            if (full > 0) {
              throw Refusal.unsupported(
                  json.file(),
                  "\"max_window_layers\" = %d of %d layers mixes full and sliding attention, which is not supported"
                      .formatted(full, layers));
            }
            yield effective;
          }
        };
    JsonNode layerTypes = json.entries().get("layer_types");
    if (layerTypes == null) {
      return window;
    }
    if (!layerTypes.isArray() || layerTypes.size() != layers) {
      throw json.wrong("layer_types", "a list of %d names".formatted(layers), layerTypes);
    }
    int sliding = 0;
    for (JsonNode layer : layerTypes) {
      switch (layer.asString("")) {
        case "full_attention" -> {}
        case "sliding_attention" -> sliding++;
        default ->
            throw Refusal.unsupported(
                json.file(),
                "layer type %s is not supported"
                    .formatted(
                        Refusal.quoted(layer.isString() ? layer.asString() : layer.toString())));
      }
    }
    if (sliding == 0 && type.isQwen()) {
      return OptionalInt.empty();
    }
    if (sliding != (window.isPresent() ? layers : 0)) {
      throw Refusal.unsupported(
          json.file(),
          "\"layer_types\" has %d of %d layers with sliding attention, which \"sliding_window\" does not give to all or none"
              .formatted(sliding, layers));
    }
    return window;
  }

  private record Ids(OptionalInt bos, List<Integer> eos) {
    static Ids of(JsonObject json, Type type) {
      OptionalInt bos = json.knows("bos_token_id") ? id(json, "bos_token_id") : type.bos;
      List<Integer> eos =
          json.knows("eos_token_id")
              ? ids(json, "eos_token_id")
              : type.eos.isPresent() ? List.of(type.eos.getAsInt()) : List.of();
      return new Ids(bos, eos);
    }

    /** The generation config's bos wins; an answer ends at either file's eos. */
    Ids with(JsonObject generation) {
      Set<Integer> either = new LinkedHashSet<>(ids(generation, "eos_token_id"));
      either.addAll(eos);
      return new Ids(
          generation.has("bos_token_id") ? id(generation, "bos_token_id") : bos,
          List.copyOf(either));
    }

    /** A negative id is no token: older writers say -1 for none. */
    private static OptionalInt id(JsonObject json, String key) {
      OptionalInt id = json.integer(key, Integer.MIN_VALUE, MAX_WIDTH);
      return id.isPresent() && id.getAsInt() < 0 ? OptionalInt.empty() : id;
    }

    private static List<Integer> ids(JsonObject json, String key) {
      JsonNode value = json.entries().get(key);
      if (value == null || !value.isArray()) {
        OptionalInt id = id(json, key);
        return id.isPresent() ? List.of(id.getAsInt()) : List.of();
      }
      List<Integer> ids = new ArrayList<>();
      for (JsonNode id : value) {
        if (!id.isIntegralNumber() || !id.canConvertToInt()) {
          throw json.wrong(key, "token ids", id);
        }
        if (id.intValue() >= 0) {
          ids.add(id.intValue());
        }
      }
      return ids;
    }
  }

  /** Makes the message for a tensor that contradicts this architecture. */
  InferenceException mismatch(Path file, String tensor, long[] expected, long[] found) {
    return Refusal.damaged(
        file,
        "tensor %s has shape %s where config.json asks for %s"
            .formatted(Refusal.quoted(tensor), Arrays.toString(found), Arrays.toString(expected)));
  }
}
