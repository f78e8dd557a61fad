package dev.quantgate.inference.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.fixture.RawTensor;
import dev.quantgate.inference.fixture.SafetensorsWriter;
import dev.quantgate.inference.fixture.SharedData;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import dev.quantgate.inference.fixture.TorchWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Folders that differ from the plain ones in what real writers left in them, and that transformers
 * loads: the same weights come out.
 */
class CheckpointVariantsTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path temporary;

  private Path plain;
  private Path variant;

  @BeforeEach
  void folders() {
    plain = temporary.resolve("plain");
    variant = temporary.resolve("variant");
  }

  private void write(Format format) {
    TinyCheckpoint.write(plain, 1, format);
    TinyCheckpoint.write(variant, 1, format);
  }

  private void config(Format format, Consumer<Map<String, Object>> change) throws IOException {
    write(format);
    Map<String, Object> config = TinyCheckpoint.config(format);
    change.accept(config);
    TinyCheckpoint.write(variant.resolve("config.json"), config);
  }

  private void quantization(Consumer<Map<String, Object>> change) throws IOException {
    write(Format.GPTQ_SYMMETRIC);
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("bits", 4);
    config.put("group_size", 32);
    config.put("sym", true);
    config.put("quant_method", "gptq");
    config.put("checkpoint_format", "gptq");
    change.accept(config);
    TinyCheckpoint.write(variant.resolve("quantize_config.json"), config);
  }

  private void tensors(Format format, Consumer<Map<String, RawTensor>> change) throws IOException {
    write(format);
    Map<String, RawTensor> tensors = new LinkedHashMap<>(TinyCheckpoint.tensors(1, format));
    change.accept(tensors);
    SafetensorsWriter.write(variant.resolve("model.safetensors"), tensors);
  }

  /** Adds a tensor of any element type to a safetensors file. */
  private static void append(Path file, String name, String type, int bytes, int elements)
      throws IOException {
    byte[] whole = Files.readAllBytes(file);
    int header = (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
    byte[] buffer = Arrays.copyOfRange(whole, 8 + header, whole.length);
    ObjectNode json =
        (ObjectNode) JSON.readTree(new String(whole, 8, header, StandardCharsets.UTF_8));
    ObjectNode entry = json.putObject(name);
    entry.put("dtype", type);
    entry.putArray("shape").add(elements);
    entry.putArray("data_offsets").add(buffer.length).add(buffer.length + bytes * elements);
    byte[] longer = Arrays.copyOf(buffer, buffer.length + bytes * elements);
    Arrays.fill(longer, buffer.length, longer.length, (byte) -1);
    SafetensorsWriter.writeRaw(file, json.toString(), longer);
  }

  private void sameWeights() {
    try (Checkpoint expected = Checkpoints.open(plain);
        Checkpoint found = Checkpoints.open(variant)) {
      assertThat(weights(found)).isEqualTo(weights(expected));
      assertThat(found.config()).isEqualTo(expected.config());
    }
  }

  /** Hashes of all weights as they are computed with. */
  private static List<Integer> weights(Checkpoint checkpoint) {
    Stream<Linear> linears =
        Stream.concat(
            checkpoint.blocks().stream().flatMap(block -> block.linears().stream()),
            Stream.of(checkpoint.head()));
    return Stream.concat(
            linears.map(linear ->
                switch (linear) {
                  case Linear.Gptq packed -> Arrays.hashCode(Dequantizer.halves(packed));
                  case Linear.Dense dense -> dense.weight().data().asByteBuffer().hashCode();
                }),
            Stream.of(checkpoint.embedding().data().asByteBuffer().hashCode()))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.0.self_attn.rotary_emb.inv_freq, F64, 8",
    "model.layers.1.self_attn.rotary_emb.cos_cached, F32, 4",
    "model.rotary_emb.sin_cached, F8_E4M3, 1",
    "model.rotary_emb.original_inv_freq, BF16, 2",
    "model.embed_tokens.position_ids, I64, 8",
    "model.causal_mask, BOOL, 1",
    "model.layers.0.self_attn.bias, BOOL, 1",
    "model.layers.0.self_attn.masked_bias, F32, 4"
  })
  void aBufferThatAModelComputesAnewIsIgnoredWhateverItsType(String name, String type, int bytes)
      throws IOException {
    write(Format.F16);
    append(variant.resolve("model.safetensors"), name, type, bytes, 16);
    sameWeights();
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.0.mlp.extra.weight, F64, 'no place for, first"
        + " \"model.layers.0.mlp.extra.weight\"'",
    "model.layers.0.self_attn.bias, U8, no place for",
    "whatever, Q7, 'tensor \"whatever\" has element type \"Q7\"; supported: F32, F16, BF16, I32'"
  })
  void anotherTensorWithoutAPlaceIsRefusedByName(String name, String type, String part)
      throws IOException {
    write(Format.F16);
    append(variant.resolve("model.safetensors"), name, type, 8, 16);
    if (type.equals("U8")) {
      write(Format.F16);
      append(variant.resolve("model.safetensors"), name, type, 1, 16);
    }
    refused(part);
  }

  @Test
  void aWeightOfATypeThatIsNotComputedWithIsRefusedWithTheType() throws IOException {
    write(Format.F16);
    Path file = variant.resolve("model.safetensors");
    String json = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    Files.write(
        file,
        json.replaceFirst("(\"model.norm.weight\":\\{\"dtype\":\")F16", "$1I16")
            .getBytes(StandardCharsets.ISO_8859_1));
    refused("tensor \"model.norm.weight\" has element type \"I16\"; supported");
  }

  @Test
  void aTiedModelMayHaveKeptOnlyTheHeadsName() throws IOException {
    config(Format.F16, config -> config.put("tie_word_embeddings", true));
    Files.copy(
        variant.resolve("config.json"),
        plain.resolve("config.json"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Map<String, RawTensor> tied = new LinkedHashMap<>(TinyCheckpoint.tensors(1, Format.F16));
    RawTensor embedding = Objects.requireNonNull(tied.get("model.embed_tokens.weight"));
    tied.remove("lm_head.weight");
    SafetensorsWriter.write(plain.resolve("model.safetensors"), tied);
    tied.remove("model.embed_tokens.weight");
    tied.put("lm_head.weight", embedding);
    SafetensorsWriter.write(variant.resolve("model.safetensors"), tied);
    sameWeights();
  }

  @Test
  void aModelThatWasSavedWithoutItsHeadsClassHasNamesWithoutThePrefix() throws IOException {
    write(Format.F16);
    Map<String, RawTensor> bare = new LinkedHashMap<>();
    TinyCheckpoint.tensors(1, Format.F16)
        .forEach((name, tensor) -> bare.put(name.replaceFirst("^model\\.", ""), tensor));
    SafetensorsWriter.write(variant.resolve("model.safetensors"), bare);
    sameWeights();
  }

  static Stream<Arguments> leftoversOfConfigs() {
    return Stream.of(
        Arguments.of(Map.of("architectures", List.of("LLaMAForCausalLM"))),
        Arguments.of(Map.of("architectures", List.of())),
        Arguments.of(
            Map.of("sliding_window", 16, "use_sliding_window", false, "max_window_layers", 1)),
        Arguments.of(Map.of("sliding_window", 16)),
        Arguments.of(
            Map.of("rope_parameters", Map.of("rope_theta", 10000.0, "rope_type", "default"))),
        Arguments.of(
            Map.of(
                "rope_parameters",
                Map.of("rope_theta", 10000.0, "rope_type", "default"),
                "rope_scaling",
                Map.of("type", "default"))));
  }

  @ParameterizedTest
  @MethodSource("leftoversOfConfigs")
  void aLeftoverOfAConfigThatTransformersIgnoresIsIgnored(Map<String, Object> leftover)
      throws IOException {
    config(Format.F16, config -> config.putAll(leftover));
    sameWeights();
  }

  @Test
  void bothSpellingsOfTheRotaryEmbeddingAreReadWhereTheyAgreeAndRefusedWhereNot()
      throws IOException {
    Map<String, Object> fresh = Map.of("rope_theta", 10000.0, "rope_type", "linear", "factor", 4);
    config(
        Format.F16,
        config -> {
          config.put("rope_parameters", fresh);
          config.put("rope_scaling", Map.of("type", "linear", "factor", 4.0));
        });
    try (Checkpoint checkpoint = Checkpoints.open(variant)) {
      assertThat(checkpoint.config().rope()).isEqualTo(new ModelConfig.Rope.Linear(10000, 4));
    }
    config(
        Format.F16,
        config -> {
          config.put("rope_parameters", fresh);
          config.put("rope_scaling", Map.of("type", "linear", "factor", 2.0));
        });
    refused("\"rope_parameters\" and \"rope_scaling\" differ");
  }

  @Test
  void aParameterInAPickleIsItsTensorAndADoubleIsABuffer() throws IOException {
    TinyCheckpoint.write(plain, 1, Format.F16_BIN);
    TinyCheckpoint.write(variant, 1, Format.F16_BIN);
    TorchWriter.Pickle pickle = new TorchWriter.Pickle().raw(0x80, 2, '}', '(');
    Map<String, byte[]> storages = new LinkedHashMap<>();
    TinyCheckpoint.tensors(1, Format.F16_BIN)
        .forEach((name, tensor) -> {
          String key = Integer.toString(storages.size());
          storages.put(key, tensor.data());
          pickle.text(name).global("torch._utils", "_rebuild_parameter").raw('(');
          pickle.tensor(tensor, key);
          pickle.raw(0x88).global("collections", "OrderedDict").raw(')', 'R', 't', 'R');
        });
    storages.put("double", new byte[32]);
    pickle.text("model.layers.0.self_attn.rotary_emb.inv_freq");
    pickle
        .global("torch._utils", "_rebuild_tensor_v2")
        .raw('(', '(')
        .text("storage")
        .global("torch", "DoubleStorage")
        .text("double")
        .text("cpu")
        .number(4)
        .raw('t', 'Q')
        .number(0)
        .raw('(')
        .number(4)
        .raw('t', '(')
        .number(1)
        .raw('t', 0x89)
        .global("collections", "OrderedDict")
        .raw(')', 'R', 't', 'R');
    TorchWriter.writeRaw(
        variant.resolve("pytorch_model.bin"), pickle.raw('u', '.').bytes(), storages);
    sameWeights();
  }

  static Stream<Arguments> harmlessQuantisationKeys() {
    return Stream.of(
        Arguments.of(
            Map.of(
                "data_type",
                "int",
                "iters",
                200,
                "autoround_version",
                "0.12.3",
                "provider",
                "auto-round",
                "act_bits",
                16)),
        Arguments.of(Map.of("dynamic", Map.of("-:.*lm_head", Map.of()))),
        Arguments.of(Map.of("packing_format", "auto_round:auto_gptq")),
        Arguments.of(
            Map.of("v2", true, "v2_alpha", 0.25, "hyb_act", true, "failsafe", Map.of("a", 1))));
  }

  @ParameterizedTest
  @MethodSource("harmlessQuantisationKeys")
  void keysOfAQuantisersOwnTuningChangeNothing(Map<String, Object> keys) throws IOException {
    quantization(config -> config.putAll(keys));
    sameWeights();
  }

  @Test
  void autoGptqsShardedNamesAreFound() throws IOException {
    write(Format.GPTQ_SYMMETRIC);
    Files.delete(variant.resolve("model.safetensors"));
    SafetensorsWriter.writeSharded(variant, TinyCheckpoint.tensors(1, Format.GPTQ_SYMMETRIC), 2);
    Files.move(
        variant.resolve("model.safetensors.index.json"),
        variant.resolve("gptq_model-4bit-32g.safetensors.index.json"));
    sameWeights();
  }

  @Test
  void anEmptyGroupIndexCountsAsAbsent() throws IOException {
    tensors(
        Format.GPTQ_SYMMETRIC,
        all ->
            all.replaceAll(
                (name, tensor) -> name.endsWith(".g_idx") ? RawTensor.of(new int[0], 0) : tensor));
    sameWeights();
  }

  @Test
  void aHeadThatIsPackedIsTheHeadOfATiedModel() throws IOException {
    String layer = "model.layers.0.self_attn.q_proj";
    config(
        Format.GPTQ_SYMMETRIC,
        config -> {
          config.put("tie_word_embeddings", true);
          config.put("vocab_size", TinyCheckpoint.HIDDEN);
          config.remove("quantization_config");
        });
    Map<String, RawTensor> tensors =
        new LinkedHashMap<>(TinyCheckpoint.tensors(1, Format.GPTQ_SYMMETRIC));
    tensors.remove("lm_head.weight");
    RawTensor embedding = Objects.requireNonNull(tensors.get("model.embed_tokens.weight"));
    int bytes = TinyCheckpoint.HIDDEN * TinyCheckpoint.HIDDEN * 2;
    tensors.put(
        "model.embed_tokens.weight",
        new RawTensor(
            embedding.dtype(),
            List.of(TinyCheckpoint.HIDDEN, TinyCheckpoint.HIDDEN),
            Arrays.copyOf(embedding.data(), bytes)));
    for (String part : List.of("qweight", "qzeros", "scales", "g_idx")) {
      tensors.put(
          "lm_head." + part, Objects.requireNonNull(tensors.get("%s.%s".formatted(layer, part))));
    }
    SafetensorsWriter.write(variant.resolve("model.safetensors"), tensors);
    TinyCheckpoint.write(
        variant.resolve("quantize_config.json"),
        Map.of("bits", 4, "group_size", 32, "sym", true, "lm_head", true));
    try (Checkpoint checkpoint = Checkpoints.open(variant)) {
      assertThat(checkpoint.head()).isInstanceOf(Linear.Gptq.class);
      assertThat(Dequantizer.halves((Linear.Gptq) checkpoint.head()))
          .isEqualTo(Dequantizer.halves((Linear.Gptq) checkpoint.blocks().getFirst().query()));
    }
  }

  @Test
  void aGroupIndexThatLeavesGroupsUnusedIsRefused() throws IOException {
    tensors(
        Format.GPTQ_SYMMETRIC,
        all ->
            all.replaceAll((name, tensor) ->
                name.endsWith(".g_idx")
                    ? RawTensor.of(new int[tensor.shape().getFirst()], tensor.shape().getFirst())
                    : tensor));
    refused("q_proj.g_idx\" puts no input into group 1 of 2");
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.SECONDS)
  void aPipeOrADeviceIsNeverRead() throws Exception {
    for (String name :
        List.of(
            "config.json", "generation_config.json", "quantize_config.json", "model.safetensors")) {
      write(Format.F16);
      Files.deleteIfExists(variant.resolve(name));
      Process mkfifo = new ProcessBuilder("mkfifo", variant.resolve(name).toString()).start();
      assertThat(mkfifo.waitFor()).isZero();
      refused("%s: is no regular file".formatted(name));
      Files.delete(variant.resolve(name));
      Files.createSymbolicLink(variant.resolve(name), Path.of("/dev/zero"));
      refused("%s: is no regular file".formatted(name));
      Files.delete(variant.resolve(name));
    }
  }

  private void refused(String part) {
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Checkpoints.open(variant).close())
        .satisfies(refusal ->
            assertThat(refusal.getMessage())
                .contains(part)
                .contains(variant.toString())
                .hasLineCount(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"b02-gptq-sym-stored8-labelled-v1", "b07-gidx-all-zero"})
  void aCaseWhoseReadingsDifferIsRefused(String name) {
    variant = SharedData.requireCases("checkpoints/" + name);
    refused(name.startsWith("b02") ? "looks like checkpoint_format \"gptq_v2\"" : "g_idx");
  }

  @TestFactory
  Stream<DynamicTest> everyOtherCaseOpens() throws IOException {
    try (Stream<Path> folders = Files.list(SharedData.requireCases("checkpoints"))) {
      List<Path> cases =
          folders.filter(folder -> !folder.toString().matches(".*/(b02|b07)-.*")).sorted().toList();
      assertThat(cases).hasSizeGreaterThan(10);
      return cases.stream()
          .map(folder ->
              DynamicTest.dynamicTest(
                  folder.getFileName().toString(), () -> Checkpoints.open(folder).close()));
    }
  }
}
