package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.Checkpoint.Block;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Gives every tensor of the files its place in the model, and refuses what is missing or left over.
 */
final class CheckpointBuilder {
  private static final String MODEL = "model.";
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head";
  private static final int NAMES_IN_MESSAGE = 3;

  /**
   * Buffers that checkpoints store and models compute anew from config.json: rotary frequencies and
   * their tables, positions, masks.
   */
  private static final Pattern BUFFER =
      Pattern.compile(
          "(.*\\.)?(rotary_emb\\.\\w+|inv_freq|cos_cached|sin_cached|position_ids|(\\w+_)?mask"
              + "|masked_bias)");

  /** Eight zero points of 8. */
  private static final int SYMMETRIC_ZEROS = 0x88888888;

  /** The same with one taken from each field, as format gptq stores it. */
  private static final int SYMMETRIC_ZEROS_LESS_ONE = 0x77777777;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Architecture architecture;
  private final Optional<GptqConfig> gptq;
  private final WeightFiles files;
  private final Map<String, Tensor> left;
  private final Map<String, String> otherTypes;
  private final List<Tensor> used = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();
  private final Set<String> formats = new LinkedHashSet<>();
  private boolean actOrder;

  private CheckpointBuilder(
      Architecture architecture, Optional<GptqConfig> gptq, WeightFiles files) {
    this.architecture = architecture;
    this.gptq = gptq;
    this.files = files;
    this.left = new LinkedHashMap<>(files.tensors());
    this.otherTypes = new LinkedHashMap<>(files.others());
    if (left.keySet().stream().anyMatch(name -> name.startsWith("layers.0."))) {
      addPrefix();
    }
  }

  /** A model that was saved without its head's class has names without the prefix. */
  private void addPrefix() {
    left.clear();
    files
        .tensors()
        .forEach((name, tensor) -> {
          String full = withPrefix(name);
          left.put(full, new Tensor(full, tensor.dtype(), tensor.shape(), tensor.data()));
        });
    otherTypes.clear();
    files.others().forEach((name, type) -> otherTypes.put(withPrefix(name), type));
  }

  private static String withPrefix(String name) {
    return name.startsWith(HEAD) ? name : MODEL + name;
  }

  static Checkpoint build(
      Path folder,
      Architecture architecture,
      Optional<GptqConfig> gptq,
      WeightFiles files,
      Arena arena) {
    CheckpointBuilder builder = new CheckpointBuilder(architecture, gptq, files);
    return builder.build(folder, arena);
  }

  private Checkpoint build(Path folder, Arena arena) {
    ModelConfig config = architecture.config();
    int hidden = config.hiddenSize();
    Tensor embedding = floats(embeddingName(), config.vocabularySize(), hidden);
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < config.layers() && missing.size() < NAMES_IN_MESSAGE; i++) {
      blocks.add(block(i));
    }
    Tensor finalNorm = floats("model.norm.weight", hidden);
    Linear head = head(embedding);
    if (!missing.isEmpty()) {
      throw Refusal.damaged(
          files.source(),
          "lacks tensor %s%s, which config.json asks for"
              .formatted(
                  missing.stream()
                      .limit(NAMES_IN_MESSAGE)
                      .map(Refusal::quoted)
                      .collect(Collectors.joining(", ")),
                  missing.size() >= NAMES_IN_MESSAGE ? " and maybe more" : ""));
    }
    refuseLeftovers();
    FiniteScan.requireFinite(files.source(), used);
    if (gptq.isPresent() && formats.stream().noneMatch(format -> format.startsWith("int"))) {
      throw Refusal.damaged(
          gptq.get().file(), "says that the weights are packed by GPTQ, but no tensor is");
    }
    return new FolderCheckpoint(
        folder,
        config,
        embedding,
        List.copyOf(blocks),
        finalNorm,
        head,
        used.stream().mapToLong(tensor -> tensor.data().byteSize()).sum(),
        "%s%s".formatted(String.join(" + ", formats), actOrder ? " act-order" : ""),
        files.paths(),
        arena);
  }

  /** A tied model may have kept the head's name alone: they are one tensor. */
  private String embeddingName() {
    return architecture.config().tiedEmbeddings()
            && !left.containsKey(EMBEDDING)
            && left.containsKey(HEAD + ".weight")
        ? HEAD + ".weight"
        : EMBEDDING;
  }

  private Block block(int index) {
    ModelConfig config = architecture.config();
    String layer = "model.layers.%d.".formatted(index);
    int hidden = config.hiddenSize();
    int queries = config.heads() * config.headSize();
    int keys = config.keyValueHeads() * config.headSize();
    int inner = config.intermediateSize();
    boolean bias = architecture.attentionBias();
    boolean mlpBias = architecture.mlpBias();
    return new Block(
        floats(layer + "input_layernorm.weight", hidden),
        linear(layer + "self_attn.q_proj", queries, hidden, bias),
        linear(layer + "self_attn.k_proj", keys, hidden, bias),
        linear(layer + "self_attn.v_proj", keys, hidden, bias),
        linear(layer + "self_attn.o_proj", hidden, queries, architecture.outputBias()),
        headNorm(layer + "self_attn.q_norm.weight"),
        headNorm(layer + "self_attn.k_norm.weight"),
        floats(layer + "post_attention_layernorm.weight", hidden),
        linear(layer + "mlp.gate_proj", inner, hidden, mlpBias),
        linear(layer + "mlp.up_proj", inner, hidden, mlpBias),
        linear(layer + "mlp.down_proj", hidden, inner, mlpBias));
  }

  private Optional<Tensor> headNorm(String name) {
    ModelConfig config = architecture.config();
    return config.queryKeyNorm() ? Optional.of(floats(name, config.headSize())) : Optional.empty();
  }

  private Linear head(Tensor embedding) {
    ModelConfig config = architecture.config();
    // A head that is packed is the head, even if the embedding that it was packed from is tied to
    // it.
    if (!config.tiedEmbeddings() || left.containsKey(HEAD + ".qweight")) {
      return linear(HEAD, config.vocabularySize(), config.hiddenSize(), false);
    }
    Tensor stored = left.remove(HEAD + ".weight");
    if (stored != null
        && missing.isEmpty()
        && !(stored.dtype() == embedding.dtype() && stored.data().mismatch(embedding.data()) < 0)) {
      throw Refusal.damaged(
          files.source(),
          "config.json ties lm_head.weight to the embedding, but both are stored and they differ;"
              + " set tie_word_embeddings to what was meant");
    }
    return new Linear.Dense(HEAD, embedding, Optional.empty());
  }

  private Linear linear(String name, int outputs, int inputs, boolean bias) {
    boolean packed = left.containsKey(name + ".qweight");
    if (packed && left.containsKey(name + ".weight")) {
      throw Refusal.damaged(
          files.source(), "%s is stored both packed and plain".formatted(Refusal.quoted(name)));
    }
    if (packed) {
      return packed(name, outputs, inputs, bias);
    }
    Tensor weight = floats(name + ".weight", outputs, inputs);
    if (!name.equals(HEAD)) {
      formats.add(weight.dtype().name());
    }
    return new Linear.Dense(
        name, weight, bias ? Optional.of(floats(name + ".bias", outputs)) : Optional.empty());
  }

  private Linear packed(String name, int outputs, int inputs, boolean bias) {
    GptqConfig config =
        gptq.orElseThrow(() ->
            Refusal.damaged(
                files.source(),
                "%s is packed, but no quantize_config.json or quantization_config says how"
                    .formatted(Refusal.quoted(name + ".qweight"))));
    if (name.equals(HEAD) && !config.quantisedHead()) {
      throw Refusal.damaged(
          files.source(),
          "lm_head is packed, but %s does not say so".formatted(config.file().getFileName()));
    }
    int perWord = Integer.SIZE / config.bits();
    if (inputs % perWord != 0 || outputs % perWord != 0) {
      throw Refusal.unsupported(
          files.source(),
          "%s is %d x %d, no multiple of the %d codes of a word"
              .formatted(Refusal.quoted(name), outputs, inputs, perWord));
    }
    int groupSize = config.groupSize() == -1 ? inputs : config.groupSize();
    int groups = Math.ceilDiv(inputs, groupSize);
    Tensor qweight = tensor(name + ".qweight", Set.of(DType.I32), inputs / perWord, outputs);
    Tensor qzeros = tensor(name + ".qzeros", Set.of(DType.I32), groups, outputs / perWord);
    Tensor scales = tensor(name + ".scales", Set.of(DType.F16, DType.BF16), groups, outputs);
    Optional<Tensor> groupIndex = groupIndex(name + ".g_idx", inputs, groupSize, groups);
    actOrder |= groupIndex.isPresent();
    formats.add(
        "int%d %s %s"
            .formatted(
                config.bits(),
                config.groupSize() == -1 ? "whole-column" : "g%d".formatted(groupSize),
                config.symmetric() ? "sym" : "asym"));
    return new Linear.Gptq(
        name,
        config.bits(),
        groupSize,
        inputs,
        outputs,
        qweight,
        qzeros,
        missing.isEmpty() ? zeroPoints(config, qzeros) : ZeroPoints.STORED,
        scales,
        groupIndex,
        packedBias(name + ".bias", outputs, bias));
  }

  /** AutoGPTQ used to store a bias of zeros for layers that have none. */
  private Optional<Tensor> packedBias(String name, int outputs, boolean expected) {
    if (!expected && !left.containsKey(name)) {
      return Optional.empty();
    }
    Tensor bias = floats(name, outputs);
    if (expected) {
      return Optional.of(bias);
    }
    for (long i = 0; i < bias.data().byteSize(); i++) {
      if (bias.data().get(ValueLayout.JAVA_BYTE, i) != 0) {
        throw Refusal.damaged(
            files.source(),
            "tensor %s is not zero, but config.json knows no such bias"
                .formatted(Refusal.quoted(name)));
      }
    }
    return Optional.empty();
  }

  /** The group index if it is not simply k / groupSize. An empty one counts as absent. */
  private Optional<Tensor> groupIndex(String name, int inputs, int groupSize, int groups) {
    Tensor stored = left.get(name);
    if (stored == null) {
      return Optional.empty();
    }
    if (stored.elements() == 0) {
      left.remove(name);
      return Optional.empty();
    }
    Tensor index = tensor(name, Set.of(DType.I32), inputs);
    boolean trivial = true;
    BitSet occupied = new BitSet(groups);
    for (int k = 0; k < inputs; k++) {
      int group = index.data().get(INT, (long) k * Integer.BYTES);
      if (group < 0 || group >= groups) {
        throw Refusal.damaged(
            files.source(),
            "tensor %s puts input %d into group %d of %d"
                .formatted(Refusal.quoted(name), k, group, groups));
      }
      occupied.set(group);
      trivial &= group == k / groupSize;
    }
    if (occupied.cardinality() < groups) {
      throw Refusal.damaged(
          files.source(),
          "tensor %s puts no input into group %d of %d: the g_idx does not belong to these scales; without act-order leave it out"
              .formatted(Refusal.quoted(name), occupied.nextClearBit(0), groups));
    }
    return trivial ? Optional.empty() : Optional.of(index);
  }

  /**
   * How the zero points of a layer are read, once it is certain: symmetric files have 8 everywhere,
   * and words of format v1 whose writer is not known must mean the same whoever wrote them.
   */
  private ZeroPoints zeroPoints(GptqConfig config, Tensor qzeros) {
    ZeroPoints reading = config.zeroPoints().orElse(ZeroPoints.LESS_ONE_PER_FIELD);
    for (long at = 0; at < qzeros.data().byteSize(); at += Integer.BYTES) {
      int word = qzeros.data().get(INT, at);
      int zeros = reading.decode(word);
      if (config.symmetric() && zeros != SYMMETRIC_ZEROS) {
        throw notSymmetric(config, qzeros, word, zeros);
      }
      if (config.zeroPoints().isEmpty() && hasField15(word)) {
        throw Refusal.unsupported(
            files.source(),
            "tensor %s has zero points of 0 in format \"gptq\", which packers store in two ways, and its packer is not known (\"meta.quantizer\" of %s or config.json); store it as \"gptq_v2\""
                .formatted(Refusal.quoted(qzeros.name()), config.file().getFileName()));
      }
    }
    return reading;
  }

  private InferenceException notSymmetric(GptqConfig config, Tensor qzeros, int word, int zeros) {
    int place = Integer.numberOfTrailingZeros(zeros ^ SYMMETRIC_ZEROS) & ~3;
    String other =
        word == SYMMETRIC_ZEROS && config.format().equals(GptqConfig.V1)
            ? GptqConfig.V2
            : word == SYMMETRIC_ZEROS_LESS_ONE && config.format().equals(GptqConfig.V2)
                ? GptqConfig.V1
                : "";
    return Refusal.damaged(
        files.source(),
        "tensor %s holds a zero point of %d, but %s does not say \"sym\": false, and symmetric means 8 everywhere; %s"
            .formatted(
                Refusal.quoted(qzeros.name()),
                (zeros >>> place) & 15,
                config.file().getFileName(),
                other.isEmpty()
                    ? "if the file is asymmetric, say \"sym\": false"
                    : "it looks like checkpoint_format \"%s\", not \"%s\""
                        .formatted(other, config.format())));
  }

  /** Whether one of the eight fields is 15, which is what both kinds of packers make of a 0. */
  private static boolean hasField15(int word) {
    return ((~word - 0x11111111) & word & 0x88888888) != 0;
  }

  private Tensor floats(String name, int... shape) {
    return tensor(name, Set.of(DType.F32, DType.F16, DType.BF16), shape);
  }

  private Tensor tensor(String name, Set<DType> dtypes, int... shape) {
    Tensor tensor = left.remove(name);
    long[] expected = Arrays.stream(shape).asLongStream().toArray();
    if (tensor == null && otherTypes.containsKey(name)) {
      throw TensorFile.unsupported(files.source(), name, otherTypes.getOrDefault(name, ""));
    }
    if (tensor == null) {
      missing.add(name);
      return new Tensor(name, dtypes.iterator().next(), expected, MemorySegment.NULL);
    }
    if (!Arrays.equals(expected, tensor.shape())) {
      throw architecture.mismatch(files.source(), name, expected, tensor.shape());
    }
    if (!dtypes.contains(tensor.dtype())) {
      throw Refusal.damaged(
          files.source(),
          "tensor %s has element type %s, expected %s"
              .formatted(
                  Refusal.quoted(name),
                  tensor.dtype(),
                  dtypes.stream().map(Enum::name).sorted().collect(Collectors.joining(" or "))));
    }
    used.add(tensor);
    return tensor;
  }

  /** No weight is boolean, so whatever is must be a mask. */
  private void refuseLeftovers() {
    List<String> unexpected =
        Stream.concat(
                left.keySet().stream(),
                otherTypes.entrySet().stream()
                    .filter(entry -> !entry.getValue().equals("BOOL"))
                    .map(Map.Entry::getKey))
            .filter(name -> !BUFFER.matcher(name).matches())
            .toList();
    if (!unexpected.isEmpty()) {
      throw Refusal.unsupported(
          files.source(),
          "has %d tensors that config.json has no place for, first %s"
              .formatted(unexpected.size(), Refusal.quoted(unexpected.getFirst())));
    }
  }
}
