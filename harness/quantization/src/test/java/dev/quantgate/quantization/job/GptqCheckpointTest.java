package dev.quantgate.quantization.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import dev.quantgate.quantization.Calibration;
import dev.quantgate.quantization.GptqFormat;
import dev.quantgate.quantization.ProgressListener;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.QuantizationMethod;
import dev.quantgate.quantization.QuantizationReport;
import dev.quantgate.quantization.QuantizationRequest;
import dev.quantgate.quantization.Scheme;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** GPTQ from folder to folder, on the CPU engine. */
class GptqCheckpointTest {
  private static final Calibration CALIBRATION =
      new Calibration.Tokens(
          IntStream.range(0, 6)
              .mapToObj(
                  s -> IntStream.range(0, 60 + s).mapToObj(i -> (i * i + 31 * s) % 256).toList())
              .toList());

  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyCheckpoint.write(folder.resolve("fp16"), 7, TinyCheckpoint.Format.F16);
  }

  private QuantizationRequest request(String out) {
    return QuantizationRequest.gptq(
        model, folder.resolve(out), new Scheme(4, 32, true), CALIBRATION);
  }

  @ParameterizedTest
  @CsvSource({"true,V1", "false,V1", "true,V2", "false,V2"})
  void theWrittenFolderLoadsWithExactlyTheWeightsThatWereQuantised(
      boolean symmetric, GptqFormat format) {
    Map<String, Matrix> used = new HashMap<>();
    QuantizationRequest request =
        QuantizationRequest.gptq(
                model, folder.resolve("int4"), new Scheme(4, 32, symmetric), CALIBRATION)
            .withFormat(format);

    QuantizationReport report =
        Quantizer.quantize(
            request,
            ProgressListener.none(),
            asked -> new Watched(open(asked.model()), used),
            Duration.ZERO);

    assertThat(used).hasSize(14);
    try (BlockwiseModel written = open(folder.resolve("int4"))) {
      used.forEach((name, weight) ->
          assertThat(written.weight(name).values()).as(name).isEqualTo(weight.values()));
    }
    assertThat(report.layers()).hasSize(14);
    assertThat(report.layers())
        .allSatisfy(layer -> {
          double kept =
              layer.chosen() == QuantizationMethod.GPTQ
                  ? layer.gptqLoss().orElseThrow()
                  : layer.rtnLoss().orElseThrow();
          assertThat(kept).isLessThanOrEqualTo(layer.rtnLoss().orElseThrow());
        });
    assertThat(report.layers())
        .filteredOn(layer -> layer.name().equals("model.layers.1.mlp.down_proj"))
        .singleElement()
        .satisfies(layer -> assertThat(layer.outputs()).isEqualTo(64))
        .satisfies(layer -> assertThat(layer.inputs()).isEqualTo(160));
  }

  @Test
  void theReportSaysWhatWasDone() throws IOException {
    Quantizer.quantize(request("int4"), ProgressListener.none());

    JsonNode report =
        new JsonMapper()
            .readTree(Files.readAllBytes(folder.resolve("int4/quantization-report.json")));
    assertThat(report.get("calibrationSequences").asInt()).isEqualTo(6);
    assertThat(report.get("calibrationTokens").asInt()).isEqualTo(6 * 60 + 15);
    assertThat(report.get("layers").size()).isEqualTo(14);
    JsonNode layer = report.get("layers").get(0);
    assertThat(layer.get("name").asString()).isEqualTo("model.layers.0.self_attn.q_proj");
    assertThat(layer.get("rtnLoss").asDouble()).isPositive();
    assertThat(layer.get("gptqLoss").asDouble()).isPositive();
    assertThat(layer.get("damping").asDouble()).isEqualTo(0.01);
    assertThat(report.get("bytesAfter").asLong()).isLessThan(report.get("bytesBefore").asLong());
    assertThat(report.get("settings").get("clip").asString()).isEqualTo("FULL");
    assertThat(folder.resolve("int4/quantization-timings.json")).exists();
  }

  @ParameterizedTest
  @EnumSource(QuantizationMethod.class)
  void theReportMeetsItsSchema(QuantizationMethod method) throws IOException {
    Quantizer.quantize(
        method == QuantizationMethod.GPTQ
            ? request("int4")
            : QuantizationRequest.rtn(model, folder.resolve("int4"), new Scheme(4, 32, true)),
        ProgressListener.none());
    String report = Files.readString(folder.resolve("int4/quantization-report.json"));

    assertThat(report).startsWith("{\n  \"schemaVersion\" : 1,");
    assertThat(problems(report)).isEmpty();
    assertThat(problems(report.replace("\"layers\"", "\"later\""))).isNotEmpty();
    assertThat(problems(report.replace("\"schemaVersion\" : 1", "\"schemaVersion\" : 2")))
        .isNotEmpty();
  }

  private static List<?> problems(String report) throws IOException {
    try (InputStream schema =
        QuantizationReport.class.getResourceAsStream("quantization-report.schema.json")) {
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(
              new String(Objects.requireNonNull(schema).readAllBytes(), StandardCharsets.UTF_8),
              InputFormat.JSON)
          .validate(report, InputFormat.JSON);
    }
  }

  @Test
  void threadsDoNotChangeAByte() throws IOException {
    for (int threads : new int[] {1, 3}) {
      Quantizer.quantize(
          request("threads" + threads)
              .withEngine("cpu", EngineOptions.defaults().withThreads(threads)),
          ProgressListener.none());
    }
    assertSameFolders(folder.resolve("threads1"), folder.resolve("threads3"));
  }

  /** A process is killed at a moment that it reports itself; the same job then goes on. */
  @ParameterizedTest
  @CsvSource({"quantising blocks,0", "quantising blocks,1", "writing blocks,1"})
  void aJobKilledWithoutMercyGoesOnToTheSameBytes(String step, int done) throws Exception {
    Quantizer.quantize(request("whole"), ProgressListener.none());
    Path out = folder.resolve("killed");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Hanging.class.getName(),
                model.toString(),
                out.toString(),
                step,
                Integer.toString(done))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      assertThat(process.getInputStream().read()).as("the child's sign of life").isEqualTo('!');
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("killed by signal 9").isEqualTo(137);
    assertThat(out).doesNotExist();
    assertThat(folder.resolve("killed.partial")).exists();

    QuantizationReport report = Quantizer.quantize(request("killed"), ProgressListener.none());

    assertThat(report.layers()).hasSize(14);
    assertSameFolders(folder.resolve("whole"), out);
    assertThat(folder.resolve("killed.partial")).doesNotExist();
  }

  /** Quantises, and stops for ever at a given moment. */
  static final class Hanging {
    private Hanging() {}

    public static void main(String[] arguments) {
      Quantizer.quantize(
          QuantizationRequest.gptq(
              Path.of(arguments[0]), Path.of(arguments[1]), new Scheme(4, 32, true), CALIBRATION),
          progress -> {
            if (progress.step().equals(arguments[2])
                && progress.done() == Integer.parseInt(arguments[3])) {
              System.out.print('!');
              System.out.flush();
              java.util.concurrent.locks.LockSupport.parkNanos(Long.MAX_VALUE);
            }
          });
    }
  }

  @ParameterizedTest
  @CsvSource({"whole", "with a wrong bit", "cut short"})
  void aJobGoesOnFromKeptHiddenStatesWhereTheyAreSound(String state) throws IOException {
    Quantizer.quantize(request("whole"), ProgressListener.none());
    assertThatThrownBy(() ->
            Quantizer.quantize(
                request("stopped"),
                ProgressListener.none(),
                asked -> new Poisoned(open(asked.model())),
                Duration.ZERO))
        .hasMessageContaining("NaN");
    Path kept = folder.resolve("stopped.partial/blocks/hidden-00001.bin");
    byte[] bytes = Files.readAllBytes(kept);
    bytes[1001] ^= 1;
    switch (state) {
      case "with a wrong bit" -> Files.write(kept, bytes);
      case "cut short" -> Files.write(kept, Arrays.copyOf(bytes, bytes.length - 4));
      default -> {}
    }
    AtomicInteger embedded = new AtomicInteger();

    Quantizer.quantize(
        request("stopped"),
        ProgressListener.none(),
        asked ->
            new Watched(open(asked.model()), new HashMap<>()) {
              @Override
              public float[] embed(List<Integer> tokens) {
                embedded.incrementAndGet();
                return super.embed(tokens);
              }
            },
        Duration.ZERO);

    assertThat(embedded.get()).isEqualTo(state.equals("whole") ? 0 : 6);
    assertSameFolders(folder.resolve("whole"), folder.resolve("stopped"));
  }

  @Test
  void anUnfinishedJobOfAnotherKindIsNotGoneOnWith() {
    assertThatThrownBy(() ->
            Quantizer.quantize(
                request("int4"),
                progress -> {
                  throw new IllegalStateException("stopped");
                }))
        .hasMessage("stopped");

    assertThatThrownBy(
            () -> Quantizer.quantize(request("int4").withDamping(0.05), ProgressListener.none()))
        .isInstanceOf(QuantizationException.class)
        .hasMessageContaining("holds an unfinished job with damping 0.01, not 0.05");
  }

  @Test
  void activationsThatAreNoNumbersEndTheJobWithTheLayersNames() {
    assertThatThrownBy(() ->
            Quantizer.quantize(
                request("int4"),
                ProgressListener.none(),
                asked -> new Poisoned(open(asked.model())),
                Duration.ofDays(1)))
        .isInstanceOf(QuantizationException.class)
        .hasMessageStartingWith(
            "input 3 of model.layers.1.mlp.gate_proj, model.layers.1.mlp.up_proj is NaN or"
                + " infinite");
    assertThat(folder.resolve("int4")).doesNotExist();
  }

  @Test
  void theModelAnswersQuestionsAndItsAnswersCanBeUsedAgain() throws IOException {
    Path questions = folder.resolve("questions.txt");
    Files.writeString(questions, "What is two and two?\n\nName a colour.\nWhy?\n");
    QuantizationRequest aligned =
        QuantizationRequest.gptq(
            model,
            folder.resolve("aligned"),
            new Scheme(4, 32, true),
            new Calibration.Aligned(questions, 2, 64, Decoding.greedy(16, List.of()), 0));

    QuantizationReport report = Quantizer.quantize(aligned, ProgressListener.none());

    assertThat(report.calibrationSequences()).isEqualTo(2);
    Path set = folder.resolve("aligned/aligned-calibration.jsonl");
    List<String> lines = Files.readAllLines(set);
    assertThat(lines).hasSize(2);
    JsonNode first = new JsonMapper().readTree(lines.getFirst());
    assertThat(first.get("question").asString()).isEqualTo("What is two and two?");
    assertThat(first.get("text").asString()).contains("What is two and two?");
    assertThat(first.get("tokens").size()).isGreaterThan(20);

    QuantizationReport again =
        Quantizer.quantize(
            QuantizationRequest.gptq(
                model,
                folder.resolve("again"),
                new Scheme(4, 32, true),
                new Calibration.TextFile(set, 128, 64)),
            ProgressListener.none());
    assertThat(again.calibrationSha256()).isEqualTo(report.calibrationSha256());
    assertThat(folder.resolve("again/model.safetensors"))
        .hasSameBinaryContentAs(folder.resolve("aligned/model.safetensors"));
  }

  @Test
  void textIsCutIntoPiecesAndLinesAreSequencesOfTheirOwn() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "abcdefghij".repeat(20));
    Path lines =
        Files.writeString(
            folder.resolve("lines.jsonl"),
            """
            {"text": "one and two and three"}

            {"prompt": "def f():", "canonical_solution": "\\n  return 1"}
            {"question": "what?", "answer": "that"}
            """);

    int whole = length("abcdefghij".repeat(20));
    int pieces = whole / 16;
    int one = length("one and two and three");
    int two = length("def f():\n  return 1");
    int three = length("what?\nthat");
    assertThat(pieces).isGreaterThan(2);

    assertThat(tokens(new Calibration.TextFile(text, 100, 16), "a"))
        .isEqualTo(pieces + " x " + 16 * pieces);
    assertThat(tokens(new Calibration.TextFile(text, 2, 16), "b")).isEqualTo("2 x 32");
    assertThat(tokens(new Calibration.TextFile(text, 2, 1024), "c")).isEqualTo("1 x " + whole);
    assertThat(tokens(new Calibration.TextFile(lines, 8, 1024), "d"))
        .isEqualTo("3 x " + (one + two + three));
    assertThat(tokens(new Calibration.TextFile(lines, 8, 8), "e"))
        .isEqualTo("3 x " + (Math.min(8, one) + Math.min(8, two) + Math.min(8, three)));
  }

  private int length(String text) {
    try (Tokenizer tokenizer = Tokenizers.open(model)) {
      return tokenizer.encode(text).ids().size();
    }
  }

  private String tokens(Calibration calibration, String out) {
    QuantizationReport report =
        Quantizer.quantize(
            QuantizationRequest.gptq(
                model, folder.resolve(out), new Scheme(4, 32, true), calibration),
            ProgressListener.none());
    return report.calibrationSequences() + " x " + report.calibrationTokens();
  }

  @Test
  void aLineWithoutTextIsRefusedByItsFile() throws IOException {
    Path lines = Files.writeString(folder.resolve("lines.jsonl"), "{\"code\": \"x\"}\n");

    assertThatThrownBy(() -> tokens(new Calibration.TextFile(lines, 8, 64), "x"))
        .isInstanceOf(QuantizationException.class)
        .hasMessageContaining("lines.jsonl: a line has neither \"text\"");
  }

  private static BlockwiseModel open(Path model) {
    return Engines.findBlockwise("cpu").openBlockwise(model, EngineOptions.defaults());
  }

  private static void assertSameFolders(Path expected, Path actual) throws IOException {
    List<String> names = files(expected);
    assertThat(files(actual)).isEqualTo(names);
    assertThat(names).contains("model.safetensors", "quantization-report.json", "config.json");
    for (String name : names) {
      if (!name.equals("quantization-timings.json")) {
        assertThat(actual.resolve(name)).hasSameBinaryContentAs(expected.resolve(name));
      }
    }
  }

  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Passes everything on, and notes the weights that were put in. */
  private static class Watched implements BlockwiseModel {
    private final BlockwiseModel model;
    private final Map<String, Matrix> replaced;

    Watched(BlockwiseModel model, Map<String, Matrix> replaced) {
      this.model = model;
      this.replaced = replaced;
    }

    @Override
    public int blocks() {
      return model.blocks();
    }

    @Override
    public int hiddenSize() {
      return model.hiddenSize();
    }

    @Override
    public float[] embed(List<Integer> tokens) {
      return model.embed(tokens);
    }

    @Override
    public List<List<String>> linearStages(int block) {
      return model.linearStages(block);
    }

    @Override
    public Matrix weight(String linear) {
      return model.weight(linear);
    }

    @Override
    public void replace(String linear, Matrix weight) {
      replaced.put(linear, weight);
      model.replace(linear, weight);
    }

    @Override
    public void observe(int block, List<float[]> hidden, int stage, StageObserver observer) {
      model.observe(block, hidden, stage, observer);
    }

    @Override
    public List<float[]> run(int block, List<float[]> hidden) {
      return model.run(block, hidden);
    }

    @Override
    public Matrix logits(float[] hidden) {
      return model.logits(hidden);
    }

    @Override
    public void release(int block) {
      model.release(block);
    }

    @Override
    public void close() {
      model.close();
    }
  }

  /** Lets one activation of the second block be NaN. */
  private static final class Poisoned extends Watched {
    Poisoned(BlockwiseModel model) {
      super(model, new HashMap<>());
    }

    @Override
    public void observe(int block, List<float[]> hidden, int stage, StageObserver observer) {
      super.observe(
          block,
          hidden,
          stage,
          (sequence, rows) -> {
            if (block == 1 && stage == 2 && sequence == 4) {
              rows.values()[7 * rows.columns() + 3] = Float.NaN;
            }
            observer.accept(sequence, rows);
          });
    }
  }
}
