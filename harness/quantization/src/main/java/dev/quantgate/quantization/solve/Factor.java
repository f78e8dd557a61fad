package dev.quantgate.quantization.solve;

import java.util.Optional;
import org.ejml.data.DMatrixRBlock;
import org.ejml.dense.block.decomposition.chol.CholeskyOuterForm_DDRB;

/**
 * U, the upper triangular matrix with {@code U^T U = H^-1}, H in the order in which GPTQ takes the
 * inputs: row i of it tells how an error at input i is made good at the inputs after it.
 *
 * <p>The paper inverts H and factors the inverse. The same U comes from one factorisation: with H
 * read backwards, {@code J H J = L L^T}, is {@code H = R R^T} with {@code R = J L J} upper
 * triangular, so {@code H^-1 = (R^-1)^T R^-1} and {@code U = R^-1 = J L^-1 J}. That is a third of
 * the work, and no inverse of H is ever formed. L is computed in float64 by EJML; its inverse in
 * float32 by all cores.
 */
final class Factor {
  private static final int BLOCK = 128;
  private static final int ROWS = MicroKernel.ROWS;
  private static final int WIDTH = MicroKernel.WIDTH;

  final int size;

  /**
   * {@code [size / 4][size][4]}: four columns of U side by side, the microkernel's left operand.
   */
  final float[] panels;

  private Factor(int size, float[] panels) {
    this.size = size;
    this.panels = panels;
  }

  /** Element (i, j) of U, i at most j. */
  float at(int i, int j) {
    return panels[(j / ROWS * size + i) * ROWS + j % ROWS];
  }

  /**
   * Factors a Hessian with the damping added to its diagonal.
   *
   * @param order the input that is taken at each position
   * @param dead inputs whose diagonal is 0; it is taken as 1
   * @param added what is added to every element of the diagonal
   * @return empty if it is not positive definite
   */
  static Optional<Factor> of(
      Hessian hessian, int[] order, boolean[] dead, double added, Workers workers) {
    int n = order.length;
    DMatrixRBlock matrix = new DMatrixRBlock(n, n, BLOCK);
    workers.forEach(
        Math.ceilDiv(n, BLOCK),
        part -> {
          for (int i = part * BLOCK; i < Math.min(n, (part + 1) * BLOCK); i++) {
            int from = order[n - 1 - i];
            for (int j = 0; j < n; j++) {
              int to = order[n - 1 - j];
              double value = hessian.at(from, to);
              if (i == j) {
                value = (dead[from] ? 1 : value) + added;
              }
              matrix.set(i, j, value);
            }
          }
        });
    if (!new CholeskyOuterForm_DDRB(true).decompose(matrix)) {
      return Optional.empty();
    }
    for (int i = 0; i < n; i++) {
      double pivot = matrix.get(i, i);
      if (!(pivot > 0) || !Double.isFinite(pivot)) {
        return Optional.empty();
      }
    }
    return Optional.of(new Factor(n, invert(matrix, workers)));
  }

  /** {@code J L^-1 J} in panels: forward substitution, a strip of columns at a time. */
  private static float[] invert(DMatrixRBlock lower, Workers workers) {
    int n = lower.numRows;
    float[] negated = new float[Math.multiplyExact(n, n)];
    workers.forEach(
        Math.ceilDiv(n, BLOCK),
        part -> {
          for (int i = part * BLOCK; i < Math.min(n, (part + 1) * BLOCK); i++) {
            for (int j = 0; j <= i; j++) {
              negated[(i / ROWS * n + j) * ROWS + i % ROWS] = (float) -lower.get(i, j);
            }
          }
        });
    float[] panels = new float[negated.length];
    workers.forEach(
        Math.ceilDiv(n, WIDTH),
        strip -> {
          int first = strip * WIDTH;
          float[] x = solve(negated, n, first);
          for (int i = first; i < n; i++) {
            for (int j = 0; j < Math.min(WIDTH, i - first + 1); j++) {
              int row = n - 1 - i;
              int column = n - 1 - (first + j);
              panels[(column / ROWS * n + row) * ROWS + column % ROWS] = x[(i - first) * WIDTH + j];
            }
          }
        });
    return panels;
  }

  /** Columns {@code first .. first + WIDTH - 1} of L^-1, from row {@code first} on. */
  private static float[] solve(float[] negated, int n, int first) {
    float[] x = new float[(n - first) * WIDTH];
    for (int tile = first; tile < n; tile += ROWS) {
      int at = (tile - first) * WIDTH;
      for (int r = 0; r < ROWS && tile + r - first < WIDTH; r++) {
        x[at + r * WIDTH + tile + r - first] = 1;
      }
      int panel = tile * n;
      MicroKernel.accumulate(negated, panel + first * ROWS, ROWS, x, 0, tile - first, x, at);
      for (int r = 0; r < ROWS; r++) {
        for (int s = 0; s < r; s++) {
          float factor = negated[panel + (tile + s) * ROWS + r];
          for (int j = 0; j < WIDTH; j++) {
            x[at + r * WIDTH + j] = Math.fma(factor, x[at + s * WIDTH + j], x[at + r * WIDTH + j]);
          }
        }
        float pivot = -negated[panel + (tile + r) * ROWS + r];
        for (int j = 0; j < WIDTH; j++) {
          x[at + r * WIDTH + j] /= pivot;
        }
      }
    }
    return x;
  }

  /** Whether every element is a number that can be worked with. */
  boolean isFinite() {
    float sum = 0;
    for (float value : panels) {
      sum += Math.abs(value);
    }
    return Float.isFinite(sum);
  }
}
