package dev.quantgate.quantization.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.base.Version;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.Dequantizer;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.quantization.GptqFormat;
import dev.quantgate.quantization.ProgressListener;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.QuantizationReport;
import dev.quantgate.quantization.QuantizationRequest;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.format.Widening;
import dev.quantgate.quantization.solve.RoundToNearest;
import dev.quantgate.quantization.solve.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Round-to-nearest from folder to folder: what is written is what was computed, in the known
 * format.
 */
class RtnCheckpointTest {
  @TempDir Path folder;

  @Test
  void aFolderBesideTheResultThatIsNoJobsIsNotWorkedIn() throws IOException {
    Path model = TinyCheckpoint.write(folder.resolve("fp16"), 7, TinyCheckpoint.Format.F16);
    Path out = folder.resolve("int4");
    Path work = Files.createDirectories(folder.resolve("int4.partial"));
    Path letter = Files.createDirectories(work.resolve("result")).resolve("letter.txt");
    Files.writeString(letter, "kept");
    var request = QuantizationRequest.rtn(model, out, new Scheme(4, 32, true));
    assertThatThrownBy(() -> Quantizer.quantize(request, ProgressListener.none()))
        .hasMessage(
            "%s is where the job works, and no unfinished job, it holds result; move it, or give another --out"
                .formatted(work));
    assertThat(letter).hasContent("kept");
    assertThat(work.toFile().list()).containsExactly("result");

    Path mine = Files.move(work, folder.resolve("mine"));
    Files.createSymbolicLink(work, mine);
    assertThatThrownBy(() -> Quantizer.quantize(request, ProgressListener.none()))
        .hasMessage(
            "%s is a symbolic link; nothing is written through it, remove it".formatted(work));
    assertThat(mine.toFile().list()).containsExactly("result");

    Files.delete(work);
    Path done = Files.createDirectories(folder.resolve("int4.partial.done"));
    Files.writeString(done.resolve("letter.txt"), "kept");
    Quantizer.quantize(request, ProgressListener.none());
    assertThat(done.resolve("letter.txt")).hasContent("kept");
  }

  @ParameterizedTest
  @CsvSource({
    "32,true,V1",
    "32,false,V1",
    "-1,true,V1",
    "32,true,V2",
    "32,false,V2",
    "-1,false,V2"
  })
  void theWrittenFolderHoldsExactlyTheRoundedWeights(
      int group, boolean symmetric, GptqFormat format) {
    Path model = TinyCheckpoint.write(folder.resolve("fp16"), 7, TinyCheckpoint.Format.F16);
    Scheme scheme = new Scheme(4, group, symmetric);
    Path out = folder.resolve("int4");

    Quantizer.quantize(
        QuantizationRequest.rtn(model, out, scheme).withFormat(format), ProgressListener.none());

    int compared = 0;
    try (Checkpoint before = Checkpoints.open(model);
        Checkpoint after = Checkpoints.open(out);
        Workers workers = new Workers(1)) {
      for (int b = 0; b < before.blocks().size(); b++) {
        List<Linear> source = before.blocks().get(b).linears();
        List<Linear> written = after.blocks().get(b).linears();
        for (int i = 0; i < source.size(); i++) {
          Matrix expected =
              RoundToNearest.quantize("w", Widening.weight(source.get(i)), scheme, workers)
                  .dequantised();
          assertThat(written.get(i)).isInstanceOf(Linear.Gptq.class);
          short[] halves = Dequantizer.halves((Linear.Gptq) written.get(i));
          for (int j = 0; j < halves.length; j++) {
            assertThat(Float.float16ToFloat(halves[j])).isEqualTo(expected.values()[j]);
          }
          compared += halves.length;
        }
      }
      assertThat(after.embedding().data().mismatch(before.embedding().data())).isEqualTo(-1);
      assertThat(after.finalNorm().data().mismatch(before.finalNorm().data())).isEqualTo(-1);
    }
    assertThat(compared).isGreaterThan(50_000);
  }

  @Test
  void namesShapesTypesAndConfigKeysAreThoseOfTheGptqFormat() throws IOException {
    Path model = TinyCheckpoint.write(folder.resolve("fp16"), 7, TinyCheckpoint.Format.F16);
    Path template = model.resolve("additional_chat_templates/default.jinja");
    Files.createDirectories(template.getParent());
    Files.writeString(template, "{{ messages[0].content }}");
    Path out = folder.resolve("int4");

    Quantizer.quantize(
        QuantizationRequest.rtn(model, out, new Scheme(4, 32, true)), ProgressListener.none());

    Map<String, String> tensors = header(out.resolve("model.safetensors"));
    assertThat(tensors)
        .containsEntry("model.layers.0.self_attn.k_proj.qweight", "I32 [8,32]")
        .containsEntry("model.layers.0.self_attn.k_proj.qzeros", "I32 [2,4]")
        .containsEntry("model.layers.0.self_attn.k_proj.scales", "F16 [2,32]")
        .containsEntry("model.layers.0.self_attn.k_proj.g_idx", "I32 [64]")
        .containsEntry("model.layers.1.mlp.down_proj.qweight", "I32 [20,64]")
        .containsEntry("model.layers.1.mlp.down_proj.qzeros", "I32 [5,8]")
        .containsEntry("model.embed_tokens.weight", "F16 [288,64]")
        .containsEntry("lm_head.weight", "F16 [288,64]")
        .hasSize(2 * (7 * 4 + 2) + 3);
    for (JsonNode config :
        List.of(
            json(out.resolve("quantize_config.json")),
            json(out.resolve("config.json")).get("quantization_config"))) {
      assertThat(config.get("bits").asInt()).isEqualTo(4);
      assertThat(config.get("group_size").asInt()).isEqualTo(32);
      assertThat(config.get("sym").asBoolean()).isTrue();
      assertThat(config.get("desc_act").asBoolean()).isFalse();
      assertThat(config.get("quant_method").asString()).isEqualTo("gptq");
      assertThat(config.get("checkpoint_format").asString()).isEqualTo("gptq");
      assertThat(config.get("lm_head").asBoolean()).isFalse();
    }
    assertThat(json(out.resolve("config.json")).get("hidden_size").asInt()).isEqualTo(64);
    assertThat(out.resolve("tokenizer.json"))
        .hasSameBinaryContentAs(model.resolve("tokenizer.json"));
    assertThat(out.resolve("additional_chat_templates/default.jinja"))
        .hasSameBinaryContentAs(template);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("fp16", "int4");
    }
  }

  @Test
  void anAsymmetricFileIsV2UnlessV1IsAskedForWithAWarningAndNamesItsWriter() throws IOException {
    Path model = TinyCheckpoint.write(folder.resolve("fp16"), 7, TinyCheckpoint.Format.F16);
    QuantizationRequest request =
        QuantizationRequest.rtn(model, folder.resolve("v2"), new Scheme(4, 32, false));
    assertThat(request.format()).isEqualTo(GptqFormat.V2);
    assertThat(request.warning()).isEmpty();
    assertThat(request.withFormat(GptqFormat.V1).warning().orElseThrow())
        .contains("GPTQModel refuses");

    Quantizer.quantize(request, ProgressListener.none());
    JsonNode config = json(folder.resolve("v2").resolve("quantize_config.json"));
    assertThat(config.get("checkpoint_format").asString()).isEqualTo("gptq_v2");
    assertThat(config.get("meta").get("quantizer").get(0).asString())
        .isEqualTo("quantgate:%s".formatted(Version.number()));
  }

  @Test
  void aSmallShardSizeGivesShardsAndAnIndexWithTheSameTensors() throws IOException {
    Path model = TinyCheckpoint.write(folder.resolve("fp16"), 7, TinyCheckpoint.Format.F16);
    QuantizationRequest request =
        QuantizationRequest.rtn(model, folder.resolve("one"), new Scheme(4, 32, true));
    Quantizer.quantize(request, ProgressListener.none());

    Quantizer.quantize(
        QuantizationRequest.rtn(model, folder.resolve("many"), new Scheme(4, 32, true))
            .withShardBytes(50_000),
        ProgressListener.none());

    Map<String, String> sharded = new TreeMap<>();
    List<Path> shards;
    try (Stream<Path> files = Files.list(folder.resolve("many"))) {
      shards = files.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
    }
    for (Path shard : shards) {
      sharded.putAll(header(shard));
    }
    assertThat(shards).hasSizeGreaterThan(2);
    assertThat(sharded).isEqualTo(header(folder.resolve("one").resolve("model.safetensors")));
    JsonNode index = json(folder.resolve("many").resolve("model.safetensors.index.json"));
    assertThat(index.get("weight_map").size()).isEqualTo(sharded.size());
    try (Checkpoint one = Checkpoints.open(folder.resolve("one"));
        Checkpoint many = Checkpoints.open(folder.resolve("many"))) {
      assertThat(Dequantizer.halves((Linear.Gptq) many.blocks().get(1).down()))
          .isEqualTo(Dequantizer.halves((Linear.Gptq) one.blocks().get(1).down()));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16_SHARDED", "F16_BIN"})
  void everyFormatOfTheSourceIsRead(TinyCheckpoint.Format format) {
    Path model = TinyCheckpoint.write(folder.resolve("source"), 3, format);

    QuantizationReport report =
        Quantizer.quantize(
            QuantizationRequest.rtn(model, folder.resolve("int4"), new Scheme(4, 32, false)),
            ProgressListener.none());

    assertThat(report.layers()).hasSize(14);
    assertThat(report.layers())
        .allSatisfy(layer -> assertThat(layer.weightError()).isBetween(0.001, 0.02));
    try (Checkpoint after = Checkpoints.open(folder.resolve("int4"))) {
      assertThat(after.weightFormat()).contains("int4");
    }
  }

  @Test
  void theResultDoesNotDependOnTheNumberOfThreads() throws IOException {
    Path model = TinyCheckpoint.write(folder.resolve("fp16"), 5, TinyCheckpoint.Format.F16);
    List<Path> results = new ArrayList<>();
    for (int threads : new int[] {1, 3}) {
      Path out = folder.resolve("threads" + threads);
      EngineOptions options = EngineOptions.defaults().withThreads(threads);
      Quantizer.quantize(
          QuantizationRequest.rtn(model, out, new Scheme(4, 32, false))
              .withEngine(Engines.AUTO, options),
          ProgressListener.none());
      results.add(out.resolve("model.safetensors"));
    }
    assertThat(results.get(1)).hasSameBinaryContentAs(results.get(0));
  }

  @Test
  void aGroupSizeThatDoesNotDivideTheInputsIsRefusedWithTheLayerAndWhatFits() {
    Path model = TinyCheckpoint.write(folder.resolve("fp16"), 5, TinyCheckpoint.Format.F16);

    assertThatThrownBy(() ->
            Quantizer.quantize(
                QuantizationRequest.rtn(model, folder.resolve("int4"), new Scheme(4, 128, true)),
                ProgressListener.none()))
        .isInstanceOf(QuantizationException.class)
        .hasMessage(
            "model.layers.0.self_attn.q_proj has 64 inputs, which is no multiple of group size 128;"
                + " what fits it: 64, 32, -1 (the whole column)");
    assertThat(folder.resolve("int4")).doesNotExist();
  }

  @Test
  void aModelThatIsInt4AlreadyIsRefused() {
    Path model = TinyCheckpoint.write(folder.resolve("g"), 5, TinyCheckpoint.Format.GPTQ_SYMMETRIC);

    assertThatThrownBy(() ->
            Quantizer.quantize(
                QuantizationRequest.rtn(model, folder.resolve("int4"), new Scheme(4, 32, true)),
                ProgressListener.none()))
        .hasMessageContaining("is quantised already");
  }

  @Test
  void anExistingFolderIsNeverWrittenOver() throws IOException {
    Path model = TinyCheckpoint.write(folder.resolve("fp16"), 5, TinyCheckpoint.Format.F16);
    Path out = Files.createDirectory(folder.resolve("precious"));

    assertThatThrownBy(() ->
            Quantizer.quantize(
                QuantizationRequest.rtn(model, out, new Scheme(4, 32, true)),
                ProgressListener.none()))
        .hasMessage(out + " exists already; name another folder, or delete it first");
  }

  /** Each tensor of a safetensors file as "DTYPE [shape]". */
  private static Map<String, String> header(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int length =
        Math.toIntExact(
            java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong());
    assertThat(length % 8).isZero();
    Map<String, String> tensors = new TreeMap<>();
    JsonNode header =
        new JsonMapper()
            .readTree(new String(bytes, 8, length, java.nio.charset.StandardCharsets.UTF_8));
    long end = 0;
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals("__metadata__")) {
        assertThat(entry.getValue().get("data_offsets").get(0).asLong()).isEqualTo(end);
        end = entry.getValue().get("data_offsets").get(1).asLong();
        tensors.put(
            entry.getKey(),
            entry.getValue().get("dtype").asString() + " " + entry.getValue().get("shape"));
      }
    }
    assertThat(8L + length + end).isEqualTo(bytes.length);
    return tensors;
  }

  private static JsonNode json(Path file) throws IOException {
    return new JsonMapper().readTree(Files.readAllBytes(file));
  }
}
