package dev.quantgate.inference.cpu;

import jdk.incubator.vector.FloatVector;

/**
 * The products of some rows of activations with some widened weight rows: {@code y[m][n] = sum over
 * k of x[m][k] * w[n][k]}.
 *
 * <p>Outputs are computed in tiles of 4 x 4 (4 x 2 where vectors, and so registers, are fewer),
 * whose lane sums stay in registers: 8 loads feed 16 multiply-adds. Every output is the same
 * sequence of operations in a tile of any size ({@link Lanes}), so results are bitwise those of one
 * row at a time.
 */
final class PanelKernel {
  /** Scratch that {@link #panel} and {@link Weights#multiply} need: a vector for each sum. */
  static final int SCRATCH = 24 * Lanes.COUNT;

  private static final boolean WIDE = Lanes.COUNT == 16;

  private PanelKernel() {}

  /**
   * All outputs of {@code rows} activation rows and {@code n} weight rows.
   *
   * @param x activations, row m at {@code x0 + m * ldx}
   * @param w widened weights, row n at {@code n * k}
   * @param k columns, a multiple of {@link Lanes#COUNT}
   * @param y outputs, row m at {@code y0 + m * ldy}
   * @param lanes scratch of {@link #SCRATCH} floats
   */
  static void panel(
      float[] x,
      int x0,
      int ldx,
      int rows,
      float[] w,
      int n,
      int k,
      float[] y,
      int y0,
      int ldy,
      float[] lanes) {
    int m = 0;
    for (; m + 4 <= rows; m += 4) {
      int at = x0 + m * ldx;
      int to = y0 + m * ldy;
      int j = 0;
      for (; j + 4 <= n; j += 4) {
        if (WIDE) {
          tile4x4(x, at, ldx, w, j * k, k, lanes);
          write(lanes, y, to + j, ldy, 4);
        } else {
          tile4x2(x, at, ldx, w, j * k, k, lanes);
          write(lanes, y, to + j, ldy, 2);
          tile4x2(x, at, ldx, w, (j + 2) * k, k, lanes);
          write(lanes, y, to + j + 2, ldy, 2);
        }
      }
      for (; j < n; j++) {
        for (int i = 0; i < 4; i++) {
          y[to + i * ldy + j] = dot(x, at + i * ldx, w, j * k, k, lanes);
        }
      }
    }
    for (; m < rows; m++) {
      int j = 0;
      for (; j + 4 <= n; j += 4) {
        row1x4(x, x0 + m * ldx, w, j * k, k, lanes);
        Lanes.sums(lanes, 4);
        for (int i = 0; i < 4; i++) {
          y[y0 + m * ldy + j + i] = lanes[i * Lanes.SUM_STRIDE];
        }
      }
      for (; j < n; j++) {
        y[y0 + m * ldy + j] = dot(x, x0 + m * ldx, w, j * k, k, lanes);
      }
    }
  }

  /** Adds the lanes of a tile of four rows. */
  private static void write(float[] lanes, float[] y, int y0, int ldy, int columns) {
    Lanes.sums(lanes, 4 * columns);
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < columns; j++) {
        y[y0 + i * ldy + j] = lanes[(i * columns + j) * Lanes.SUM_STRIDE];
      }
    }
  }

  private static void tile4x4(float[] x, int x0, int ldx, float[] w, int w0, int k, float[] lanes) {
    FloatVector c00 = Lanes.zero();
    FloatVector c01 = c00;
    FloatVector c02 = c00;
    FloatVector c03 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c12 = c00;
    FloatVector c13 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c22 = c00;
    FloatVector c23 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c32 = c00;
    FloatVector c33 = c00;
    int x1 = x0 + ldx;
    int x2 = x1 + ldx;
    int x3 = x2 + ldx;
    int w1 = w0 + k;
    int w2 = w1 + k;
    int w3 = w2 + k;
    for (int i = 0; i < k; i += Lanes.COUNT) {
      FloatVector a0 = Lanes.load(w, w0 + i);
      FloatVector a1 = Lanes.load(w, w1 + i);
      FloatVector a2 = Lanes.load(w, w2 + i);
      FloatVector a3 = Lanes.load(w, w3 + i);
      FloatVector v = Lanes.load(x, x0 + i);
      c00 = v.fma(a0, c00);
      c01 = v.fma(a1, c01);
      c02 = v.fma(a2, c02);
      c03 = v.fma(a3, c03);
      v = Lanes.load(x, x1 + i);
      c10 = v.fma(a0, c10);
      c11 = v.fma(a1, c11);
      c12 = v.fma(a2, c12);
      c13 = v.fma(a3, c13);
      v = Lanes.load(x, x2 + i);
      c20 = v.fma(a0, c20);
      c21 = v.fma(a1, c21);
      c22 = v.fma(a2, c22);
      c23 = v.fma(a3, c23);
      v = Lanes.load(x, x3 + i);
      c30 = v.fma(a0, c30);
      c31 = v.fma(a1, c31);
      c32 = v.fma(a2, c32);
      c33 = v.fma(a3, c33);
    }
    c00.intoArray(lanes, 0);
    c01.intoArray(lanes, Lanes.COUNT);
    c02.intoArray(lanes, 2 * Lanes.COUNT);
    c03.intoArray(lanes, 3 * Lanes.COUNT);
    c10.intoArray(lanes, 4 * Lanes.COUNT);
    c11.intoArray(lanes, 5 * Lanes.COUNT);
    c12.intoArray(lanes, 6 * Lanes.COUNT);
    c13.intoArray(lanes, 7 * Lanes.COUNT);
    c20.intoArray(lanes, 8 * Lanes.COUNT);
    c21.intoArray(lanes, 9 * Lanes.COUNT);
    c22.intoArray(lanes, 10 * Lanes.COUNT);
    c23.intoArray(lanes, 11 * Lanes.COUNT);
    c30.intoArray(lanes, 12 * Lanes.COUNT);
    c31.intoArray(lanes, 13 * Lanes.COUNT);
    c32.intoArray(lanes, 14 * Lanes.COUNT);
    c33.intoArray(lanes, 15 * Lanes.COUNT);
  }

  private static void tile4x2(float[] x, int x0, int ldx, float[] w, int w0, int k, float[] lanes) {
    FloatVector c00 = Lanes.zero();
    FloatVector c01 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    int x1 = x0 + ldx;
    int x2 = x1 + ldx;
    int x3 = x2 + ldx;
    int w1 = w0 + k;
    for (int i = 0; i < k; i += Lanes.COUNT) {
      FloatVector a0 = Lanes.load(w, w0 + i);
      FloatVector a1 = Lanes.load(w, w1 + i);
      FloatVector v = Lanes.load(x, x0 + i);
      c00 = v.fma(a0, c00);
      c01 = v.fma(a1, c01);
      v = Lanes.load(x, x1 + i);
      c10 = v.fma(a0, c10);
      c11 = v.fma(a1, c11);
      v = Lanes.load(x, x2 + i);
      c20 = v.fma(a0, c20);
      c21 = v.fma(a1, c21);
      v = Lanes.load(x, x3 + i);
      c30 = v.fma(a0, c30);
      c31 = v.fma(a1, c31);
    }
    c00.intoArray(lanes, 0);
    c01.intoArray(lanes, Lanes.COUNT);
    c10.intoArray(lanes, 2 * Lanes.COUNT);
    c11.intoArray(lanes, 3 * Lanes.COUNT);
    c20.intoArray(lanes, 4 * Lanes.COUNT);
    c21.intoArray(lanes, 5 * Lanes.COUNT);
    c30.intoArray(lanes, 6 * Lanes.COUNT);
    c31.intoArray(lanes, 7 * Lanes.COUNT);
  }

  private static void row1x4(float[] x, int x0, float[] w, int w0, int k, float[] lanes) {
    FloatVector c0 = Lanes.zero();
    FloatVector c1 = c0;
    FloatVector c2 = c0;
    FloatVector c3 = c0;
    int w1 = w0 + k;
    int w2 = w1 + k;
    int w3 = w2 + k;
    for (int i = 0; i < k; i += Lanes.COUNT) {
      FloatVector v = Lanes.load(x, x0 + i);
      c0 = v.fma(Lanes.load(w, w0 + i), c0);
      c1 = v.fma(Lanes.load(w, w1 + i), c1);
      c2 = v.fma(Lanes.load(w, w2 + i), c2);
      c3 = v.fma(Lanes.load(w, w3 + i), c3);
    }
    c0.intoArray(lanes, 0);
    c1.intoArray(lanes, Lanes.COUNT);
    c2.intoArray(lanes, 2 * Lanes.COUNT);
    c3.intoArray(lanes, 3 * Lanes.COUNT);
  }

  /** One output. */
  static float dot(float[] x, int x0, float[] w, int w0, int k, float[] lanes) {
    FloatVector c = Lanes.zero();
    for (int i = 0; i < k; i += Lanes.COUNT) {
      c = Lanes.load(x, x0 + i).fma(Lanes.load(w, w0 + i), c);
    }
    c.intoArray(lanes, 0);
    return Lanes.tree(lanes, 0);
  }
}
