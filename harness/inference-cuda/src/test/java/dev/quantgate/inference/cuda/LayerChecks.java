package dev.quantgate.inference.cuda;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.LayerArithmetic;
import dev.quantgate.inference.cuda.KernelChecks.Finding;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.PinnedMemory;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.QuantizationMethod;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.solve.Hessian;
import dev.quantgate.quantization.solve.LayerSolver;
import dev.quantgate.quantization.solve.LayerSolver.Solution;
import dev.quantgate.quantization.solve.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * What must hold of the quantiser's arithmetic on whatever device it runs: the bits of the plain
 * sums, and a layer's codes and losses those that the processor gives it.
 */
final class LayerChecks {
  static final CudaLayerArithmetic.StageInputs NO_INPUTS = new None();

  private final DeviceSession session;
  private final Workers workers;

  LayerChecks(DeviceSession session, Workers workers) {
    this.session = session;
    this.workers = workers;
  }

  /** That two seeded layers get the same codes, grids and losses on the same Hessian. */
  Finding layer(int inputs, int outputs, Scheme scheme, ActOrder order, ClipSearch clip) {
    long seed = 31L * inputs + outputs;
    String differs = "";
    try (var device = new CudaLayerArithmetic(session, NO_INPUTS)) {
      LayerSolver here =
          new LayerSolver(hessian(inputs, seed, workers), scheme, order, clip, 0.01, workers);
      LayerSolver there =
          new LayerSolver(
              hessian(inputs, seed, workers),
              scheme,
              order,
              clip,
              0.01,
              workers,
              Optional.of(device));
      for (int layer = 0; layer < 2; layer++) {
        Matrix weight = normal(outputs, inputs, 0.1, seed + layer);
        Solution found = there.solve("w", weight);
        Solution expected = here.solve("w", weight);
        differs += expected.chosen() == QuantizationMethod.GPTQ ? "" : " nothing to compare";
        differs +=
            Arrays.equals(found.layer().scales(), expected.layer().scales()) ? "" : " scales";
        differs += Arrays.equals(found.layer().zeros(), expected.layer().zeros()) ? "" : " zeros";
        int codes = 0;
        for (int i = 0; i < expected.layer().codes().length; i++) {
          codes += expected.layer().codes()[i] == found.layer().codes()[i] ? 0 : 1;
        }
        differs += codes == 0 ? "" : " %d codes".formatted(codes);
        differs += found.gptqLoss().equals(expected.gptqLoss()) ? "" : " loss";
        differs += found.rtnLoss() == expected.rtnLoss() ? "" : " loss of rounding";
      }
    }
    return new Finding(
        "layer %dx%d %s %s %s%s"
            .formatted(
                outputs,
                inputs,
                scheme,
                order,
                clip,
                differs.isEmpty() ? "" : ": DIFFERS IN" + differs),
        0,
        differs.isEmpty());
  }

  /**
   * That products are chains of 512 tokens in float32, added in float64.
   *
   * @param piece rows that come at a time
   */
  Finding products(int width, int tokens, int piece) {
    int stride = PackedMatrix.inputTiles(width) * WeightFormat.TILE_INPUTS;
    short[] x = GptqMatrix.activations(tokens, tokens, width, stride, Activation.F16);
    LayerArithmetic.Products found;
    try (var device = new CudaLayerArithmetic(session, new Given(x, width, stride, piece))) {
      found = device.products(0, List.of(), 0);
    }
    long wrong =
        IntStream.range(0, width)
            .parallel()
            .mapToLong(i -> {
              long differ = 0;
              for (int j = i; j < width; j++) {
                differ += found.sums()[i * width + j] == product(x, stride, tokens, i, j) ? 0 : 1;
              }
              return differ;
            })
            .sum();
    return new Finding(
        "products of %d inputs, %d tokens%s"
            .formatted(width, tokens, wrong == 0 ? "" : ": %d DIFFER".formatted(wrong)),
        0,
        wrong == 0 && found.inputs() == width);
  }

  private static double product(short[] x, int stride, int tokens, int i, int j) {
    double sum = 0;
    for (int from = 0; from < tokens; from += LayerArithmetic.TOKENS_AT_ONCE) {
      float chain = 0;
      int to = Math.min(tokens, from + LayerArithmetic.TOKENS_AT_ONCE);
      for (int t = from; t < to; t++) {
        float a = Float.float16ToFloat(x[t * stride + i]);
        chain = Math.fma(a, Float.float16ToFloat(x[t * stride + j]), chain);
      }
      sum += chain;
    }
    return sum;
  }

  /** A stage that no inputs are asked of. */
  private static final class None implements CudaLayerArithmetic.StageInputs {
    @Override
    public int width(int stage) {
      throw new AssertionError("not asked");
    }

    @Override
    public int stride(int stage) {
      throw new AssertionError("not asked");
    }

    @Override
    public void compute(int block, List<float[]> hidden, int stage, CudaLayerArithmetic.Rows to) {
      throw new AssertionError("not asked");
    }
  }

  /** Inputs that are given, some rows at a time. */
  private final class Given implements CudaLayerArithmetic.StageInputs {
    private final short[] x;
    private final int width;
    private final int stride;
    private final int piece;

    Given(short[] x, int width, int stride, int piece) {
      this.x = x;
      this.width = width;
      this.stride = stride;
      this.piece = piece;
    }

    @Override
    public int width(int stage) {
      return width;
    }

    @Override
    public int stride(int stage) {
      return stride;
    }

    @Override
    public void compute(int block, List<float[]> hidden, int stage, CudaLayerArithmetic.Rows to) {
      int rows = x.length / stride;
      try (var memory = new DeviceMemory(session.context(), 2L * piece * stride);
          var pinned = new PinnedMemory(session.context(), 2L * piece * stride)) {
        for (int from = 0; from < rows; from += piece) {
          int count = Math.min(piece, rows - from);
          MemorySegment.copy(x, from * stride, pinned.segment(), JAVA_SHORT, 0, count * stride);
          session.stream().copyIn(memory, 0, pinned.segment());
          to.take(memory, count);
          session.stream().synchronize();
        }
      }
    }
  }

  static Matrix normal(int rows, int columns, double deviation, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return new Matrix(rows, columns, values);
  }

  /** Of inputs that are correlated and of unequal strength, as a model's are; two are dead. */
  static Hessian hessian(int inputs, long seed, Workers workers) {
    SplittableRandom random = new SplittableRandom(seed);
    int sources = Math.max(4, inputs / 4);
    int tokens = 2 * inputs;
    float[] mix = normal(sources, inputs, 1, seed + 77).values();
    float[] values = new float[tokens * inputs];
    for (int t = 0; t < tokens; t++) {
      for (int s = 0; s < sources; s++) {
        float strength = (float) (random.nextGaussian() / (1 + s));
        for (int i = 0; i < inputs; i++) {
          values[t * inputs + i] += strength * mix[s * inputs + i];
        }
      }
      for (int i = 0; i < inputs; i++) {
        values[t * inputs + i] += (float) (0.1 * random.nextGaussian());
      }
      values[t * inputs + 5] = 0;
      values[t * inputs + inputs - 1] = 0;
    }
    Hessian hessian = new Hessian("w", workers);
    hessian.add(new Matrix(tokens, inputs, values));
    return hessian;
  }
}
