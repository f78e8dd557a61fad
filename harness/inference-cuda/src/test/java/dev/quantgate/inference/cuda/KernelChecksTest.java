package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.cuda.driver.Device;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelChecksTest {

  @Test
  void everyProductKernelEqualsTheFloat64ReferenceAndTheOthersBitForBit() {
    try (DeviceSession session = StandIn.session()) {
      var checks = new KernelChecks(session);
      for (Linear linear : KernelChecks.matrices(1)) {
        for (int rows : new int[] {1, 17}) {
          KernelChecks.Finding found = checks.product(linear, rows);
          assertThat(found.good()).as("%s, error %s", found.name(), found.error()).isTrue();
        }
      }
      assertThat(session.context().allocatedBytes()).as("left on the device").isZero();
    }
  }

  /** Shapes drawn by seed: outputs that end in the middle of a tile, up to 64 rows. */
  @ParameterizedTest
  @CsvSource({"32,false,1", "64,false,2", "128,false,3", "-1,false,4", "64,true,5", "32,true,6"})
  void theThinAndTheNarrowKernelGiveARowItsBitsInAnyBatch(int group, boolean actOrder, long seed) {
    var random = new SplittableRandom(seed);
    try (DeviceSession session = StandIn.session()) {
      var checks = new KernelChecks(session);
      StandIn.order(seed);
      for (int rows : new int[] {1, 2 + random.nextInt(7), 9 + random.nextInt(54), 64}) {
        int inputs =
            group > 0 ? group * (1 + random.nextInt(512 / group)) : 32 * (1 + random.nextInt(12));
        int outputs = 8 * (1 + random.nextInt(20));
        Linear linear = GptqMatrix.gptq(seed + rows, inputs, outputs, group, actOrder);
        for (String size : List.of("r8n32_thin_bulk", "w64n128")) {
          KernelChecks.Finding found = checks.rowsAlone(linear, rows, size);
          assertThat(found.good()).as(found.name()).isTrue();
        }
      }
    } finally {
      StandIn.order(0);
    }
  }

  @Test
  void everyKernelThatTheEngineCanChooseIsOneThatIsChecked() {
    try (DeviceSession session = StandIn.session()) {
      var checks = new KernelChecks(session);
      var nothing = new Owned();
      DeviceMemory none = nothing.add(new DeviceMemory(session.context(), 256));
      Device has = session.device();
      for (int[] capability : new int[][] {{8, 0}, {8, 6}, {9, 0}, {10, 0}}) {
        var device =
            new Device(
                0,
                0,
                "any",
                capability[0],
                capability[1],
                132,
                has.sharedBytes(),
                has.cacheBytes(),
                has.memoryBytes());
        var product =
            new Product(
                session.kernels(),
                session.stream(),
                device,
                new Product.Scratch(none, none, none, none));
        for (WeightFormat format : WeightFormat.values()) {
          var chosen = new TreeSet<String>();
          for (int outputs = 16; outputs < 50_000; outputs += 112) {
            for (int rows = 1; rows <= 80; rows++) {
              chosen.add(product.size(format, outputs, rows));
            }
            chosen.add(product.size(format, outputs, 2048));
          }
          assertThat(chosen).as("%s", format).hasSizeGreaterThan(3);
          assertThat(checks.sizes(format)).as("%s", format).containsAll(chosen);
        }
      }
      nothing.close();
    }
  }

  @Test
  void theYardstickMultipliesRightThoughWithBitsOfItsOwn() {
    try (DeviceSession session = StandIn.session()) {
      var found = new KernelChecks(session).yardstick(GptqMatrix.dense(8, 328, 208, DType.F16), 21);
      assertThat(found.good()).as("%s, error %s", found.name(), found.error()).isTrue();
    }
  }

  /** Of both kinds, and of the candidates: a step's rows are arranged by what makes them. */
  @Test
  void whatAProductReadsASecondIsMeasuredByItsOwnLaunchesAlone() {
    try (DeviceSession session = StandIn.session()) {
      var benchmark = new DeviceBenchmark(session);
      var launches = new TreeSet<Long>();
      for (String size : List.of("r8n32_bulk", "w64n128", "w64n256_steps")) {
        long before = StandIn.launches();
        assertThat(benchmark.productBandwidth(WeightFormat.I4G64, size, 33, 128, 144))
            .as(size)
            .isPositive();
        launches.add(StandIn.launches() - before);
      }
      assertThat(launches).hasSize(1);
      assertThat(session.context().allocatedBytes()).as("left on the device").isZero();
    }
  }

  @Test
  void aZeroPointOffByOneAndPermutedNibblesAreNoticed() {
    try (DeviceSession session = StandIn.session()) {
      var checks = new KernelChecks(session);
      Linear.Gptq right = GptqMatrix.gptq(3, 640, 320, 64, false);
      assertThat(checks.control("zero", right, GptqMatrix.zeroOffByOne(right), 2).good()).isTrue();
      assertThat(checks.control("nibbles", right, GptqMatrix.nibblesReversed(right), 2).good())
          .isTrue();
    }
  }

  @Test
  void aRowHasTheSameBitsInABatchOfAnySizeAndHoweverItsTextIsCutAndIsReadAsItIs() {
    ModelConfig config = small(1024, OptionalInt.empty());
    try (DeviceSession session = StandIn.session()) {
      for (WeightFormat format : List.of(WeightFormat.I4G64, WeightFormat.BF16)) {
        try (CudaExecutor executor =
            new DeviceBenchmark(session).generated(config, format, 70, 128, true)) {
          KernelChecks.Finding read =
              new KernelChecks(session).readout(format.suffix(), executor, config);
          assertThat(read.good()).as("%s, error %s", read.name(), read.error()).isTrue();
          for (boolean byWarpgroups : new boolean[] {false, true}) {
            executor.byWarpgroups(byWarpgroups);
            KernelChecks.Finding found =
                new KernelChecks(session)
                    .invariance(
                        format.suffix(), executor, config, new int[] {1, 2, 8, 9, 17, 33, 66});
            assertThat(found.good()).as(found.name()).isTrue();
          }
        }
      }
      assertThat(session.context().allocatedBytes()).as("left on the device").isZero();
    }
  }

  /** Some minutes: {@code -Dquantgate.cuda.long=true}. */
  @Test
  void aRowBehindThousandsOfTokensHasTheSameBitsHoweverItsTextIsCut() {
    assumeTrue(
        Boolean.getBoolean("quantgate.cuda.long"),
        "quantgate.cuda.long is not set: contexts of thousands are not computed");
    try (DeviceSession session = StandIn.session()) {
      for (OptionalInt window : List.of(OptionalInt.empty(), OptionalInt.of(1000))) {
        ModelConfig config = small(4096, window);
        try (CudaExecutor executor =
            new DeviceBenchmark(session).generated(config, WeightFormat.I4G64, 4, 3072, true)) {
          KernelChecks.Finding found =
              new KernelChecks(session)
                  .invariance("long", executor, config, new int[] {1, 3}, 2500);
          assertThat(found.good()).as(found.name()).isTrue();
        }
      }
    }
  }

  private static ModelConfig small(int context, OptionalInt window) {
    return TinyConfig.withWindow(TinyConfig.llama(200, 128, 192, 1, 4, 2, 32, context), window);
  }
}
