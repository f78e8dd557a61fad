package dev.quantgate.inference.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.Score;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.ScoringRequest.Detail;
import dev.quantgate.inference.ScoringRequest.Join;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.fixture.LanguageModelContract;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The CPU engine behind the one door, on whole folders. */
class CpuEngineTest extends LanguageModelContract {
  private static final EngineOptions ONE_THREAD = EngineOptions.defaults().withThreads(1);

  @Override
  protected EngineProvider engine() {
    return new CpuEngineProvider();
  }

  private static EngineOptions memory(long bytes) {
    return ONE_THREAD.withMemory(OptionalLong.of(bytes));
  }

  @Test
  void aModelThatDoesNotFitTheMemoryGivenIsRefusedBeforeItIsLoaded() {
    assertThatThrownBy(() -> load(Format.F16, memory(100_000)))
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
    try (LanguageModel model = load(Format.F16, ONE_THREAD)) {
      expected = model.score(questions);
      weights = model.telemetry().weightBytes();
    }
    long twoPages;
    try (var checkpoint = Checkpoints.open(folder(Format.F16))) {
      ModelConfig config = checkpoint.config();
      twoPages =
          weights + CpuStepExecutor.workingBytes(config) + 2 * CpuStepExecutor.pageBytes(config);
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

  /** Prints the engine of a folder's model. */
  public static void main(String[] arguments) {
    try (LanguageModel model = new CpuEngineProvider().load(Path.of(arguments[0]), ONE_THREAD)) {
      System.out.println(model.identity().engine());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32})
  void aModelOnNarrowerVectorsIsAnotherEngine(int bytes) throws Exception {
    assumeTrue(Lanes.SPECIES.vectorByteSize() > bytes, "this machine has no wider vectors");
    try (LanguageModel model = load(Format.F16, ONE_THREAD)) {
      assertThat(model.identity().engine())
          .isEqualTo("cpu/1 " + 8 * Lanes.SPECIES.vectorByteSize() + "-bit");
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
                CpuEngineTest.class.getName(),
                folder(Format.F16).toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(new String(narrow.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip())
        .isEqualTo("cpu/1 " + 8 * bytes + "-bit");
    assertThat(narrow.waitFor()).isZero();
  }

  @Test
  void residentWeightsAreAtMostFifteenPercentMoreThanTheCheckpoints() {
    for (Format format : Format.values()) {
      try (LanguageModel model = load(format, ONE_THREAD)) {
        assertThat((double) model.telemetry().weightBytes())
            .as("%s", format)
            .isPositive()
            .isLessThanOrEqualTo(1.15 * model.telemetry().checkpointBytes());
      }
    }
  }
}
