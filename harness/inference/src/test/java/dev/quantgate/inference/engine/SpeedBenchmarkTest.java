package dev.quantgate.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.SpeedPlan;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.inference.SpeedReport.Decode;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpeedBenchmarkTest {
  private static final EngineOptions TWO_THREADS = EngineOptions.defaults().withThreads(2);

  private static SpeedReport run(Path folder, Format format, SpeedPlan plan) {
    return measure(TinyCheckpoint.write(folder, 5, format), TWO_THREADS, plan);
  }

  private static SpeedReport measure(Path folder, EngineOptions options, SpeedPlan plan) {
    return Engines.find("cpu").measure(new ModelReference.Folder(folder), options, plan);
  }

  @Test
  void aReportTellsWhatWasPlannedAndItsFiguresFollowFromEachOther(@TempDir Path folder) {
    SpeedReport report = run(folder, Format.F16, new SpeedPlan(12, 8, List.of(1, 3), 2));
    assertThat(report.threads()).isEqualTo(2);
    assertThat(report.weightBytes())
        .isPositive()
        .isLessThanOrEqualTo(report.checkpointBytes() * 115 / 100);
    assertThat(report.loadTime()).isPositive();
    // Any machine reads more than a megabyte and less than a hundred terabytes a second.
    assertThat(report.readBandwidth()).isBetween(1e6, 1e14);
    assertThat(report.prefill().tokens()).isEqualTo(12);
    assertThat(report.prefill().tokensPerSecond()).isPositive();
    assertThat(report.decodes()).extracting(Decode::batch).containsExactly(1, 3);
    for (Decode decode : report.decodes()) {
      assertThat(decode.context()).isEqualTo(12 + 8 / 2);
      assertThat(decode.tokensPerSecond()).isPositive();
      assertThat(decode.bandwidthShare())
          .isCloseTo(
              decode.tokensPerSecond() * decode.bytesPerToken() / report.readBandwidth(),
              within(1e-9));
      assertThat(decode.flops() / decode.tokensPerSecond())
          .isCloseTo(
              report.decodes().getFirst().flops() / report.decodes().getFirst().tokensPerSecond(),
              within(1e-3));
    }
    // Three sequences share what is read of the weights, but not keys and values.
    long one = report.decodes().get(0).bytesPerToken();
    long three = report.decodes().get(1).bytesPerToken();
    assertThat(three).isLessThan(one).isGreaterThan(one / 3);
  }

  @Test
  void fourBitWeightsTakeFewerBytesThanHalves(@TempDir Path halves, @TempDir Path codes) {
    var plan = new SpeedPlan(4, 4, List.of(1), 1);
    SpeedReport wide = run(halves, Format.F16, plan);
    SpeedReport narrow = run(codes, Format.GPTQ_SYMMETRIC, plan);
    assertThat(narrow.weightBytes()).isLessThan(wide.weightBytes());
    assertThat(narrow.decodes().getFirst().bytesPerToken())
        .isLessThan(wide.decodes().getFirst().bytesPerToken());
    assertThat(narrow.weightFormat()).isNotEqualTo(wide.weightFormat());
  }

  @ParameterizedTest
  @ValueSource(ints = {100_000, Integer.MAX_VALUE})
  void aPlanThatDoesNotFitTheContextIsRefusedWithBothNumbers(int tokens, @TempDir Path folder) {
    var plan = new SpeedPlan(tokens, 8, List.of(1), 1);
    assertThatThrownBy(() -> run(folder, Format.F16, plan))
        .isInstanceOf(InferenceException.class)
        .hasMessageStartingWith(
            tokens + " prompt tokens and 8 new ones do not fit the model's context of ");
  }

  @Test
  void moreSequencesThanTheEngineTakesAreRefusedWithBothNumbers(@TempDir Path folder) {
    var plan = new SpeedPlan(8, 8, List.of(1, 257), 1);
    assertThatThrownBy(() -> run(folder, Format.F16, plan))
        .isInstanceOf(InferenceException.class)
        .hasMessage("this engine decodes at most 256 sequences together, not 257");
  }

  @Test
  void manyLongPromptsWithShortAnswersHaveARate(@TempDir Path folder) {
    SpeedReport report = run(folder, Format.F16, new SpeedPlan(600, 2, List.of(12), 1));
    assertThat(report.decodes().getFirst().tokensPerSecond()).isPositive();
  }

  @Test
  void sequencesThatDoNotFitTheMemoryTogetherAreRefusedWithWhatTheyNeed(@TempDir Path folder) {
    TinyCheckpoint.write(folder, 5, Format.F16);
    EngineOptions tight = TWO_THREADS.withMemory(OptionalLong.of(8L << 20));
    assertThatThrownBy(() -> measure(folder, tight, new SpeedPlan(3000, 8, List.of(16), 1)))
        .isInstanceOf(InferenceException.class)
        .hasMessageMatching(
            "16 sequences of 3008 tokens need \\d+ MiB of keys and values, the memory given leaves"
                + " \\d+ MiB; give more --memory, at least \\d+M");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1|8|1|1|a prompt's tokens must be at least 2, not 1",
        "8|0|1|1|tokens to generate must be at least 2, not 0",
        "8|8|0|1|a batch's sequences must be at least 1, not 0",
        "8|8|1|0|rounds must be at least 1, not 0"
      })
  void aPlanWithoutAnythingToMeasureIsRefused(
      int prompt, int generate, int batch, int rounds, String message) {
    assertThatThrownBy(() -> new SpeedPlan(prompt, generate, List.of(batch), rounds))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }
}
