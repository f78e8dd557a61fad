package dev.quantgate.quantization.solve;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * GPTQ's inner loop over the inputs of a group, for a strip of {@link MicroKernel#WIDTH} output
 * channels that lie side by side in the lanes: channels don't know each other, so each lane
 * computes what the scalar algorithm would, bit by bit.
 */
final class ColumnLoop {
  private static final int LANES = MicroKernel.LANES;
  private static final int WIDTH = MicroKernel.WIDTH;

  /** 1.5 * 2^23: added and taken away again, it rounds to a whole number, half to even. */
  private static final float WHOLE = 0x1.8p23f;

  /**
   * 0.75: added and taken away again, it rounds to a multiple of 2^-24, as fp16 has below 2^-14.
   */
  private static final float SMALL = 0.75f;

  private static final float SMALLEST_NORMAL = 0x1p-14f;

  private ColumnLoop() {}

  /**
   * Inputs of a group, a row of WIDTH each.
   *
   * @param weights from {@code at}; changed
   * @param codes get the codes from {@code codesAt}
   * @param errors get the negated errors (q - w) / U[i, i] from {@code errorsAt}
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Columns(
      float[] weights, int at, float[] codes, int codesAt, float[] errors, int errorsAt) {}

  /**
   * U for the inputs of a group.
   *
   * @param upper {@code upper[at + i * stride + j]} is U[i, j]
   * @param inverse 1 / U[i, i] from {@code inverseAt}
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Triangle(float[] upper, int at, int stride, float[] inverse, int inverseAt) {}

  /**
   * Grids.
   *
   * @param scales rows of WIDTH, and {@code zeros}; input i uses row {@code rowOf[rowAt + i]}
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Grids(float[] scales, float[] zeros, int[] rowOf, int rowAt, float maxCode) {}

  /**
   * Quantises {@code count} inputs one after another; each one's error goes into those after it.
   *
   * @param loss WIDTH sums that the squared errors are added to
   */
  static void run(int count, Columns columns, Triangle triangle, Grids grids, float[] loss) {
    float[] w = columns.weights;
    float[] codes = columns.codes;
    float[] errors = columns.errors;
    float[] band = triangle.upper;
    float[] scales = grids.scales;
    float[] zeros = grids.zeros;
    float maxCode = grids.maxCode;
    FloatVector loss0 = FloatVector.fromArray(MicroKernel.SPECIES, loss, 0);
    FloatVector loss1 = FloatVector.fromArray(MicroKernel.SPECIES, loss, LANES);
    FloatVector loss2 = FloatVector.fromArray(MicroKernel.SPECIES, loss, 2 * LANES);
    for (int i = 0; i < count; i++) {
      int at = columns.at + i * WIDTH;
      int grid = grids.rowOf[grids.rowAt + i] * WIDTH;
      int code = columns.codesAt + i * WIDTH;
      float factor = triangle.inverse[triangle.inverseAt + i];
      FloatVector e0 = put(w, at, scales, zeros, grid, maxCode, codes, code).mul(factor);
      FloatVector e1 =
          put(w, at + LANES, scales, zeros, grid + LANES, maxCode, codes, code + LANES).mul(factor);
      FloatVector e2 =
          put(w, at + 2 * LANES, scales, zeros, grid + 2 * LANES, maxCode, codes, code + 2 * LANES)
              .mul(factor);
      int error = columns.errorsAt + i * WIDTH;
      e0.intoArray(errors, error);
      e1.intoArray(errors, error + LANES);
      e2.intoArray(errors, error + 2 * LANES);
      loss0 = e0.fma(e0, loss0);
      loss1 = e1.fma(e1, loss1);
      loss2 = e2.fma(e2, loss2);
      int u = triangle.at + i * triangle.stride;
      for (int j = i + 1; j < count; j++) {
        at += WIDTH;
        FloatVector share = FloatVector.broadcast(MicroKernel.SPECIES, band[u + j]);
        e0.fma(share, FloatVector.fromArray(MicroKernel.SPECIES, w, at)).intoArray(w, at);
        e1.fma(share, FloatVector.fromArray(MicroKernel.SPECIES, w, at + LANES))
            .intoArray(w, at + LANES);
        e2.fma(share, FloatVector.fromArray(MicroKernel.SPECIES, w, at + 2 * LANES))
            .intoArray(w, at + 2 * LANES);
      }
    }
    loss0.intoArray(loss, 0);
    loss1.intoArray(loss, LANES);
    loss2.intoArray(loss, 2 * LANES);
  }

  /**
   * Puts one vector of weights on the grid: stores the codes and gives what was added to the
   * weights.
   */
  private static FloatVector put(
      float[] w,
      int at,
      float[] scales,
      float[] zeros,
      int grid,
      float maxCode,
      float[] codes,
      int code) {
    FloatVector weight = FloatVector.fromArray(MicroKernel.SPECIES, w, at);
    FloatVector scale = FloatVector.fromArray(MicroKernel.SPECIES, scales, grid);
    FloatVector zero = FloatVector.fromArray(MicroKernel.SPECIES, zeros, grid);
    FloatVector chosen = weight.div(scale).add(WHOLE).sub(WHOLE).add(zero).max(0f).min(maxCode);
    chosen.intoArray(codes, code);
    return half(scale.mul(chosen.sub(zero))).sub(weight);
  }

  /**
   * Adds, for the first of some grids, the weighted squared errors of plain rounding to {@code
   * loss}.
   */
  static void weigh(
      float[] w, int wAt, int count, float[] weights, int weightsAt, Grids grid, float[] loss) {
    float maxCode = grid.maxCode;
    for (int v = 0; v < WIDTH; v += LANES) {
      FloatVector scale = FloatVector.fromArray(MicroKernel.SPECIES, grid.scales, v);
      FloatVector zero = FloatVector.fromArray(MicroKernel.SPECIES, grid.zeros, v);
      FloatVector sum = FloatVector.fromArray(MicroKernel.SPECIES, loss, v);
      for (int i = 0; i < count; i++) {
        FloatVector weight = FloatVector.fromArray(MicroKernel.SPECIES, w, wAt + i * WIDTH + v);
        FloatVector code = weight.div(scale).add(WHOLE).sub(WHOLE).add(zero).max(0f).min(maxCode);
        FloatVector error = half(scale.mul(code.sub(zero))).sub(weight);
        sum = error.mul(error).mul(weights[weightsAt + i]).add(sum);
      }
      sum.intoArray(loss, v);
    }
  }

  /** The nearest fp16 values, ties to even. */
  static FloatVector half(FloatVector x) {
    IntVector bits = x.viewAsIntegralLanes();
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 13).lanewise(VectorOperators.AND, 1);
    FloatVector normal =
        bits.add(0xfff).add(odd).lanewise(VectorOperators.AND, ~0x1fff).viewAsFloatingLanes();
    return normal.blend(
        x.add(SMALL).sub(SMALL), x.abs().compare(VectorOperators.LT, SMALLEST_NORMAL));
  }
}
