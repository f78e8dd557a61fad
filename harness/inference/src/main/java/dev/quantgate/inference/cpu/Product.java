package dev.quantgate.inference.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * The products of some rows of activations with a panel of widened weight rows: {@code y[m][n] = sum
 * over k of x[m][k] * w[n][k]}.
 *
 * <p>Outputs are computed in tiles of 4 x 4 whose lane sums stay in registers: 8 loads feed 16
 * multiply-adds. Every output is the same sequence of operations in a tile of any size ({@link Lanes}),
 * so results are bitwise those of one row at a time.
 *
 * <p>With 16 lanes the 16 lane sums of a tile are added by a butterfly: each of its four rounds adds
 * the upper halves of two vectors to their lower halves and leaves both sums in one vector, so 15
 * steps reduce 16 vectors, in the order that {@link Lanes#tree} defines.
 */
final class Product {
  private static final boolean BUTTERFLY = Lanes.COUNT == 16;
  private static final VectorMask<Float> UP8 = Lanes.upper(Lanes.COUNT / 2);
  private static final VectorMask<Float> UP4 = Lanes.upper(Math.max(1, Lanes.COUNT / 4));
  private static final VectorMask<Float> UP2 = Lanes.upper(2);
  private static final VectorMask<Float> UP1 = Lanes.upper(1);
  private static final VectorShuffle<Float> SWAP8 = Lanes.swap(Lanes.COUNT / 2);
  private static final VectorShuffle<Float> SWAP4 = Lanes.swap(Math.max(1, Lanes.COUNT / 4));
  private static final VectorShuffle<Float> SWAP2 = Lanes.swap(2);
  private static final VectorShuffle<Float> SWAP1 = Lanes.swap(1);

  private Product() {}

  /**
   * All outputs of {@code rows} activation rows and {@code n} weight rows.
   *
   * @param x activations, row m at {@code x0 + m * ldx}
   * @param w widened weights, row n at {@code n * k}
   * @param k columns, a multiple of {@link Lanes#COUNT}
   * @param y outputs, row m at {@code y0 + m * ldy}
   * @param lanes scratch of at least {@code 16 * Lanes.COUNT} floats
   */
  static void panel(
      float[] x, int x0, int ldx, int rows, float[] w, int n, int k, float[] y, int y0, int ldy, float[] lanes) {
    int m = 0;
    for (; m + 4 <= rows; m += 4) {
      int j = 0;
      for (; j + 4 <= n; j += 4) {
        if (BUTTERFLY) {
          tile4x4(x, x0 + m * ldx, ldx, w, j * k, k, y, y0 + m * ldy + j, ldy, lanes);
        } else {
          tile4x2(x, x0 + m * ldx, ldx, w, j * k, k, y, y0 + m * ldy + j, ldy, lanes);
          tile4x2(x, x0 + m * ldx, ldx, w, (j + 2) * k, k, y, y0 + m * ldy + j + 2, ldy, lanes);
        }
      }
      for (; j < n; j++) {
        for (int i = 0; i < 4; i++) {
          y[y0 + (m + i) * ldy + j] = dot(x, x0 + (m + i) * ldx, w, j * k, k, lanes);
        }
      }
    }
    for (; m < rows; m++) {
      int j = 0;
      for (; j + 4 <= n; j += 4) {
        row1x4(x, x0 + m * ldx, w, j * k, k, y, y0 + m * ldy + j, lanes);
      }
      for (; j < n; j++) {
        y[y0 + m * ldy + j] = dot(x, x0 + m * ldx, w, j * k, k, lanes);
      }
    }
  }

  private static FloatVector combine(
      FloatVector a, FloatVector b, VectorMask<Float> up, VectorShuffle<Float> swap) {
    return a.blend(b, up).add(b.blend(a, up).rearrange(swap));
  }

  private static void tile4x4(
      float[] x, int x0, int ldx, float[] w, int w0, int k, float[] y, int y0, int ldy, float[] out) {
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
    // Output i = 4 * row + column of the tile; rounds pair i with i + 8, + 4, + 2, + 1.
    c00 = combine(c00, c20, UP8, SWAP8);
    c01 = combine(c01, c21, UP8, SWAP8);
    c02 = combine(c02, c22, UP8, SWAP8);
    c03 = combine(c03, c23, UP8, SWAP8);
    c10 = combine(c10, c30, UP8, SWAP8);
    c11 = combine(c11, c31, UP8, SWAP8);
    c12 = combine(c12, c32, UP8, SWAP8);
    c13 = combine(c13, c33, UP8, SWAP8);
    c00 = combine(c00, c10, UP4, SWAP4);
    c01 = combine(c01, c11, UP4, SWAP4);
    c02 = combine(c02, c12, UP4, SWAP4);
    c03 = combine(c03, c13, UP4, SWAP4);
    c00 = combine(c00, c02, UP2, SWAP2);
    c01 = combine(c01, c03, UP2, SWAP2);
    combine(c00, c01, UP1, SWAP1).intoArray(out, 0);
    for (int i = 0; i < 4; i++) {
      y[y0] = out[4 * i];
      y[y0 + 1] = out[4 * i + 1];
      y[y0 + 2] = out[4 * i + 2];
      y[y0 + 3] = out[4 * i + 3];
      y0 += ldy;
    }
  }

  private static void tile4x2(
      float[] x, int x0, int ldx, float[] w, int w0, int k, float[] y, int y0, int ldy, float[] out) {
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
    y[y0] = Lanes.tree(c00, out);
    y[y0 + 1] = Lanes.tree(c01, out);
    y[y0 + ldy] = Lanes.tree(c10, out);
    y[y0 + ldy + 1] = Lanes.tree(c11, out);
    y[y0 + 2 * ldy] = Lanes.tree(c20, out);
    y[y0 + 2 * ldy + 1] = Lanes.tree(c21, out);
    y[y0 + 3 * ldy] = Lanes.tree(c30, out);
    y[y0 + 3 * ldy + 1] = Lanes.tree(c31, out);
  }

  private static void row1x4(
      float[] x, int x0, float[] w, int w0, int k, float[] y, int y0, float[] out) {
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
    y[y0] = Lanes.tree(c0, out);
    y[y0 + 1] = Lanes.tree(c1, out);
    y[y0 + 2] = Lanes.tree(c2, out);
    y[y0 + 3] = Lanes.tree(c3, out);
  }

  /** One output. */
  static float dot(float[] x, int x0, float[] w, int w0, int k, float[] out) {
    FloatVector c = Lanes.zero();
    for (int i = 0; i < k; i += Lanes.COUNT) {
      c = Lanes.load(x, x0 + i).fma(Lanes.load(w, w0 + i), c);
    }
    return Lanes.tree(c, out);
  }
}
