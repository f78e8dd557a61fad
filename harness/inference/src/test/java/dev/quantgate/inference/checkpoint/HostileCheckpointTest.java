package dev.quantgate.inference.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.fixture.RawTensor;
import dev.quantgate.inference.fixture.SafetensorsWriter;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import dev.quantgate.inference.fixture.TorchWriter;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that are damaged, lie, or ask for what does not exist: one line, with the file and the
 * place.
 */
class HostileCheckpointTest {
  private static final String NORM = "model.norm.weight";

  @TempDir private Path folder;

  private void refused(Kind kind, String... parts) {
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Checkpoints.open(folder).close())
        .satisfies(refusal -> {
          assertThat(refusal.kind()).isEqualTo(kind);
          assertThat(refusal.getMessage())
              .contains(parts)
              .hasLineCount(1)
              .contains(folder.toString());
        });
  }

  private Path weights() {
    return folder.resolve("model.safetensors");
  }

  private void header(String json) throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16);
    SafetensorsWriter.writeRaw(weights(), json, new byte[16]);
  }

  private void tensors(Format format, Consumer<Map<String, RawTensor>> change) throws IOException {
    TinyCheckpoint.write(folder, 1, format);
    Map<String, RawTensor> tensors = TinyCheckpoint.tensors(1, format);
    change.accept(tensors);
    SafetensorsWriter.write(weights(), tensors);
  }

  private void config(Format format, Consumer<Map<String, Object>> change) throws IOException {
    TinyCheckpoint.write(folder, 1, format);
    Map<String, Object> config = TinyCheckpoint.config(format);
    change.accept(config);
    TinyCheckpoint.write(folder.resolve("config.json"), config);
  }

  @Test
  void aFileCutOffInItsBufferIsRefusedWithTheTensorAndItsPlace() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16);
    byte[] whole = Files.readAllBytes(weights());
    Files.write(weights(), Arrays.copyOf(whole, whole.length / 2));
    refused(Kind.BAD_CHECKPOINT, "model.safetensors", "lies at", "cut off or lies");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void aFileTooShortForTheHeadersLengthIsRefused(int length) throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16);
    Files.write(weights(), new byte[length]);
    refused(Kind.BAD_CHECKPOINT, "is cut off", length + " bytes");
  }

  @Test
  void aHeaderThatReachesBeyondTheFileIsRefusedWithBothEnds() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16);
    byte[] whole = Files.readAllBytes(weights());
    Files.write(weights(), Arrays.copyOf(whole, 20));
    refused(Kind.BAD_CHECKPOINT, "its header ends at byte", "the file at 20");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MAX_VALUE, Long.MIN_VALUE, 100_000_001})
  void aHeaderLongerThanTheFormatAllowsIsRefused(long length) throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16);
    byte[] file = new byte[100];
    for (int i = 0; i < 8; i++) {
      file[i] = (byte) (length >>> (8 * i));
    }
    Files.write(weights(), file);
    refused(Kind.BAD_CHECKPOINT, Long.toUnsignedString(length), "the format allows 100000000");
  }

  static Stream<Arguments> lyingHeaders() {
    return Stream.of(
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[8,16]}}",
            "without overlap or hole"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[12,16]}}",
            "without overlap or hole"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}}",
            "end at 8 of a buffer of 16"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,16]}}",
            "needs 8 bytes, but its offsets give it 16"),
        Arguments.of("{\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[16,0]}}", "16..0"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[-16,0]}}", "-16..0"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,16,32]}}",
            "two data_offsets"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[-8],\"data_offsets\":[0,16]}}",
            "impossible shape [-8]"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[9223372036854775807,2],\"data_offsets\":[0,16]}}",
            "impossible shape"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[8.0],\"data_offsets\":[0,16]}}",
            "whole numbers for shape"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[99999999999999999999],\"data_offsets\":[0,16]}}",
            "no valid JSON"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[8]}}", "needs dtype, shape and two data_offsets"),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,16],\"x\":1}}",
            "unknown key \"x\""),
        Arguments.of(
            "{\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,16]},\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,16]}}",
            "Duplicate"),
        Arguments.of("{\"a\":7}", "an object for \"a\""),
        Arguments.of("[]", "must have an object"),
        Arguments.of("{\"a\"", "no valid JSON"),
        Arguments.of("{} {}", "something behind its header"),
        Arguments.of("", "must have an object"),
        Arguments.of("{\"a\":" + "[".repeat(5000), "an object for"));
  }

  @ParameterizedTest
  @MethodSource("lyingHeaders")
  void aHeaderThatLiesIsRefusedWithWhatItSays(String json, String part) throws IOException {
    header(json);
    refused(Kind.BAD_CHECKPOINT, "model.safetensors", part);
  }

  @Test
  void anElementTypeThatNothingHereComputesIsRefusedByName() throws IOException {
    header(
        "{\"model.embed_tokens.weight\":{\"dtype\":\"F8_E4M3\",\"shape\":[16],\"data_offsets\":[0,16]}}");
    refused(
        Kind.UNSUPPORTED,
        "\"model.embed_tokens.weight\"",
        "\"F8_E4M3\"",
        "supported: F32, F16, BF16, I32");
  }

  @Test
  void aMissingTensorIsNamed() throws IOException {
    tensors(Format.F16, all -> all.remove(NORM));
    refused(Kind.BAD_CHECKPOINT, "lacks tensor \"model.norm.weight\"");
  }

  @Test
  void aTensorWithoutAPlaceIsNamed() throws IOException {
    tensors(
        Format.F16,
        all -> all.put("model.layers.0.adapter.weight", RawTensor.of(DType.F16, new float[4], 4)));
    refused(Kind.UNSUPPORTED, "has 1 tensors", "\"model.layers.0.adapter.weight\"");
  }

  @Test
  void storedRotaryFrequenciesAreNoSurprise() throws IOException {
    tensors(
        Format.F16,
        all ->
            all.put(
                "model.layers.0.self_attn.rotary_emb.inv_freq",
                RawTensor.of(DType.F32, new float[8], 8)));
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      assertThat(checkpoint.blocks()).hasSize(TinyCheckpoint.LAYERS);
    }
  }

  @Test
  void aWrongShapeIsRefusedWithBothShapes() throws IOException {
    tensors(Format.F16, all -> all.put(NORM, RawTensor.of(DType.F16, new float[32], 32)));
    refused(Kind.BAD_CHECKPOINT, "\"model.norm.weight\" has shape [32]", "asks for [64]");
  }

  @ParameterizedTest
  @CsvSource({
    "F16, NaN, NaN",
    "BF16, Infinity, infinity",
    "F32, -Infinity, infinity",
    "F32, NaN, NaN"
  })
  void aWeightThatIsNotFiniteIsRefusedWithTensorAndElement(DType type, float value, String name)
      throws IOException {
    tensors(
        Format.F16,
        all -> {
          float[] values = new float[TinyCheckpoint.HIDDEN];
          values[37] = value;
          all.put(NORM, RawTensor.of(type, values, TinyCheckpoint.HIDDEN));
        });
    refused(Kind.BAD_CHECKPOINT, "\"model.norm.weight\" holds a " + name + " at element 37");
  }

  @Test
  void theLargestFiniteWeightsArePassed() throws IOException {
    tensors(
        Format.F16,
        all -> {
          float[] values = new float[TinyCheckpoint.HIDDEN];
          Arrays.fill(values, -65504);
          all.put(NORM, RawTensor.of(DType.F16, values, TinyCheckpoint.HIDDEN));
        });
    Checkpoints.open(folder).close();
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16_SHARDED);
    Files.delete(folder.resolve("model-00002-of-00002.safetensors"));
    refused(
        Kind.BAD_CHECKPOINT,
        "model.safetensors.index.json",
        "\"model-00002-of-00002.safetensors\"",
        "lacks");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil.safetensors",
        "/etc/passwd",
        "a\\\\b.safetensors",
        "..",
        "",
        "C:x.safetensors"
      })
  void aShardNameThatLeadsElsewhereIsRefused(String name) throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16_SHARDED);
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\":{\"a\":\"" + name + "\"}}");
    refused(Kind.BAD_CHECKPOINT, "no plain file name");
  }

  @Test
  void anIndexThatPlacesATensorInTheWrongShardIsRefused() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16_SHARDED);
    Path index = folder.resolve("model.safetensors.index.json");
    String text = Files.readString(index);
    String entry = "\"" + NORM + "\":\"model-00001";
    assertThat(text).containsAnyOf(entry, entry.replace("00001", "00002"));
    Files.writeString(
        index,
        text.contains(entry)
            ? text.replace(entry, entry.replace("00001", "00002"))
            : text.replace(entry.replace("00001", "00002"), entry));
    refused(Kind.BAD_CHECKPOINT, "places tensor \"model.norm.weight\"");
  }

  @Test
  void aTensorThatTheIndexForgetsIsRefused() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16_SHARDED);
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(
        index,
        Files.readString(index)
            .replaceFirst("\"model.norm.weight\":\"[^\"]*\",?", "")
            .replace(",}", "}"));
    refused(Kind.BAD_CHECKPOINT, "places tensor \"model.norm.weight\" in \"no file\"");
  }

  @Test
  void aFolderWithoutWeightsSaysWhatItLookedForAndWhatItFound() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16);
    Files.move(weights(), folder.resolve("consolidated.00.pth"));
    refused(
        Kind.BAD_CHECKPOINT,
        "has no weights",
        "model.safetensors",
        "found instead: consolidated.00.pth");
  }

  @Test
  void somethingElseThanAFolderIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Checkpoints.open(file).close())
        .withMessage(file + ": is no checkpoint folder");
  }

  private void pickle(byte[] pickle) throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16_BIN);
    TorchWriter.writeRaw(folder.resolve("pytorch_model.bin"), pickle, Map.of("0", new byte[16]));
  }

  @ParameterizedTest
  @CsvSource({
    "posix, system",
    "builtins, eval",
    "torch._utils, _rebuild_parameter_with_state",
    "torch, QInt8Storage",
    "collections, defaultdict",
    "torch._utils, _rebuild_tensor_v2.__globals__"
  })
  void aForeignGlobalIsRefusedByNameAndNothingIsExecuted(String module, String name)
      throws IOException {
    pickle(
        new TorchWriter.Pickle()
            .raw(0x80, 2)
            .global(module, name)
            .text("touch x")
            .raw(0x85, 'R', '.')
            .bytes());
    refused(Kind.UNSUPPORTED, "\"" + module + "." + name + "\"", "nothing was executed");
  }

  @Test
  void aForeignGlobalByTheNewerOpcodeIsRefusedToo() throws IOException {
    pickle(new TorchWriter.Pickle().raw(0x80, 4).text("os").text("system").raw(0x93, '.').bytes());
    refused(Kind.UNSUPPORTED, "\"os.system\"");
  }

  @ParameterizedTest
  @ValueSource(ints = {'i', 'o', 0x81, 0x92, 0x82, 'P', 'I', 'B', '2', '0'})
  void anOpcodeThatNoStateDictNeedsIsRefused(int opcode) throws IOException {
    pickle(new TorchWriter.Pickle().raw(0x80, 2, '(', opcode, '.').bytes());
    refused(Kind.UNSUPPORTED, String.format("opcode 0x%02x at byte 3", opcode));
  }

  static Stream<Arguments> brokenPickles() {
    TorchWriter.Pickle endless = new TorchWriter.Pickle().raw(0x80, 2, '}');
    TorchWriter.Pickle itself =
        new TorchWriter.Pickle().raw(0x80, 2, '}', 'q', 0).text("a").raw('h', 0, 's', '.');
    return Stream.of(
        Arguments.of("it is cut off", endless.bytes()),
        Arguments.of(
            "takes more from its stack", new TorchWriter.Pickle().raw(0x80, 2, '.').bytes()),
        Arguments.of("never opened", new TorchWriter.Pickle().raw(0x80, 2, 't', '.').bytes()),
        Arguments.of("recalls value 9", new TorchWriter.Pickle().raw(0x80, 2, 'h', 9, '.').bytes()),
        Arguments.of("no state dict", new TorchWriter.Pickle().raw(0x80, 2, 'N', '.').bytes()),
        Arguments.of("protocol 1", new TorchWriter.Pickle().raw(0x80, 1, '}', '.').bytes()),
        Arguments.of(
            "a string has", new TorchWriter.Pickle().raw(0x80, 2, 'X', 255, 255, 255, 127).bytes()),
        Arguments.of("is no tensor", itself.bytes()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenPickles")
  void aBrokenPickleIsRefusedWithItsFault(String part, byte[] pickle) throws IOException {
    pickle(pickle);
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Checkpoints.open(folder).close())
        .withMessageContainingAll("pytorch_model.bin", part);
  }

  @Test
  void aTensorBeyondItsStorageIsRefused() throws IOException {
    RawTensor claimed = new RawTensor(DType.F16, List.of(64), new byte[16]);
    pickle(
        new TorchWriter.Pickle()
            .raw(0x80, 2, '}', '(')
            .text(NORM)
            .tensor(claimed, "0")
            .raw('u', '.')
            .bytes());
    refused(Kind.BAD_CHECKPOINT, "reaches beyond its storage of 8 elements");
  }

  @Test
  void aStorageThatTheFileLacksIsNamed() throws IOException {
    RawTensor tensor = RawTensor.of(DType.F16, new float[8], 8);
    pickle(
        new TorchWriter.Pickle()
            .raw(0x80, 2, '}', '(')
            .text(NORM)
            .tensor(tensor, "9")
            .raw('u', '.')
            .bytes());
    refused(Kind.BAD_CHECKPOINT, "data/9, which the file lacks");
  }

  @Test
  void aPyTorchFileFromBeforeZipsIsRefusedWithWhatToDo() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16_BIN);
    Files.write(
        folder.resolve("pytorch_model.bin"), new byte[] {(byte) 0x80, 2, (byte) 0x8a, 10, 0, 0});
    refused(Kind.UNSUPPORTED, "before version 1.6", "saved again");
  }

  @Test
  void aTruncatedZipIsRefused() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16_BIN);
    Path bin = folder.resolve("pytorch_model.bin");
    byte[] whole = Files.readAllBytes(bin);
    Files.write(bin, Arrays.copyOf(whole, whole.length - 100));
    refused(Kind.BAD_CHECKPOINT, "damaged zip file");
  }

  static Stream<Arguments> refusedConfigs() {
    return Stream.of(
        Arguments.of(
            "model_type", "gpt2", Kind.UNSUPPORTED, "model type \"gpt2\" is not supported"),
        Arguments.of(
            "architectures",
            List.of("LlamaForSequenceClassification"),
            Kind.UNSUPPORTED,
            "is not supported"),
        Arguments.of("hidden_act", "gelu", Kind.UNSUPPORTED, "hidden_act \"gelu\""),
        Arguments.of(
            "rope_scaling",
            Map.of("type", "dynamic", "factor", 2.0),
            Kind.UNSUPPORTED,
            "\"dynamic\" is not supported: its numbers depend"),
        Arguments.of(
            "rope_scaling",
            Map.of("rope_type", "longrope", "factor", 2.0),
            Kind.UNSUPPORTED,
            "rope type \"longrope\" is not supported"),
        Arguments.of(
            "rope_scaling",
            Map.of("rope_type", "linear"),
            Kind.BAD_CHECKPOINT,
            "has no \"rope_scaling.factor\""),
        Arguments.of(
            "rope_scaling",
            Map.of("rope_type", "linear", "factor", 2, "mrope_section", List.of(1)),
            Kind.UNSUPPORTED,
            "mrope_section"),
        Arguments.of(
            "rope_scaling",
            Map.of("rope_type", "linear", "factor", -2),
            Kind.BAD_CHECKPOINT,
            "a positive number"),
        Arguments.of(
            "rope_theta",
            new BigInteger("9".repeat(400)),
            Kind.BAD_CHECKPOINT,
            "a positive number"),
        Arguments.of(
            "partial_rotary_factor", 0.5, Kind.UNSUPPORTED, "\"partial_rotary_factor\" = \"0.5\""),
        Arguments.of("logits_scaling", 8, Kind.UNSUPPORTED, "logits_scaling"),
        Arguments.of(
            "layer_types",
            List.of("full_attention", "linear_attention"),
            Kind.UNSUPPORTED,
            "\"linear_attention\""),
        Arguments.of(
            "auto_map",
            Map.of("AutoModelForCausalLM", "modeling_x.X"),
            Kind.UNSUPPORTED,
            "never run"),
        Arguments.of("num_experts", 8, Kind.UNSUPPORTED, "num_experts"),
        Arguments.of(
            "hidden_size", "64", Kind.BAD_CHECKPOINT, "\"hidden_size\" must be a whole number"),
        Arguments.of(
            "hidden_size", 1L << 40, Kind.BAD_CHECKPOINT, "\"hidden_size\" must be a whole number"),
        Arguments.of("num_hidden_layers", 4096, Kind.BAD_CHECKPOINT, "lacks tensor"),
        Arguments.of("num_key_value_heads", 3, Kind.BAD_CHECKPOINT, "cannot share 3"),
        Arguments.of("head_dim", 15, Kind.BAD_CHECKPOINT, "15 is odd"),
        Arguments.of("vocab_size", 300, Kind.BAD_CHECKPOINT, "asks for [300, 64]"),
        Arguments.of("attention_bias", true, Kind.BAD_CHECKPOINT, "q_proj.bias"),
        Arguments.of("mlp_bias", true, Kind.BAD_CHECKPOINT, "gate_proj.bias"),
        Arguments.of(
            "tie_word_embeddings", true, Kind.BAD_CHECKPOINT, "both are stored and they differ"),
        Arguments.of(
            "quantization_config",
            Map.of("bits", 4, "group_size", 32, "quant_method", "awq"),
            Kind.UNSUPPORTED,
            "method \"awq\""),
        Arguments.of(
            "quantization_config",
            Map.of("bits", 4, "group_size", 32),
            Kind.BAD_CHECKPOINT,
            "no tensor is"));
  }

  @ParameterizedTest(name = "{0} = {1}")
  @MethodSource("refusedConfigs")
  void aConfigThatAsksForOtherArithmeticIsRefusedByName(
      String key, Object value, Kind kind, String part) throws IOException {
    config(Format.F16, config -> config.put(key, value));
    refused(kind, part);
  }

  static Stream<Arguments> refusedQuantisations() {
    return Stream.of(
        Arguments.of("bits", 3, Kind.UNSUPPORTED, "3-bit codes"),
        Arguments.of("bits", 8, Kind.UNSUPPORTED, "8-bit codes"),
        Arguments.of("group_size", 48, Kind.UNSUPPORTED, "group_size 48"),
        Arguments.of("group_size", 64, Kind.BAD_CHECKPOINT, "says group_size 64"),
        Arguments.of("checkpoint_format", "marlin", Kind.UNSUPPORTED, "format \"marlin\""),
        Arguments.of(
            "checkpoint_format", "gptq_v2", Kind.BAD_CHECKPOINT, "checkpoint format \"gptq_v2\""),
        Arguments.of("format", "gptq_v2", Kind.BAD_CHECKPOINT, "but format \"gptq_v2\""),
        Arguments.of("is_marlin_format", true, Kind.UNSUPPORTED, "is_marlin_format"),
        Arguments.of(
            "dynamic", Map.of("+:.*down.*", Map.of("bits", 8)), Kind.UNSUPPORTED, "\"dynamic\""),
        Arguments.of("rotation", "hadamard", Kind.UNSUPPORTED, "\"rotation\" = \"hadamard\""),
        Arguments.of("made_up", 1, Kind.UNSUPPORTED, "\"made_up\" = \"1\" is not known"),
        Arguments.of("data_type", "mx_fp", Kind.UNSUPPORTED, "\"data_type\""),
        Arguments.of("act_bits", 4, Kind.UNSUPPORTED, "\"act_bits\""),
        Arguments.of("w_bit", 4, Kind.UNSUPPORTED, "quantisation method \"awq\""),
        Arguments.of("zero_point", true, Kind.UNSUPPORTED, "quantisation method \"awq\""),
        Arguments.of(
            "packing_format",
            "auto_round:auto_awq",
            Kind.UNSUPPORTED,
            "\"packing_format\" = \"auto_round:auto_awq\""),
        Arguments.of(
            "packing_format",
            "auto_round:gptqmodel:zp+-1",
            Kind.UNSUPPORTED,
            "\"packing_format\" = \"auto_round:gptqmodel:zp+-1\""),
        Arguments.of("pack_dtype", "int16", Kind.UNSUPPORTED, "pack_dtype \"int16\""));
  }

  @ParameterizedTest(name = "{0} = {1}")
  @MethodSource("refusedQuantisations")
  void aQuantisationThatIsNotReadHereIsRefusedByName(
      String key, Object value, Kind kind, String part) throws IOException {
    TinyCheckpoint.write(folder, 1, Format.GPTQ_SYMMETRIC);
    Map<String, Object> quantization = new LinkedHashMap<>();
    quantization.put("bits", 4);
    quantization.put("group_size", 32);
    quantization.put("sym", true);
    quantization.put("checkpoint_format", "gptq");
    quantization.put(key, value);
    TinyCheckpoint.write(folder.resolve("quantize_config.json"), quantization);
    refused(kind, part);
  }

  @Test
  void eachFileThatSaysHowTheWeightsArePackedMustSayTheSame() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.GPTQ_SYMMETRIC);
    Path second = folder.resolve("quant_config.json");
    Files.copy(folder.resolve("quantize_config.json"), second);
    Checkpoints.open(folder).close();
    Files.writeString(second, "{\"bits\": 4, \"group_size\": 64}");
    refused(
        Kind.BAD_CHECKPOINT,
        "quantize_config.json: says group_size 32, but quant_config.json says group_size 64");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 2, Integer.MAX_VALUE})
  void aGroupIndexOutsideItsGroupsIsRefusedWithTheInput(int group) throws IOException {
    tensors(
        Format.GPTQ_ACT_ORDER,
        all -> {
          int[] index = new int[TinyCheckpoint.HIDDEN];
          index[5] = group;
          all.put(
              "model.layers.1.self_attn.q_proj.g_idx", RawTensor.of(index, TinyCheckpoint.HIDDEN));
        });
    refused(Kind.BAD_CHECKPOINT, "q_proj.g_idx", "puts input 5 into group " + group + " of 2");
  }

  @Test
  void aPackedMatrixWithoutAConfigIsRefused() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.GPTQ_SYMMETRIC);
    Files.delete(folder.resolve("quantize_config.json"));
    TinyCheckpoint.write(folder.resolve("config.json"), TinyCheckpoint.config(Format.F16));
    refused(
        Kind.BAD_CHECKPOINT, "qweight", "no quantize_config.json or quantization_config says how");
  }

  @Test
  void aBiasOfZerosThatNobodyAskedForIsDroppedAndAnyOtherRefused() throws IOException {
    String name = "model.layers.0.self_attn.o_proj.bias";
    float[] bias = new float[TinyCheckpoint.HIDDEN];
    tensors(
        Format.GPTQ_SYMMETRIC, all -> all.put(name, RawTensor.of(DType.F16, bias, bias.length)));
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      assertThat(checkpoint.blocks().getFirst().output().bias()).isEmpty();
    }
    bias[3] = 1;
    tensors(
        Format.GPTQ_SYMMETRIC, all -> all.put(name, RawTensor.of(DType.F16, bias, bias.length)));
    refused(Kind.BAD_CHECKPOINT, name, "is not zero");
  }

  @Test
  void aConfigThatSaysAKeyTwiceIsRefused() throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16);
    Path config = folder.resolve("config.json");
    Files.writeString(config, Files.readString(config).replaceFirst("\\{", "{\"rope_theta\": 5,"));
    refused(Kind.BAD_CHECKPOINT, "config.json", "Duplicate");
  }
}
