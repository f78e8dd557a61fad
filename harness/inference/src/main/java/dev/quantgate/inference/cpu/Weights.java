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
   * Up to {@link #FEW} rows of activations times {@code n} weight rows, widened in registers on
   * their way from memory: the same sums in the same order as widening into a panel first.
   *
   * @param x activations in the order of the columns, row m from {@code x0 + m * ldx} on
   * @param y outputs, row m from {@code y0 + m * ldy} on
   * @param lanes scratch of {@link PanelKernel#SCRATCH} floats
   * @return false if this format is better widened into a panel; nothing is done then
   */
  boolean multiply(
      int row,
      int n,
      float[] x,
      int x0,
      int ldx,
      int rows,
      float[] y,
      int y0,
      int ldy,
      float[] lanes);

  /** The most rows that {@link #multiply} takes: twice what the largest tile does at a time. */
  int FEW = 16;

  /** Bytes that the kernels read for one product. */
  long residentBytes();

  /** Floating-point weights, used where they are mapped. */
  final class Dense implements Weights {
    /** Activation rows of the largest tile whose sums fit the registers there are. */
    private static final int AT_ONCE = Lanes.COUNT == 16 ? 8 : 2;

    /**
     * The most rows that are worth widening weights in registers for: with half the registers, more
     * than one tile of rows would widen each weight again, and a panel is faster.
     */
    static final int MOST = Lanes.COUNT == 16 ? FEW : AT_ONCE;

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
          linear.bias().map(Widening::vector).orElse(null));
    }

    Dense(Tensor weight, int outputs, int inputs, float @Nullable [] bias) {
      if (weight.dtype() == Tensor.DType.I32) {
        throw new IllegalArgumentException(
            "%s holds integers, not weights".formatted(weight.name()));
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
        case F16 -> Widening.f16(data, at, to, offset, n);
        case BF16 -> Widening.bf16(data, at, to, offset, n);
        case F32 -> Widening.f32(data, at, to, offset, n);
        case I32 -> throw new AssertionError();
      }
    }

    /** Whether rows have 16-bit elements and no tail that is shorter than a vector. */
    private boolean inRegisters() {
      return dtype != Tensor.DType.F32 && inputs % Lanes.COUNT == 0;
    }

    @Override
    public boolean multiply(
        int row,
        int n,
        float[] x,
        int x0,
        int ldx,
        int rows,
        float[] y,
        int y0,
        int ldy,
        float[] lanes) {
      if (rows > MOST || !inRegisters()) {
        return false;
      }
      for (int m = 0; m < rows; m += AT_ONCE) {
        int some = Math.min(AT_ONCE, rows - m);
        multiplySome(row, n, x, x0 + m * ldx, ldx, some, y, y0 + m * ldy, ldy, lanes);
      }
      return true;
    }

    /**
     * Tiles of far weight rows ({@link HalfDotKernel}), then, one by one, the rows that fill no
     * tile.
     */
    private void multiplySome(
        int row,
        int n,
        float[] x,
        int x0,
        int ldx,
        int rows,
        float[] y,
        int y0,
        int ldy,
        float[] lanes) {
      boolean brain = dtype == Tensor.DType.BF16;
      int last = rows - 1;
      int high = rows == 1 ? 6 : rows <= 4 ? 4 : 3;
      int wide = rows <= 2 ? rows : rows <= 4 ? 4 : 8;
      int stream = n / high;
      long bytes = 2L * inputs;
      long step = stream * bytes;
      for (int j = 0; j < stream; j++) {
        long at = bytes * (row + j);
        switch (wide) {
          case 1 -> HalfDotKernel.tile6x1(data, at, step, inputs, brain, x, x0, lanes);
          case 2 -> HalfDotKernel.tile4x2(data, at, step, inputs, brain, x, x0, ldx, last, lanes);
          case 4 -> HalfDotKernel.tile4x4(data, at, step, inputs, brain, x, x0, ldx, last, lanes);
          default -> HalfDotKernel.tile3x8(data, at, step, inputs, brain, x, x0, ldx, last, lanes);
        }
        Lanes.sums(lanes, high * wide);
        for (int i = 0; i < high; i++) {
          for (int m = 0; m < rows; m++) {
            y[y0 + m * ldy + i * stream + j] = lanes[(i * wide + m) * Lanes.SUM_STRIDE];
          }
        }
      }
      for (int j = high * stream; j < n; j++) {
        long at = bytes * (row + j);
        if (rows == 1) {
          HalfDotKernel.row1(data, at, inputs, brain, x, x0, lanes);
        } else {
          HalfDotKernel.row8(data, at, inputs, brain, x, x0, ldx, last, lanes);
        }
        for (int m = 0; m < rows; m++) {
          y[y0 + m * ldy + j] = Lanes.tree(lanes, m * Lanes.COUNT);
        }
      }
    }

    @Override
    public long residentBytes() {
      return (long) outputs * inputs * dtype.bytes();
    }
  }
}
