package dev.quantgate.inference.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.Outcome.Faulted;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.Score;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.ScoringRequest.Detail;
import dev.quantgate.inference.ScoringRequest.Join;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine behind the one door, on whole folders. */
class CpuModelTest {
  @TempDir Path temporary;

  private LanguageModel load(Format format, EngineOptions options) {
    Path folder = temporary.resolve(format.name());
    if (!folder.toFile().exists()) {
      TinyCheckpoint.write(folder, 3, format);
    }
    return Engines.find("cpu").load(folder, options);
  }

  private static EngineOptions options(
      int threads, int maxBatch, boolean share, boolean reference) {
    return new EngineOptions(threads, OptionalLong.empty(), maxBatch, share, reference);
  }

  private static final List<Prompt> PROMPTS =
      List.of(
          new Prompt.Text("def add(a, b):\n"),
          new Prompt.Text("The demos. ", "A question"),
          new Prompt.Text("The demos. ", "Another one, 中文"),
          new Prompt.Chat(List.of(new Prompt.Message("user", "Hello")), "Yes"));

  private static List<ScoringRequest> requests() {
    var requests = new ArrayList<ScoringRequest>();
    for (Join join : Join.values()) {
      for (Detail detail : Detail.values()) {
        for (Prompt prompt : PROMPTS) {
          requests.add(new ScoringRequest(prompt, List.of(" A", "答案", " in the"), join, detail));
        }
      }
    }
    return requests;
  }

  @ParameterizedTest
  @EnumSource(Format.class)
  void everyFormatScoresAndWritesAsTheReferenceDoes(Format format) {
    try (LanguageModel fast = load(format, options(2, 0, true, false));
        LanguageModel reference = load(format, options(1, 0, true, true))) {
      Decoding decoding = Decoding.greedy(12, List.of("zz"));
      assertThat(fast.generate(PROMPTS, decoding)).isEqualTo(reference.generate(PROMPTS, decoding));

      List<ScoringRequest> requests = requests();
      List<Outcome<Score>> found = fast.score(requests);
      List<Outcome<Score>> expected = reference.score(requests);
      int compared = 0;
      for (int i = 0; i < requests.size(); i++) {
        List<Score.Continuation> want = expected.get(i).orThrow().continuations();
        List<Score.Continuation> have = found.get(i).orThrow().continuations();
        assertThat(have).hasSize(3);
        for (int c = 0; c < 3; c++) {
          assertThat(have.get(c).tokens()).isEqualTo(want.get(c).tokens()).isNotEmpty();
          assertThat(have.get(c).promptTokens()).isEqualTo(want.get(c).promptTokens());
          compared += compare(have.get(c).logProbabilities(), want.get(c).logProbabilities());
          compared +=
              compare(have.get(c).promptLogProbabilities(), want.get(c).promptLogProbabilities());
        }
      }
      assertThat(compared).isGreaterThan(200);
    }
  }

  private static int compare(List<Double> have, List<Double> want) {
    assertThat(have).hasSameSizeAs(want);
    for (int i = 0; i < want.size(); i++) {
      assertThat(have.get(i)).isCloseTo(want.get(i), within(2e-4 * (1 + Math.abs(want.get(i)))));
    }
    return want.size();
  }

  @Test
  void answersAndScoresAreEqualWhateverTheOptions() {
    Decoding decoding = new Decoding(20, 0.9, 0.95, 5, List.of("\n\n"), true);
    List<Outcome<Generation>> answers;
    List<Outcome<Score>> scores;
    try (LanguageModel model = load(Format.GPTQ_SYMMETRIC, options(2, 0, true, false))) {
      answers = model.generate(PROMPTS, decoding);
      scores = model.score(requests());
    }
    for (EngineOptions other : List.of(options(1, 1, true, false), options(3, 16, false, false))) {
      try (LanguageModel model = load(Format.GPTQ_SYMMETRIC, other)) {
        assertThat(model.generate(PROMPTS, decoding)).as("%s", other).isEqualTo(answers);
        assertThat(model.score(requests())).as("%s", other).isEqualTo(scores);
      }
    }
  }

  @Test
  void aSharedPrefixIsComputedOnce() {
    String demos = "Question and answer, over and over. ".repeat(20);
    List<ScoringRequest> requests = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      requests.add(
          new ScoringRequest(
              new Prompt.Text(demos, "Item " + i + ":"),
              List.of("A", "B", "C", "D"),
              Join.APPENDED,
              Detail.CONTINUATION));
    }
    long shared;
    long apart;
    try (LanguageModel model = load(Format.F16, options(2, 0, true, false))) {
      model.score(requests);
      shared = model.telemetry().promptTokens();
    }
    try (LanguageModel model = load(Format.F16, options(2, 0, false, false))) {
      model.score(requests);
      apart = model.telemetry().promptTokens();
    }
    assertThat(apart).isGreaterThan(20 * shared);
  }

  @Test
  void aPromptThatDoesNotFitTheContextIsTooLongAndTheOthersAreAnswered() {
    try (LanguageModel model = load(Format.F16, options(2, 0, true, false))) {
      List<Prompt> prompts =
          List.of(new Prompt.Text("a b ".repeat(3000)), new Prompt.Text("short"));
      List<Outcome<Generation>> outcomes = model.generate(prompts, Decoding.greedy(3, List.of()));
      assertThat(outcomes.getFirst())
          .isInstanceOfSatisfying(
              Faulted.class, faulted -> assertThat(faulted.fault()).isEqualTo(Fault.TOO_LONG));
      assertThat(outcomes.get(1).orThrow().tokens()).isNotEmpty();
    }
  }

  @Test
  void anAnswerEndsByLengthWhereTheContextEnds() {
    try (LanguageModel model = load(Format.F16, options(2, 0, true, false))) {
      int context = model.capabilities().contextLength();
      Generation answer =
          model
              .generate(
                  List.of(new Prompt.Text("short")),
                  new Decoding(10 * context, 0, 1, 0, List.of(), false))
              .getFirst()
              .orThrow();
      assertThat(answer.end()).isEqualTo(Generation.End.LENGTH);
      assertThat(answer.promptTokens().size() + answer.tokens().size()).isEqualTo(context);
    }
  }

  @Test
  void aContinuationWithNothingBeforeItCannotBeScored() {
    try (LanguageModel model = load(Format.F16, options(1, 0, true, false))) {
      Outcome<Score> outcome =
          model
              .score(
                  List.of(
                      new ScoringRequest(
                          new Prompt.Text(""), List.of("A"), Join.WHOLE_TEXT, Detail.CONTINUATION)))
              .getFirst();
      assertThat(outcome)
          .isEqualTo(
              new Faulted<Score>(
                  Fault.UNSCORABLE,
                  "no token stands before the continuation, so it has no probability"));
    }
  }

  @Test
  void aModelThatDoesNotFitTheMemoryGivenIsRefusedBeforeItIsLoaded() {
    var tight = new EngineOptions(1, OptionalLong.of(100_000), 0, true, false);
    assertThatThrownBy(() -> load(Format.F16, tight))
        .isInstanceOfSatisfying(
            InferenceException.class,
            e -> assertThat(e.kind()).isEqualTo(InferenceException.Kind.OUT_OF_MEMORY))
        .hasMessageMatching(
            "(?s).*F16 needs \\d+ MiB \\(1 of them weights\\), the limit is 1 MiB; .*");
  }

  @Test
  void whatMemoryIsSaidToSufficeDoesAndGivesTheSameAnswers() {
    List<ScoringRequest> questions =
        List.of(
            new ScoringRequest(
                new Prompt.Text("short"), List.of("A", "B"), Join.APPENDED, Detail.CONTINUATION),
            new ScoringRequest(
                new Prompt.Text("long ".repeat(60)),
                List.of("A", "B"),
                Join.APPENDED,
                Detail.CONTINUATION));
    List<Outcome<Score>> expected;
    long weights;
    try (LanguageModel model = load(Format.F16, options(1, 0, true, false))) {
      expected = model.score(questions);
      weights = model.telemetry().weightBytes();
    }
    long twoPages;
    try (var checkpoint = Checkpoints.open(temporary.resolve("F16"))) {
      ModelConfig config = checkpoint.config();
      twoPages =
          weights
              + BatchEngine.workingBytes(config)
              + 2 * KeyValueCache.pageBytes(config, config.layers());
    }
    var answered = new ArrayList<Integer>();
    InferenceException refusal;
    try (LanguageModel model = load(Format.F16, memory(twoPages))) {
      refusal =
          catchThrowableOfType(
              InferenceException.class,
              () -> model.score(questions, (index, outcome) -> answered.add(index)));
    }
    assertThat(refusal).isNotNull();
    assertThat(answered).isEmpty();
    long enough =
        Long.parseLong(String.valueOf(refusal).replaceAll(".*, at least (\\d+)M", "$1")) << 20;
    try (LanguageModel model = load(Format.F16, memory(enough))) {
      assertThat(model.score(questions)).isEqualTo(expected);
    }
  }

  private static EngineOptions memory(long bytes) {
    return new EngineOptions(1, OptionalLong.of(bytes), 0, true, false);
  }

  /** Prints the engine of a folder's model. */
  public static void main(String[] arguments) {
    try (LanguageModel model =
        Engines.find("cpu").load(Path.of(arguments[0]), options(1, 0, true, false))) {
      System.out.println(model.identity().engine());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32})
  void aModelOnNarrowerVectorsIsAnotherEngine(int bytes) throws Exception {
    assumeTrue(Lanes.SPECIES.vectorByteSize() > bytes, "this machine has no wider vectors");
    try (LanguageModel model = load(Format.F16, options(1, 0, true, false))) {
      assertThat(model.identity().engine())
          .isEqualTo("cpu/1 " + 8 * Lanes.SPECIES.vectorByteSize() + "-bit");
    }
    try (LanguageModel model = load(Format.F16, options(1, 0, true, true))) {
      assertThat(model.identity().engine()).as("no vectors").isEqualTo("cpu-reference/1");
    }
    Process narrow =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:MaxVectorSize=" + bytes,
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                CpuModelTest.class.getName(),
                temporary.resolve("F16").toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(new String(narrow.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip())
        .isEqualTo("cpu/1 " + 8 * bytes + "-bit");
    assertThat(narrow.waitFor()).isZero();
  }

  @Test
  void residentWeightsAreAtMostFifteenPercentMoreThanTheCheckpoints() {
    for (Format format : Format.values()) {
      try (LanguageModel model = load(format, options(1, 0, true, false))) {
        assertThat((double) model.telemetry().weightBytes())
            .as("%s", format)
            .isPositive()
            .isLessThanOrEqualTo(1.15 * model.telemetry().checkpointBytes());
      }
    }
  }

  @Test
  void trailingSpaceIsWhatPythonStrips() {
    assertThat(CpuModel.withoutTrailingSpace("a b \t\n\u00a0\u3000\u001c")).isEqualTo(3);
    assertThat(CpuModel.withoutTrailingSpace("a\u200b")).isEqualTo(2);
    assertThat(CpuModel.withoutTrailingSpace(" \n")).isZero();
  }
}
