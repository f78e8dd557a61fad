package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.cpu.CpuEngineProvider;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The quantiser's walk on the stand-in, beside the CPU's. */
class CudaBlockwiseModelTest {
  private static final double TOLERANCE = 2e-2;
  private static final List<List<Integer>> SEQUENCES =
      List.of(
          IntStream.range(0, 70).mapToObj(i -> i * 7 % 256).toList(),
          IntStream.range(0, 5).mapToObj(i -> 3 + i).toList(),
          List.of(9));

  @TempDir Path folder;

  @BeforeAll
  static void useTheStandIn() {
    StandIn.use();
  }

  @Test
  void everyStageIsGivenWhatItIsGivenOnTheCpuAlsoBehindReplacedWeights() {
    for (TinyCheckpoint.Format format :
        List.of(TinyCheckpoint.Format.F16, TinyCheckpoint.Format.GPTQ_SYMMETRIC)) {
      Path model = TinyCheckpoint.write(folder.resolve(format.name()), 4, format);
      try (BlockwiseModel device = onDevice(model);
          BlockwiseModel cpu =
              new CpuEngineProvider().openBlockwise(model, EngineOptions.defaults())) {
        List<float[]> hidden = SEQUENCES.stream().map(cpu::embed).toList();
        for (int i = 0; i < hidden.size(); i++) {
          assertThat(device.embed(SEQUENCES.get(i))).isEqualTo(hidden.get(i));
        }
        assertThat(device.blocks()).isEqualTo(cpu.blocks());
        for (int block = 0; block < cpu.blocks(); block++) {
          List<List<String>> stages = cpu.linearStages(block);
          assertThat(device.linearStages(block)).isEqualTo(stages);
          for (int stage = 0; stage < stages.size(); stage++) {
            List<float[]> expected = inputs(cpu, block, hidden, stage);
            List<float[]> found = inputs(device, block, hidden, stage);
            for (int i = 0; i < expected.size(); i++) {
              assertNear(found.get(i), expected.get(i));
            }
            for (String linear : stages.get(stage)) {
              assertThat(device.weight(linear).values()).isEqualTo(cpu.weight(linear).values());
              Matrix replaced = halved(cpu.weight(linear));
              cpu.replace(linear, replaced);
              device.replace(linear, replaced);
              assertThat(device.weight(linear).values()).isEqualTo(replaced.values());
            }
          }
          List<float[]> next = cpu.run(block, hidden);
          List<float[]> found = device.run(block, hidden);
          for (int i = 0; i < next.size(); i++) {
            assertNear(found.get(i), next.get(i));
          }
          hidden = next;
          cpu.release(block);
          device.release(block);
        }
        assertNear(
            device.logits(hidden.getFirst()).values(), cpu.logits(hidden.getFirst()).values());
      }
    }
  }

  @Test
  void tooLittleMemoryIsRefusedBeforeAnythingIsTakenSayingHowMuchWouldDo() {
    Path model = TinyCheckpoint.write(folder.resolve("m"), 4, TinyCheckpoint.Format.F16);
    EngineOptions tight =
        EngineOptions.defaults()
            .withDevice(new EngineOptions.Device(OptionalInt.empty(), OptionalLong.of(1L << 20)));
    assertThatThrownBy(() -> new CudaEngineProvider().openBlockwise(model, tight))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("the limit is 1 MiB; give more with --gpu-memory");
  }

  private static BlockwiseModel onDevice(Path model) {
    return new CudaEngineProvider().openBlockwise(model, EngineOptions.defaults());
  }

  private static List<float[]> inputs(
      BlockwiseModel model, int block, List<float[]> hidden, int stage) {
    List<float[]> seen = new ArrayList<>();
    model.observe(block, hidden, stage, (sequence, rows) -> seen.add(rows.values().clone()));
    return seen;
  }

  private static void assertNear(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double power = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      power += (double) expected[i] * expected[i];
      worst = Math.max(worst, Math.abs(found[i] - expected[i]));
    }
    assertThat(worst).isLessThan(TOLERANCE * Math.sqrt(power / expected.length) + 1e-6);
  }

  private static Matrix halved(Matrix weight) {
    float[] values = weight.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.float16ToFloat(Float.floatToFloat16(values[i] / 2 + (i % 3) * 0.001f));
    }
    return new Matrix(weight.rows(), weight.columns(), values);
  }
}
