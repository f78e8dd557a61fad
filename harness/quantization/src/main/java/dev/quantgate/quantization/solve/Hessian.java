package dev.quantgate.quantization.solve;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.LayerArithmetic;
import dev.quantgate.quantization.QuantizationException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * {@code H = 2/n * sum of x x^T} over the n inputs that a stage's layers are given: how much an
 * error of each weight, and of each two together, costs in the layers' outputs.
 *
 * <p>Inputs are gathered in chunks of 512 tokens; a chunk's products are summed in float32 and
 * added to sums in float64. Only tiles on and above the diagonal are computed. It takes 8 bytes for
 * each element, and a chunk.
 */
public final class Hessian {
  private static final int CHUNK = LayerArithmetic.TOKENS_AT_ONCE;
  private static final int WIDTH = MicroKernel.WIDTH;

  private final String layers;
  private final Workers workers;
  private int inputs = -1;
  private double[] sums = new double[0];

  /** {@code [panel][token][WIDTH]}: the chunk, cut into panels of columns. */
  private float[] chunk = new float[0];

  private int filled;
  private long tokens;

  /**
   * @param layers the layers that get these inputs, for messages
   */
  public Hessian(String layers, Workers workers) {
    this.layers = layers;
    this.workers = workers;
  }

  private Hessian(String layers, Workers workers, LayerArithmetic.Products products, long tokens) {
    this(layers, workers);
    this.inputs = products.inputs();
    this.sums = products.sums();
    this.tokens = tokens;
  }

  /**
   * The Hessian of a stage of a model, summed up on the model's device where that has its own
   * arithmetic; the same sums of the same inputs either way.
   *
   * @param hidden what the block gets
   */
  public static Hessian of(
      BlockwiseModel model, int block, List<float[]> hidden, int stage, Workers workers) {
    String layers = String.join(", ", model.linearStages(block).get(stage));
    Optional<LayerArithmetic> device = model.arithmetic();
    if (device.isPresent()) {
      long elements = hidden.stream().mapToLong(each -> each.length).sum();
      return new Hessian(
          layers,
          workers,
          device.get().products(block, hidden, stage),
          elements / model.hiddenSize());
    }
    var hessian = new Hessian(layers, workers);
    model.observe(block, hidden, stage, (sequence, rows) -> hessian.add(rows));
    return hessian;
  }

  /** Adds the inputs of some tokens: {@code [tokens, inputs]}. */
  public void add(Matrix rows) {
    if (inputs < 0) {
      inputs = rows.columns();
      sums = new double[Math.multiplyExact(inputs, inputs)];
      chunk = new float[Math.multiplyExact(panels() * WIDTH, CHUNK)];
    } else if (rows.columns() != inputs) {
      throw new IllegalArgumentException(
          "%s: inputs of %d elements after some of %d".formatted(layers, rows.columns(), inputs));
    }
    for (int from = 0; from < rows.rows(); ) {
      int count = Math.min(CHUNK - filled, rows.rows() - from);
      gather(rows, from, count);
      from += count;
      filled += count;
      if (filled == CHUNK) {
        flush();
      }
    }
    tokens += rows.rows();
  }

  private int panels() {
    return Math.ceilDiv(inputs, WIDTH);
  }

  private void gather(Matrix rows, int from, int count) {
    workers.forEach(
        panels(),
        panel -> {
          int width = Math.min(WIDTH, inputs - panel * WIDTH);
          for (int t = 0; t < count; t++) {
            System.arraycopy(
                rows.values(),
                (from + t) * inputs + panel * WIDTH,
                chunk,
                (panel * CHUNK + filled + t) * WIDTH,
                width);
          }
        });
  }

  private void flush() {
    int panels = panels();
    int depth = filled;
    workers.forEach(
        panels * panels,
        pair -> {
          int p = pair / panels;
          int q = pair % panels;
          if (p <= q) {
            addTile(p, q, depth);
          }
        });
    filled = 0;
  }

  private void addTile(int p, int q, int depth) {
    float[] tile = new float[MicroKernel.ROWS * WIDTH];
    int columns = Math.min(WIDTH, inputs - q * WIDTH);
    for (int i = 0; i < WIDTH && p * WIDTH + i < inputs; i += MicroKernel.ROWS) {
      Arrays.fill(tile, 0);
      MicroKernel.accumulate(
          chunk, p * CHUNK * WIDTH + i, WIDTH, chunk, q * CHUNK * WIDTH, depth, tile, 0);
      int rows = Math.min(MicroKernel.ROWS, inputs - p * WIDTH - i);
      for (int r = 0; r < rows; r++) {
        int at = (p * WIDTH + i + r) * inputs + q * WIDTH;
        for (int j = 0; j < columns; j++) {
          sums[at + j] += tile[r * WIDTH + j];
        }
      }
    }
  }

  /**
   * Sums up what is still gathered; called before anything is read.
   *
   * @throws QuantizationException if an input was NaN or infinite, naming the layers
   */
  void finish() {
    if (tokens == 0) {
      throw new QuantizationException("%s got no calibration tokens".formatted(layers));
    }
    if (filled > 0) {
      flush();
    }
    chunk = new float[0];
    for (int i = 0; i < inputs; i++) {
      if (!Double.isFinite(sums[i * inputs + i])) {
        throw new QuantizationException(
            ("input %d of %s is NaN or infinite on the calibration text; the model cannot be "
                    + "calibrated on it (are its weights sound?)")
                .formatted(i, layers));
      }
    }
  }

  int inputs() {
    return inputs;
  }

  long tokens() {
    return tokens;
  }

  /** An element of H. */
  double at(int i, int j) {
    return 2.0 / tokens * (i <= j ? sums[i * inputs + j] : sums[j * inputs + i]);
  }
}
