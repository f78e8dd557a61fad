package dev.quantgate.inference.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Dequantizer;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.fixture.RandomCheckpoint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Products that widen weights in registers, beside those of widened rows one at a time. */
class FewRowsTest {

  /** Multiplies every number of rows and counts how many of them the format has a kernel for. */
  private static int compare(Weights weights, SplittableRandom random) {
    int n = weights.outputs();
    int k = weights.columns();
    int ldx = k + Lanes.PADDING;
    float[] x = new float[Weights.FEW * ldx];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextDouble(-2, 2);
    }
    if (weights.slots() == null) {
      for (int m = 0; m < Weights.FEW; m++) {
        Arrays.fill(x, m * ldx + weights.inputs(), m * ldx + k, 0);
      }
    }
    float[] panel = new float[n * k];
    weights.unpack(0, n, panel);
    float[] lanes = new float[PanelKernel.SCRATCH];
    int computed = 0;
    for (int rows = 1; rows <= Weights.FEW; rows++) {
      int ldy = n + 3;
      float[] y = new float[rows * ldy];
      if (!weights.multiply(0, n, x, 0, ldx, rows, y, 0, ldy, lanes)) {
        continue;
      }
      computed++;
      for (int m = 0; m < rows; m++) {
        for (int j = 0; j < n; j++) {
          float expected = PanelKernel.dot(x, m * ldx, panel, j * k, k, lanes);
          if (y[m * ldy + j] != expected) {
            fail("row %d of %d, output %d of %d: %s", m, rows, j, n, y[m * ldy + j]);
          }
          double plain = 0;
          for (int c = 0; c < k; c++) {
            plain += (double) x[m * ldx + c] * panel[j * k + c];
          }
          if (!(Math.abs(expected - plain) < 1e-4 * (1 + Math.abs(plain)))) {
            fail("row %d, output %d: expected %s, found %s", m, j, plain, expected);
          }
        }
      }
    }
    return computed;
  }

  @Test
  void anyNumberOfRowsHasTheBitsOfOneRowOfWidenedWeights() {
    var random = new SplittableRandom(21);
    int kernels = 0;
    try (Arena arena = Arena.ofConfined()) {
      for (DType dtype : new DType[] {DType.F16, DType.BF16}) {
        for (int outputs : new int[] {1, 3, 7, 96, 101}) {
          for (int inputs : new int[] {32, 96, 100}) {
            // An odd address, as a mapped file may have.
            MemorySegment data = arena.allocate(2L * outputs * inputs + 2).asSlice(2);
            for (long i = 0; i < (long) outputs * inputs; i++) {
              float value = (float) random.nextDouble(-1, 1);
              // Some subnormal halves.
              value = random.nextInt(10) == 0 ? value * 0x1p-15f : value;
              int bits =
                  dtype == DType.F16
                      ? Float.floatToFloat16(value)
                      : Float.floatToRawIntBits(value) >> 16;
              data.set(Widening.SHORT, 2 * i, (short) bits);
            }
            var tensor = new Tensor("w", dtype, new long[] {outputs, inputs}, data);
            kernels += compare(new Weights.Dense(tensor, outputs, inputs, null), random);
          }
        }
      }
    }
    // Where rows are whole vectors, for every number of rows that there is a kernel for.
    assertThat(kernels).isGreaterThanOrEqualTo(2 * 5 * 2 * Weights.Dense.MOST);
  }

  @Test
  void unpackedCodesHaveTheBitsOfTheirDefinition() {
    int layers = 0;
    for (RandomCheckpoint.Shape shape : RandomCheckpoint.shapes()) {
      try (var checkpoint = new RandomCheckpoint(shape, 24);
          Arena arena = Arena.ofShared();
          var team = new SpinTeam(1)) {
        Checkpoint.Block block = checkpoint.blocks().getFirst();
        for (Linear linear : List.of(block.query(), block.gate(), block.down())) {
          if (linear instanceof Linear.Gptq gptq) {
            assertDefined(gptq, new GptqWeights(gptq, arena, team), shape.name());
            // And with values that are subnormal halves, or infinite, and negative scales.
            for (float factor : new float[] {0x1p-16f, 0x1p18f, -1}) {
              Linear.Gptq other = scaled(gptq, arena, factor);
              assertDefined(other, new GptqWeights(other, arena, team), shape.name());
            }
            layers++;
          }
        }
      }
    }
    assertThat(layers).isGreaterThan(9);
  }

  private static Linear.Gptq scaled(Linear.Gptq linear, Arena arena, float factor) {
    Tensor scales = linear.scales();
    MemorySegment data = arena.allocate(2 * scales.elements());
    for (long i = 0; i < scales.elements(); i++) {
      short bits = scales.data().get(Widening.SHORT, 2 * i);
      boolean half = scales.dtype() == DType.F16;
      float scale = half ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
      float other = Math.clamp(scale * factor, -65504, 65504);
      int scaled = half ? Float.floatToFloat16(other) : Float.floatToRawIntBits(other) >> 16;
      data.set(Widening.SHORT, 2 * i, (short) scaled);
    }
    return new Linear.Gptq(
        linear.name(),
        linear.bits(),
        linear.groupSize(),
        linear.inputs(),
        linear.outputs(),
        linear.qweight(),
        linear.qzeros(),
        linear.zeroPoints(),
        new Tensor(scales.name(), scales.dtype(), scales.shape(), data),
        linear.groupIndex(),
        linear.bias());
  }

  private static void assertDefined(Linear.Gptq linear, GptqWeights weights, String shape) {
    short[] halves = Dequantizer.halves(linear);
    float[] panel = new float[weights.columns()];
    int[] slots = weights.slots();
    int inputs = linear.inputs();
    for (int row = 0; row < linear.outputs(); row++) {
      weights.unpack(row, 1, panel);
      int found = 0;
      for (int c = 0; c < panel.length; c++) {
        int input = slots == null ? c : slots[c];
        if (input >= 0 && input < inputs) {
          found++;
          int expected =
              Float.floatToRawIntBits(Float.float16ToFloat(halves[row * inputs + input]));
          if (Float.floatToRawIntBits(panel[c]) != expected) {
            fail("%s: output %d, input %d is %s", shape, row, input, panel[c]);
          }
        }
      }
      assertThat(found).isEqualTo(inputs);
    }
  }

  @Test
  void everyFormatOfACheckpointHasTheBitsOfWidenedWeights() {
    var random = new SplittableRandom(22);
    Set<Class<?>> seen = new HashSet<>();
    for (RandomCheckpoint.Shape shape : RandomCheckpoint.shapes()) {
      try (var checkpoint = new RandomCheckpoint(shape, 23);
          var team = new SpinTeam(1);
          var model = new LoadedModel(checkpoint, team)) {
        for (Weights weights : model.blocks().getFirst().linears()) {
          if (compare(weights, random) > 0) {
            seen.add(weights.getClass());
          }
        }
      }
    }
    assertThat(seen).contains(Weights.Dense.class, GptqWeights.class);
  }
}
