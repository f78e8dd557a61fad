package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.base.QuantGateException;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.GenerationRequest;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.ShapePlan;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls of the driver that fail, and memory that runs out, on the stand-in. */
class DriverFailureTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int LAUNCH_FAILED = 719;
  private static final Decoding DECODING = Decoding.greedy(6, List.of());

  @TempDir static Path folder;
  private static Path model;
  private long alive;

  @BeforeAll
  static void useTheStandIn() {
    StandIn.use();
    model = TinyCheckpoint.write(folder.resolve("m"), 3, TinyCheckpoint.Format.GPTQ_SYMMETRIC);
  }

  @BeforeEach
  void countWhatIsAlive() {
    alive = StandIn.alive();
  }

  @AfterEach
  void nothingIsLeft() {
    StandIn.forgetFailures();
    assertThat(StandIn.alive()).as("left on the device").isEqualTo(alive);
  }

  private static LanguageModel load(EngineOptions options) {
    return new CudaEngineProvider().load(model, options);
  }

  private static LanguageModel load() {
    return load(EngineOptions.defaults());
  }

  private static EngineOptions memory(long bytes) {
    return EngineOptions.defaults()
        .withDevice(new EngineOptions.Device(OptionalInt.empty(), OptionalLong.of(bytes)));
  }

  private static List<GenerationRequest> requests() {
    return IntStream.range(0, 5)
        .mapToObj(
            i -> new GenerationRequest(new Prompt.Text("Item %d: ".formatted(i).repeat(12)), i))
        .toList();
  }

  private static List<Outcome<Generation>> answers(EngineOptions options) {
    try (LanguageModel loaded = load(options)) {
      return loaded.generate(requests(), DECODING);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cuInit,1,999", "cuDevicePrimaryCtxRetain,1,2", "cuModuleLoadDataEx,1,222",
        "cuStreamCreate,1,2",
    "cuMemHostAlloc,1,2", "cuMemHostAlloc,3,1", "cuMemAlloc_v2,1,2", "cuMemAlloc_v2,20,2",
    "cuMemcpyHtoDAsync_v2,5,1", "cuLaunchKernelEx,3,1", "cuEventCreate,2,2",
        "cuStreamSynchronize,1,1"
  })
  void aCallThatFailsWhileLoadingIsNamedAndNothingIsLeft(String function, int n, int code) {
    StandIn.fail(function, n, code);
    assertThatThrownBy(DriverFailureTest::load)
        .isInstanceOf(QuantGateException.class)
        .hasMessageContaining("%s failed: CUDA_ERROR_".formatted(function));
  }

  @ParameterizedTest
  @CsvSource({"cuMemcpyHtoDAsync_v2,5,1", "cuMemAlloc_v2,3,2"})
  void whatFailsInClosingHidesNothingOfWhatFailedBefore(String function, int n, int code) {
    StandIn.fail(function, n, code);
    for (int sync = 1; sync <= 3; sync++) {
      StandIn.fail("cuStreamSynchronize", sync, LAUNCH_FAILED);
    }
    assertThatThrownBy(DriverFailureTest::load)
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("%s failed: CUDA_ERROR_".formatted(function))
        .hasMessageNotContaining("cuStreamSynchronize");
  }

  @Test
  void memoryThatOthersTookMeanwhileMeansFewerPagesAndTheSameAnswers() {
    List<Outcome<Generation>> expected = answers(EngineOptions.defaults());
    // What weights take is refused; what steps work in, and pages, are tried with fewer pages.
    int refused = 0;
    int taken = 256;
    while (taken - refused > 1) {
      int n = (refused + taken) / 2;
      StandIn.fail("cuMemAlloc_v2", n, OUT_OF_MEMORY);
      try {
        load().close();
        taken = n;
      } catch (InferenceException e) {
        assertThat(e).hasMessageContaining("--gpu-memory");
        refused = n;
      }
      StandIn.forgetFailures();
    }
    assertThat(refused).as("allocations before the pages").isGreaterThan(10);
    StandIn.fail("cuMemAlloc_v2", taken, OUT_OF_MEMORY);
    assertThat(answers(EngineOptions.defaults())).isEqualTo(expected);
  }

  @Test
  void littleMemoryMeansSmallerBatchesAndTheSameAnswers() {
    List<Outcome<Generation>> expected = answers(EngineOptions.defaults());
    String refusal = "";
    try {
      load(memory(1 << 20)).close();
    } catch (InferenceException e) {
      refusal = String.valueOf(e.getMessage());
    }
    Matcher needed = Pattern.compile("needs (\\d+) MiB").matcher(refusal);
    assertThat(needed.find()).as(refusal).isTrue();
    assertThat(answers(memory(Long.parseLong(needed.group(1)) << 20))).isEqualTo(expected);
  }

  @Test
  void aGraphThatThereIsNoMemoryForIsDoneWithout() {
    List<Outcome<Generation>> expected = answers(EngineOptions.defaults());
    StandIn.fail("cuGraphInstantiateWithFlags", 1, OUT_OF_MEMORY);
    assertThat(answers(EngineOptions.defaults())).isEqualTo(expected);
  }

  /** The first step launches, the second is recorded, the others replay. */
  @ParameterizedTest
  @ValueSource(ints = {1, 10, 25, 40, 55, 70})
  void aStepThatFailsEndsTheCallAndTheModelIsClosed(int launch) {
    try (LanguageModel loaded = load()) {
      StandIn.fail("cuLaunchKernelEx", launch, 1);
      assertThatThrownBy(() -> loaded.generate(requests(), DECODING))
          .isInstanceOf(InferenceException.class)
          .hasMessageContaining("cuLaunchKernelEx failed: CUDA_ERROR_");
    }
  }

  @Test
  void aShapeThatThereIsNoMemoryForMeanwhileLeavesNothing() {
    var plan = ShapePlan.of(8, 4, List.of(1), 1);
    for (int n : new int[] {10, 20, 30, 40, 50}) {
      StandIn.fail("cuMemAlloc_v2", n, OUT_OF_MEMORY);
      assertThatThrownBy(
              () -> new CudaEngineProvider().measureShape(model.toString(), memory(64 << 20), plan))
          .as("allocation %d", n)
          .isInstanceOf(InferenceException.class)
          .hasMessageContaining("cuMemAlloc_v2 failed");
      StandIn.forgetFailures();
      assertThat(StandIn.alive()).as("left behind allocation %d", n).isEqualTo(alive);
    }
  }

  @Test
  void aDeviceThatIsLostIsToldOnceAndInOneLine() {
    LanguageModel loaded = load();
    StandIn.fail("cuStreamSynchronize", 1, LAUNCH_FAILED);
    assertThatThrownBy(() -> loaded.generate(requests(), DECODING))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("the device's state is lost")
        .hasMessageNotContaining("\n");
    StandIn.forgetFailures();
    loaded.close();
  }
}
