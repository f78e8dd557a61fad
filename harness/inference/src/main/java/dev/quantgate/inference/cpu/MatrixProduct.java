package dev.quantgate.inference.cpu;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import java.util.Arrays;

/**
 * Dense float32 products on the engine's kernels and threads, for the linear algebra of a
 * quantiser.
 *
 * <p>Every element is a sum over the inner dimension in one fixed order of float32 multiply-adds,
 * so results do not depend on the number of threads. Used by one thread at a time.
 */
public final class MatrixProduct implements AutoCloseable {
  /** Rows of the right side that one item takes. */
  private static final int PANEL = 64;

  /** Rows of the left side that one item takes. */
  private static final int ROWS = 256;

  private final Team team;
  private final float[][] lanes;
  private final float[][] right;

  /** Starts {@code threads - 1} worker threads, which live until {@link #close}. */
  public MatrixProduct(int threads) {
    team = new Team(threads);
    lanes = new float[threads][Product.SCRATCH];
    right = new float[threads][0];
  }

  /** {@code A B^T}: {@code [a.rows, b.rows]} of {@code a [.., K]} and {@code b [.., K]}. */
  public Matrix timesTransposed(Matrix a, Matrix b) {
    if (a.columns() != b.columns()) {
      throw new IllegalArgumentException(
          "inner dimensions differ: " + a.columns() + " and " + b.columns());
    }
    float[] out = new float[Math.multiplyExact(a.rows(), b.rows())];
    product(a, b, out, false);
    return new Matrix(a.rows(), b.rows(), out);
  }

  /**
   * Adds {@code A^T A} to {@code sum}, row-major {@code [K, K]}, both halves: the Hessian of
   * activations {@code [tokens, K]}.
   */
  public void addGram(Matrix a, float[] sum) {
    int k = a.columns();
    if (sum.length != Math.multiplyExact(k, k)) {
      throw new IllegalArgumentException(
          "the sum has " + sum.length + " elements, expected " + k + " x " + k);
    }
    Matrix transposed = transpose(a);
    product(transposed, transposed, sum, true);
    // The other half is the mirror image: the same products, added in the same order.
    team.forEach(
        k,
        (row, thread) -> {
          for (int column = row + 1; column < k; column++) {
            sum[row * k + column] = sum[column * k + row];
          }
        });
  }

  /** The transpose, by blocks that fit the first-level cache. */
  public Matrix transpose(Matrix a) {
    int rows = a.rows();
    int columns = a.columns();
    float[] from = a.values();
    float[] to = new float[from.length];
    int block = 32;
    team.forEach(
        (columns + block - 1) / block,
        (item, thread) -> {
          int end = Math.min(columns, (item + 1) * block);
          for (int r0 = 0; r0 < rows; r0 += block) {
            int rEnd = Math.min(rows, r0 + block);
            for (int c = item * block; c < end; c++) {
              for (int r = r0; r < rEnd; r++) {
                to[c * rows + r] = from[r * columns + c];
              }
            }
          }
        });
    return new Matrix(columns, rows, to);
  }

  /**
   * Writes or adds {@code a b^T}.
   *
   * @param gram adds, and only to the elements of the lower half (and some beside the diagonal)
   */
  private void product(Matrix a, Matrix b, float[] out, boolean gram) {
    int k = a.columns();
    int padded = Lanes.pad(k);
    float[] left = spread(a, padded);
    int panels = (b.rows() + PANEL - 1) / PANEL;
    int blocks = (a.rows() + ROWS - 1) / ROWS;
    team.forEach(
        panels * blocks,
        (item, thread) -> {
          int first = item / blocks * PANEL;
          int n = Math.min(PANEL, b.rows() - first);
          int from = item % blocks * ROWS;
          int rows = Math.min(ROWS, a.rows() - from);
          if (gram && from + rows <= first) {
            return;
          }
          int size = PANEL * padded + ROWS * PANEL;
          if (right[thread].length < size) {
            right[thread] = new float[size];
          }
          float[] own = right[thread];
          for (int j = 0; j < n; j++) {
            System.arraycopy(b.values(), (first + j) * k, own, j * padded, k);
            Arrays.fill(own, j * padded + k, (j + 1) * padded, 0f);
          }
          int y = PANEL * padded;
          Product.panel(
              left, from * padded, padded, rows, own, n, padded, own, y, PANEL, lanes[thread]);
          for (int m = 0; m < rows; m++) {
            int at = (from + m) * b.rows() + first;
            if (gram) {
              for (int j = 0; j < n; j++) {
                out[at + j] += own[y + m * PANEL + j];
              }
            } else {
              System.arraycopy(own, y + m * PANEL, out, at, n);
            }
          }
        });
  }

  private float[] spread(Matrix a, int padded) {
    int k = a.columns();
    if (k == padded) {
      return a.values();
    }
    float[] spread = new float[Math.multiplyExact(a.rows(), padded)];
    for (int r = 0; r < a.rows(); r++) {
      System.arraycopy(a.values(), r * k, spread, r * padded, k);
    }
    return spread;
  }

  /** Ends the worker threads. */
  @Override
  public void close() {
    team.close();
  }
}
