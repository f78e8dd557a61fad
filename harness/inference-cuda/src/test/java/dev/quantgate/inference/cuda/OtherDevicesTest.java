package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.GenerationRequest;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.Slice;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Devices other than an H100, and drivers other than its, on the stand-in. */
class OtherDevicesTest {
  private static final int AMPERE_SHARED = 101_376;

  @TempDir static Path folder;
  private static Path model;

  @BeforeAll
  static void useTheStandIn() {
    StandIn.use();
    model = TinyCheckpoint.write(folder.resolve("m"), 3, TinyCheckpoint.Format.GPTQ_ACT_ORDER);
  }

  @AfterEach
  void anH100Again() {
    StandIn.devices(1);
    StandIn.driver(13_000);
    StandIn.device(0);
    StandIn.device(1);
  }

  private static List<Outcome<Generation>> answers(EngineOptions options) {
    var requests =
        IntStream.range(0, 5)
            .mapToObj(i -> new GenerationRequest(new Prompt.Text("Item %d: ".formatted(i)), i))
            .toList();
    try (LanguageModel loaded = new CudaEngineProvider().load(model, options)) {
      return loaded.generate(requests, Decoding.greedy(6, List.of()));
    }
  }

  private static ModelConfig config() {
    return TinyConfig.llama(200, 128, 256, 1, 4, 2, 32, 512);
  }

  /** Logits behind some texts of their own length, by a step of pieces and one that decodes. */
  private static float[][] logits(WeightFormat format, int texts) {
    var found = new ArrayList<float[]>();
    try (DeviceSession session = StandIn.session();
        CudaExecutor executor =
            new DeviceBenchmark(session).generated(config(), format, texts, 64, true)) {
      var random = new SplittableRandom(5);
      for (int length : new int[] {3, 4}) {
        var slices = new ArrayList<Slice>();
        for (int i = 0; i < texts; i++) {
          int[] tokens = random.split().ints(4, 0, 200).toArray();
          List<Ask> asks =
              List.of(new Ask.WholeRow(length - 1, (row, at, argmax) -> found.add(row.clone())));
          slices.add(new Slice(new int[] {i}, tokens, length == 3 ? 0 : 3, length, asks));
        }
        executor.step(slices);
      }
    }
    return found.toArray(float[][]::new);
  }

  /** An A10, an RTX 4090, an A100, a B200, and what came later and translates the oldest code. */
  @ParameterizedTest
  @CsvSource({"8,6,101376", "8,9,101376", "8,0,166912", "10,0,232448", "12,0,101376"})
  void everyDeviceGivesTheBitsOfAnH100WhateverItLacks(int major, int minor, int sharedBytes) {
    for (WeightFormat format : List.of(WeightFormat.I4G32, WeightFormat.F16)) {
      float[][] expected = logits(format, 40);
      StandIn.device(0, major, minor, sharedBytes);
      assertThat(logits(format, 40)).as("%s", format).isDeepEqualTo(expected);
      StandIn.device(0);
    }
    List<Outcome<Generation>> expected = answers(EngineOptions.defaults());
    StandIn.device(0, major, minor, sharedBytes);
    assertThat(answers(EngineOptions.defaults())).isEqualTo(expected);
  }

  @Test
  void kernelsThatDoNotWaitForTheOneBeforeAreNotLaunchedBesideIt() {
    for (int major : new int[] {8, 9, 10, 12}) {
      StandIn.device(0, major, 0, AMPERE_SHARED);
      try (DeviceSession session = StandIn.session()) {
        assertThat(session.kernels().kernel("embed").overlaps())
            .as("compute capability %d.0", major)
            .isEqualTo(major == 9 || major == 10);
      }
    }
  }

  @Test
  void theFirstDeviceThatRunsTheKernelsIsTakenUnlessANumberWasSaid() {
    StandIn.devices(2);
    StandIn.device(0, 7, 5, 65_536);
    assertThat(new CudaEngineProvider().unavailable()).isEmpty();
    assertThat(answers(EngineOptions.defaults())).hasSize(5);
    EngineOptions first =
        EngineOptions.defaults()
            .withDevice(new EngineOptions.Device(OptionalInt.of(0), OptionalLong.empty()));
    assertThatThrownBy(() -> answers(first))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("compute capability 7.5; the kernels need 8.0 or newer");
    StandIn.device(1, 7, 0, 98_304);
    assertThat(new CudaEngineProvider().unavailable().orElseThrow())
        .contains("compute capability 7.5; the kernels need 8.0");
  }

  @Test
  void aDriverOlderThanTheKernelsIsRefusedInOneLineAndPassedOverByAuto() {
    StandIn.driver(12_040);
    String expected =
        "serves CUDA 12.4, the kernels need 13.0: install an NVIDIA driver of the R580 line";
    assertThat(new CudaEngineProvider().unavailable().orElseThrow())
        .contains(expected)
        .doesNotContain("\n");
    assertThatThrownBy(() -> answers(EngineOptions.defaults()))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining(expected);
    assertThatThrownBy(() -> Engines.find("cuda"))
        .hasMessageContaining("engine cuda cannot run here: the driver")
        .hasMessageContaining(expected);
    assertThat(Engines.find("auto").kind()).isEqualTo("cpu");
    assertThat(Engines.passedOver("auto")).anyMatch(line -> line.contains(expected));
  }

  @Test
  void whatTheKernelsHaveNoSizeForIsRefusedBeforeAnythingIsTaken() {
    assertThatThrownBy(() -> Workspace.bytes(with(4, 2, 256, 512), 8, 0))
        .isInstanceOf(InferenceException.class)
        .hasMessage(
            "config.json has 256 elements of a head, engine cuda computes at most 128; use --engine cpu");
    assertThatThrownBy(() -> Workspace.bytes(with(160, 1, 8, 512), 8, 0))
        .hasMessageContaining("160 query heads to a key/value head");
    assertThatThrownBy(() -> Workspace.bytes(with(4, 2, 32, Integer.MAX_VALUE), 8, 0))
        .hasMessageContaining("2,147,483,647 positions of a context");
  }

  private static ModelConfig with(int heads, int keyValueHeads, int headSize, int context) {
    return TinyConfig.llama(200, 128, 256, 1, heads, keyValueHeads, headSize, context);
  }
}
