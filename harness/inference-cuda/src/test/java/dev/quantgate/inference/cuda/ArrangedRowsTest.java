package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.Slice;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Activations that the kernel before a product by warpgroups arranges as it writes them. */
class ArrangedRowsTest {
  private static final int LAYERS = 2;

  private static ModelConfig config(int inner) {
    return TinyConfig.llama(200, 256, inner, LAYERS, 4, 2, 64, 512);
  }

  /** One token more of so many texts, whose logits are kept. */
  private static List<Slice> decoded(int texts, List<float[]> logits) {
    var random = new SplittableRandom(9);
    var slices = new ArrayList<Slice>();
    for (int i = 0; i < texts; i++) {
      slices.add(
          new Slice(
              new int[] {i},
              random.ints(1, 0, 200).toArray(),
              0,
              1,
              List.of(new Ask.WholeRow(0, (row, at, argmax) -> logits.add(row.clone())))));
    }
    return slices;
  }

  private static CudaExecutor executor(DeviceSession session, WeightFormat format, int inner) {
    return new DeviceBenchmark(session).generated(config(inner), format, 80, 64, true);
  }

  /** Rows by w64, and by w128 also for the head; the third step replays a graph. */
  @ParameterizedTest
  @CsvSource({"I4G64,40", "I4G128,64", "F16,72", "BF16,80", "I4G32,70"})
  void aStepHasTheSameBitsWhetherItsProductsAreByWarpgroupsOrNot(WeightFormat format, int rows) {
    try (DeviceSession session = StandIn.session();
        CudaExecutor executor = executor(session, format, 384)) {
      var plain = new ArrayList<float[]>();
      executor.byWarpgroups(false);
      executor.step(decoded(rows, plain));
      executor.byWarpgroups(true);
      for (int step = 0; step < 3; step++) {
        var arranged = new ArrayList<float[]>();
        executor.step(decoded(rows, arranged));
        assertThat(arranged).hasSize(rows);
        assertThat(arranged.toArray(float[][]::new))
            .as("step %d", step)
            .isDeepEqualTo(plain.toArray(float[][]::new));
      }
    }
  }

  @Test
  void aStepOfThe34BShapesKindHasNineLaunchesALayerAndArrangesNothingByItself() {
    try (DeviceSession session = StandIn.session()) {
      // Norm, q|k|v, rotary, attention, its merge, o, norm, gate|up, down.
      assertThat(launches(session, 384, 40)).isEqualTo(9 * LAYERS + 4);
      assertThat(launches(session, 384, 80)).isEqualTo(9 * LAYERS + 4);
      // Columns of padding would have to be kept zero: they are arranged apart.
      assertThat(launches(session, 320, 40)).isEqualTo(10 * LAYERS + 4);
    }
  }

  /**
   * Of the second step, which is recorded, and the third, which launches a graph and nothing else.
   */
  private static long launches(DeviceSession session, int inner, int rows) {
    try (CudaExecutor executor = executor(session, WeightFormat.I4G64, inner)) {
      executor.step(decoded(rows, new ArrayList<>()));
      long before = StandIn.launches();
      executor.step(decoded(rows, new ArrayList<>()));
      long recorded = StandIn.launches() - before;
      executor.step(decoded(rows, new ArrayList<>()));
      assertThat(StandIn.launches() - before).isEqualTo(recorded);
      return recorded;
    }
  }

  @Test
  void onlyAsManyRowsAsWarpgroupsServeAreArrangedAndNoneWhoseInputsHaveAnOrderOfTheirOwn() {
    try (DeviceSession session = StandIn.session();
        CudaExecutor executor = executor(session, WeightFormat.I4G64, 384);
        var owned = new Owned()) {
      Product product = executor.forward().product();
      var data = owned.add(new DeviceMemory(session.context(), 256));
      var plain = new PackedMatrix(WeightFormat.I4G64, data, 256, 256, null, null);
      var ordered = new PackedMatrix(WeightFormat.I4G64, data, 256, 256, null, data);
      var odd = new PackedMatrix(WeightFormat.I4G64, data, 320, 256, null, null);
      assertThat(product.wantsArranged(plain, 32)).isFalse();
      assertThat(product.wantsArranged(plain, 33)).isTrue();
      assertThat(product.wantsArranged(ordered, 33)).isFalse();
      assertThat(product.wantsArranged(odd, 33)).isFalse();
      executor.byWarpgroups(false);
      assertThat(product.wantsArranged(plain, 33)).isFalse();
    }
  }
}
