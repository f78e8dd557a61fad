package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer's weights as the kernels read them: rows of one output each, in the form they are
 * stored in, widened to float32 a panel of rows at a time.
 *
 * <p>A panel's row has {@link #columns()} floats. Column c is multiplied with the activation at
 * {@link #slots()}{@code [c]}, or with activation c where there are no slots; columns that stand
 * for no input meet a zero activation.
 */
sealed interface Weights permits Weights.Dense, GptqWeights {
  int outputs();

  int inputs();

  /** The length of a widened row, a multiple of the vector's lanes. */
  int columns();

  /**
   * For each column the input it belongs to, -1 for none; null where column c belongs to input c.
   */
  int @Nullable [] slots();

  /** {@code [outputs]}, or null. */
  float @Nullable [] bias();

  /** Widens {@code rows} rows from {@code row} on into {@code panel}, one after the other. */
  void unpack(int row, int rows, float[] panel);

  /**
   * One row of activations times {@code n} weight rows, widened in registers on their way from
   * memory: the same sums in the same order as widening into a panel first.
   *
   * @param x activations in the order of the columns, from {@code x0} on
   * @param y outputs, from {@code y0} on
   * @param lanes scratch of {@link Product#SCRATCH} floats
   * @return false if this format is better widened into a panel; nothing is done then
   */
  boolean multiplyOne(int row, int n, float[] x, int x0, float[] y, int y0, float[] lanes);

  /**
   * The same for 2 to {@link #FEW} rows.
   *
   * @param x activations, row m from byte {@code 4 * m * columns()} on, at an address that is a
   *     multiple of a cache line: at these numbers loads are what costs, and one that straddles a
   *     line costs two
   * @param y outputs, row m from {@code y0 + m * ldy} on
   */
  boolean multiplyFew(
      int row, int n, MemorySegment x, int rows, float[] y, int y0, int ldy, float[] lanes);

  /** The most rows that {@link #multiplyFew} takes. */
  int FEW = 8;

  /** Bytes that the kernels read for one product. */
  long residentBytes();

  /** Floating-point weights, used where they are mapped. */
  final class Dense implements Weights {
    private final MemorySegment data;
    private final Tensor.DType dtype;
    private final int outputs;
    private final int inputs;
    private final int columns;
    private final float @Nullable [] bias;

    Dense(Linear.Dense linear) {
      this(
          linear.weight(),
          linear.outputs(),
          linear.inputs(),
          linear.bias().map(Widen::vector).orElse(null));
    }

    Dense(Tensor weight, int outputs, int inputs, float @Nullable [] bias) {
      if (weight.dtype() == Tensor.DType.I32) {
        throw new IllegalArgumentException(weight.name() + " holds integers, not weights");
      }
      this.data = weight.data();
      this.dtype = weight.dtype();
      this.outputs = outputs;
      this.inputs = inputs;
      this.columns = Lanes.pad(inputs);
      this.bias = bias;
    }

    @Override
    public int outputs() {
      return outputs;
    }

    @Override
    public int inputs() {
      return inputs;
    }

    @Override
    public int columns() {
      return columns;
    }

    @Override
    public int @Nullable [] slots() {
      return null;
    }

    @Override
    public float @Nullable [] bias() {
      return bias;
    }

    @Override
    public void unpack(int row, int rows, float[] panel) {
      long bytes = (long) inputs * dtype.bytes();
      for (int r = 0; r < rows; r++) {
        widen((row + r) * bytes, panel, r * columns, inputs);
        Arrays.fill(panel, r * columns + inputs, (r + 1) * columns, 0f);
      }
    }

    private void widen(long at, float[] to, int offset, int n) {
      switch (dtype) {
        case F16 -> Widen.f16(data, at, to, offset, n);
        case BF16 -> Widen.bf16(data, at, to, offset, n);
        case F32 -> Widen.f32(data, at, to, offset, n);
        case I32 -> throw new AssertionError();
      }
    }

    @Override
    public boolean multiplyOne(
        int row, int n, float[] x, int x0, float[] y, int y0, float[] lanes) {
      if (!inRegisters()) {
        return false;
      }
      for (int j = 0; j < n; j++) {
        long at = 2L * inputs * (row + j);
        if (dtype == Tensor.DType.F16) {
          Narrow.f16(data, at, inputs, x, x0, lanes);
        } else {
          Narrow.bf16(data, at, inputs, x, x0, lanes);
        }
        y[y0 + j] = Lanes.tree(lanes, 0);
      }
      return true;
    }

    /** Whether rows have 16-bit elements and no tail that is shorter than a vector. */
    private boolean inRegisters() {
      return dtype != Tensor.DType.F32 && inputs % Lanes.COUNT == 0;
    }

    @Override
    public boolean multiplyFew(
        int row, int n, MemorySegment x, int rows, float[] y, int y0, int ldy, float[] lanes) {
      if (!inRegisters()) {
        return false;
      }
      // One weight row after the other: rows read side by side defeat the prefetcher.
      for (int j = 0; j < n; j++) {
        long at = 2L * inputs * (row + j);
        for (int m = 0; m < rows; m += 8) {
          int some = Math.min(8, rows - m);
          sums(at, x, 4L * m * columns, some, lanes);
          for (int i = 0; i < some; i++) {
            y[y0 + (m + i) * ldy + j] = Lanes.tree(lanes, i * Lanes.COUNT);
          }
        }
      }
      return true;
    }

    private void sums(long at, MemorySegment x, long x0, int rows, float[] lanes) {
      long ld = 4L * columns;
      if (rows <= 4) {
        if (dtype == Tensor.DType.F16) {
          Narrow.f16Four(data, at, inputs, x, x0, ld, rows - 1, lanes);
        } else {
          Narrow.bf16Four(data, at, inputs, x, x0, ld, rows - 1, lanes);
        }
      } else if (dtype == Tensor.DType.F16) {
        Narrow.f16Eight(data, at, inputs, x, x0, ld, rows - 1, lanes);
      } else {
        Narrow.bf16Eight(data, at, inputs, x, x0, ld, rows - 1, lanes);
      }
    }

    @Override
    public long residentBytes() {
      return (long) outputs * inputs * dtype.bytes();
    }
  }
}
