package dev.quantgate.quantization.solve;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The one product that all linear algebra here is made of: a tile of 4 rows by {@link #WIDTH}
 * columns, held in 12 registers while it is summed over the depth. Each element is one chain of
 * fused multiply-adds in ascending order, so a sum cut into pieces, or done by more threads, has
 * the same bits.
 */
final class MicroKernel {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();

  /** Rows of a tile. */
  static final int ROWS = 4;

  /**
   * Columns of a tile: three vectors, so that 12 sums, 3 operands and a factor fit 16 registers.
   */
  static final int WIDTH = 3 * LANES;

  private MicroKernel() {}

  /**
   * {@code c[r][j] += sum over d of a[d][r] * b[d][j]} for 4 rows r and WIDTH columns j.
   *
   * @param a its element (d, r) is at {@code aAt + d * aStride + r}
   * @param b its row d is at {@code bAt + d * WIDTH}
   * @param c its row r is at {@code cAt + r * WIDTH}
   */
  static void accumulate(
      float[] a, int aAt, int aStride, float[] b, int bAt, int depth, float[] c, int cAt) {
    FloatVector c00 = FloatVector.fromArray(SPECIES, c, cAt);
    FloatVector c01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
    FloatVector c02 = FloatVector.fromArray(SPECIES, c, cAt + 2 * LANES);
    int row = cAt + WIDTH;
    FloatVector c10 = FloatVector.fromArray(SPECIES, c, row);
    FloatVector c11 = FloatVector.fromArray(SPECIES, c, row + LANES);
    FloatVector c12 = FloatVector.fromArray(SPECIES, c, row + 2 * LANES);
    row += WIDTH;
    FloatVector c20 = FloatVector.fromArray(SPECIES, c, row);
    FloatVector c21 = FloatVector.fromArray(SPECIES, c, row + LANES);
    FloatVector c22 = FloatVector.fromArray(SPECIES, c, row + 2 * LANES);
    row += WIDTH;
    FloatVector c30 = FloatVector.fromArray(SPECIES, c, row);
    FloatVector c31 = FloatVector.fromArray(SPECIES, c, row + LANES);
    FloatVector c32 = FloatVector.fromArray(SPECIES, c, row + 2 * LANES);
    for (int d = 0; d < depth; d++) {
      FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt);
      FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + LANES);
      FloatVector b2 = FloatVector.fromArray(SPECIES, b, bAt + 2 * LANES);
      FloatVector factor = FloatVector.broadcast(SPECIES, a[aAt]);
      c00 = factor.fma(b0, c00);
      c01 = factor.fma(b1, c01);
      c02 = factor.fma(b2, c02);
      factor = FloatVector.broadcast(SPECIES, a[aAt + 1]);
      c10 = factor.fma(b0, c10);
      c11 = factor.fma(b1, c11);
      c12 = factor.fma(b2, c12);
      factor = FloatVector.broadcast(SPECIES, a[aAt + 2]);
      c20 = factor.fma(b0, c20);
      c21 = factor.fma(b1, c21);
      c22 = factor.fma(b2, c22);
      factor = FloatVector.broadcast(SPECIES, a[aAt + 3]);
      c30 = factor.fma(b0, c30);
      c31 = factor.fma(b1, c31);
      c32 = factor.fma(b2, c32);
      aAt += aStride;
      bAt += WIDTH;
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + LANES);
    c02.intoArray(c, cAt + 2 * LANES);
    row = cAt + WIDTH;
    c10.intoArray(c, row);
    c11.intoArray(c, row + LANES);
    c12.intoArray(c, row + 2 * LANES);
    row += WIDTH;
    c20.intoArray(c, row);
    c21.intoArray(c, row + LANES);
    c22.intoArray(c, row + 2 * LANES);
    row += WIDTH;
    c30.intoArray(c, row);
    c31.intoArray(c, row + LANES);
    c32.intoArray(c, row + 2 * LANES);
  }
}
