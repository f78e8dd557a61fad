package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.ModelConfig.Rope;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

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

  @Test
  void warpgroupProductsInSlicesGiveTheBitsOfTheOthers() {
    try (DeviceSession session = StandIn.session()) {
      var checks = new KernelChecks(session);
      for (Linear linear : KernelChecks.matrices(1)) {
        KernelChecks.Finding found = checks.wide(linear, 21);
        assertThat(found.good()).as("%s, error %s", found.name(), found.error()).isTrue();
      }
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
  void aRowHasTheSameBitsInABatchOfAnySizeAndHoweverItsTextIsCut() {
    ModelConfig config = small(1024, OptionalInt.empty());
    try (DeviceSession session = StandIn.session()) {
      for (WeightFormat format : List.of(WeightFormat.I4G64, WeightFormat.BF16)) {
        try (CudaExecutor executor =
            new DeviceBenchmark(session).generated(config, format, 70, 128, true)) {
          for (boolean byWarpgroups : new boolean[] {false, true}) {
            executor.forward().product().byWarpgroups(byWarpgroups);
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
    return new ModelConfig(
        "llama",
        200,
        128,
        192,
        1,
        4,
        2,
        32,
        context,
        1e-5,
        new Rope.Default(1e4),
        false,
        false,
        window,
        OptionalInt.empty(),
        List.of());
  }
}
