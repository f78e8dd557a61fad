package dev.quantgate.inference.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.cuda.Product.Into;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.PinnedMemory;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.Slice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * What must hold of the kernels on whatever device they run: equal to a plain reference in float64,
 * and the same bits whichever kernel serves however many rows. The tests ask it of the stand-in,
 * {@link GpuCheck} of a real device.
 */
final class KernelChecks {
  /** Largest error of a product, as a share of the root mean square of the reference. */
  static final double TOLERANCE = 1e-3;

  /** Every size of product kernel but the yardstick; which there are depends on the format. */
  private static final List<String> SIZES =
      List.of(
          "r8n32",
          "r8n64",
          "r16n64",
          "r32n256",
          "r64n256",
          "r8n32_bulk",
          "r8n64_bulk",
          "r8n32_thin_bulk",
          "r16n64_bulk",
          Product.LARGE_TILES,
          "w64n128",
          "w64n256",
          "w64n128_steps",
          "w64n256_steps",
          "w128n128");

  /** Sizes for many rows, and the plainest: what more than 64 rows are computed by. */
  private static final List<String> MANY = List.of("r8n32", Product.LARGE_TILES, "w128n128");

  private final DeviceSession session;

  KernelChecks(DeviceSession session) {
    this.session = session;
  }

  /**
   * What a check found.
   *
   * @param error the largest one, as a share of the reference's root mean square
   */
  record Finding(String name, double error, boolean good) {}

  /** Matrices of every format, shapes with odd ends. */
  static List<Linear> matrices(int scale) {
    var all = new ArrayList<Linear>();
    int inputs = 320 * scale;
    int outputs = 200 * scale;
    for (int group : new int[] {32, 64, 128, -1}) {
      all.add(
          GptqMatrix.gptq(group + 100, group == 128 ? 384 * scale : inputs, outputs, group, false));
    }
    all.add(GptqMatrix.gptq(7, inputs, outputs, 64, true));
    all.add(GptqMatrix.dense(8, inputs + 8, outputs + 8, DType.F16));
    all.add(GptqMatrix.dense(9, inputs + 8, outputs + 8, DType.BF16));
    return all;
  }

  private static Activation type(Linear linear) {
    return linear instanceof Linear.Dense dense && dense.weight().dtype() == DType.BF16
        ? Activation.BF16
        : Activation.F16;
  }

  private static String name(Linear linear, int rows) {
    return name(linear, Integer.toString(rows));
  }

  /** What is multiplied. */
  static String name(Linear linear, String rows) {
    String format =
        switch (linear) {
          case Linear.Dense dense ->
              dense.weight().dtype().name().toLowerCase(java.util.Locale.ROOT);
          case Linear.Gptq gptq ->
              "int4 g%d%s"
                  .formatted(gptq.groupSize(), gptq.groupIndex().isPresent() ? " act-order" : "");
        };
    return "product %s %dx%d, rows %s".formatted(format, linear.outputs(), linear.inputs(), rows);
  }

  /** The sizes that multiply with weights of a format on this device. */
  List<String> sizes(WeightFormat format) {
    boolean warpgroups = Product.hasWarpgroups(session.device(), session.kernels());
    return SIZES.stream()
        .filter(size -> warpgroups || !size.startsWith("w"))
        .filter(size ->
            // int4 weights are dequantised first.
            size.equals(Product.LARGE_TILES)
                || session.kernels().has("product_%s_%s".formatted(format.suffix(), size)))
        .toList();
  }

  static WeightFormat format(Linear linear) {
    return switch (linear) {
      case Linear.Dense dense ->
          dense.weight().dtype() == DType.BF16 ? WeightFormat.BF16 : WeightFormat.F16;
      case Linear.Gptq gptq ->
          switch (gptq.groupSize()) {
            case 32 -> WeightFormat.I4G32;
            case 64 -> WeightFormat.I4G64;
            default -> WeightFormat.I4G128;
          };
    };
  }

  /** Every size of product kernel against float64, and against each other bit by bit. */
  Finding product(Linear linear, int rows) {
    Activation type = type(linear);
    int stride = PackedMatrix.inputTiles(linear.inputs()) * WeightFormat.TILE_INPUTS;
    short[] x = GptqMatrix.activations(rows, rows, linear.inputs(), stride, type);
    double[] expected = expected(GptqMatrix.weights(linear), x, linear, rows, stride, type);
    float[] first = null;
    var others = new ArrayList<String>();
    double error = 0;
    for (String size : sizes(format(linear))) {
      if (rows <= 64 || MANY.contains(size)) {
        float[] found = run(linear, x, rows, stride, size);
        error = Math.max(error, error(found, expected));
        if (first == null) {
          first = found;
        }
        if (!sameBits(first, found)) {
          others.add(size);
        }
      }
    }
    return new Finding(
        name(linear, rows) + (others.isEmpty() ? "" : ": BITS DIFFER BY %s".formatted(others)),
        error,
        others.isEmpty() && error < TOLERANCE);
  }

  private static boolean sameBits(float[] one, float[] other) {
    return Arrays.mismatch(bits(one), bits(other)) < 0;
  }

  private static int[] bits(float[] values) {
    return IntStream.range(0, values.length).map(i -> Float.floatToRawIntBits(values[i])).toArray();
  }

  /** That one size gives a row the same bits among others and alone, and those of the plainest. */
  Finding rowsAlone(Linear linear, int rows, String size) {
    Activation type = type(linear);
    int stride = PackedMatrix.inputTiles(linear.inputs()) * WeightFormat.TILE_INPUTS;
    short[] x = GptqMatrix.activations(rows, rows, linear.inputs(), stride, type);
    float[] together = run(linear, x, rows, stride, size);
    int n = linear.outputs();
    String where = sameBits(together, run(linear, x, rows, stride, "r8n32")) ? "" : " r8n32";
    for (int r : new TreeSet<>(List.of(0, rows / 2, rows - 1))) {
      float[] alone =
          run(linear, Arrays.copyOfRange(x, r * stride, (r + 1) * stride), 1, stride, size);
      if (!sameBits(alone, Arrays.copyOfRange(together, r * n, (r + 1) * n))) {
        where += " row %d".formatted(r);
      }
    }
    return new Finding(
        "%s: %s%s"
            .formatted(size, name(linear, rows), where.isEmpty() ? "" : ": BITS DIFFER" + where),
        0,
        where.isEmpty());
  }

  /** The yardstick's kernel against float64; its bits are its own. */
  Finding yardstick(Linear.Dense linear, int rows) {
    Activation type = type(linear);
    int stride = PackedMatrix.inputTiles(linear.inputs()) * WeightFormat.TILE_INPUTS;
    short[] x = GptqMatrix.activations(rows, rows, linear.inputs(), stride, type);
    double error =
        error(
            run(linear, x, rows, stride, Product.YARDSTICK),
            expected(GptqMatrix.weights(linear), x, linear, rows, stride, type));
    return new Finding("yardstick, " + name(linear, rows), error, error < TOLERANCE);
  }

  /** That a wrong matrix is noticed: the check of a check. */
  Finding control(String what, Linear right, Linear wrong, int rows) {
    int stride = PackedMatrix.inputTiles(right.inputs()) * WeightFormat.TILE_INPUTS;
    short[] x = GptqMatrix.activations(rows, rows, right.inputs(), stride, Activation.F16);
    double[] expected = expected(GptqMatrix.weights(right), x, right, rows, stride, Activation.F16);
    double error = error(run(wrong, x, rows, stride, "r8n64"), expected);
    return new Finding("control: " + what, error, error > 10 * TOLERANCE);
  }

  private static double[] expected(
      float[] weights, short[] x, Linear linear, int rows, int stride, Activation type) {
    int inputs = linear.inputs();
    int outputs = linear.outputs();
    double[] expected = new double[rows * outputs];
    IntStream.range(0, rows)
        .parallel()
        .forEach(r -> {
          double[] row = new double[inputs];
          for (int k = 0; k < inputs; k++) {
            row[k] = GptqMatrix.widen(x[r * stride + k], type);
          }
          for (int n = 0; n < outputs; n++) {
            double sum = 0;
            for (int k = 0; k < inputs; k++) {
              sum += row[k] * weights[n * inputs + k];
            }
            expected[r * outputs + n] = sum;
          }
        });
    return expected;
  }

  private static double error(float[] found, double[] expected) {
    double power = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      power += expected[i] * expected[i];
      double difference = Math.abs(found[i] - expected[i]);
      worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    return worst / Math.sqrt(power / expected.length);
  }

  private float[] run(Linear linear, short[] x, int rows, int stride, String size) {
    var stream = session.stream();
    var context = session.context();
    try (var owned = new Owned();
        var packer = new Packer(context, session.kernels(), stream)) {
      PackedMatrix matrix = owned.add(packer.stack(List.of(linear), type(linear)));
      int outputs = linear.outputs();
      int ldo = Packer.ceil16(outputs);
      int tiles = Math.ceilDiv(outputs, 256) * 256;
      DeviceMemory input = owned.add(new DeviceMemory(context, 2L * x.length));
      DeviceMemory gathered = owned.add(new DeviceMemory(context, 2L * x.length));
      DeviceMemory out = owned.add(new DeviceMemory(context, 4L * rows * ldo));
      DeviceMemory partials = owned.add(new DeviceMemory(context, 16L * 64 * tiles));
      DeviceMemory counters = owned.add(new DeviceMemory(context, 4L * tiles));
      DeviceMemory dense =
          owned.add(
              new DeviceMemory(
                  context, PackedMatrix.bytes(WeightFormat.F16, linear.inputs(), outputs)));
      DeviceMemory arranged =
          owned.add(new DeviceMemory(context, 2L * Math.ceilDiv(rows, 256) * 256 * stride));
      PinnedMemory pinned = owned.add(new PinnedMemory(context, 4L * rows * ldo));
      MemorySegment staged = owned.add(new PinnedMemory(context, 2L * x.length)).segment();
      staged.copyFrom(MemorySegment.ofArray(x));
      stream.copyIn(input, 0, staged);
      stream.fill(counters, 0);
      stream.fill(gathered, 0);
      stream.synchronize();
      DeviceMemory from = input;
      DeviceMemory order = matrix.order();
      if (order != null) {
        session
            .kernels()
            .kernel("gather_columns")
            .pointer(input)
            .pointer(order)
            .pointer(gathered)
            .integer(linear.inputs())
            .integer(stride)
            .integer(stride)
            .launch(stream, Math.ceilDiv(linear.inputs(), 1024), rows, 1);
        from = gathered;
      }
      var product =
          new Product(
              session.kernels(),
              stream,
              session.device(),
              new Product.Scratch(partials, counters, dense, arranged));
      product.force(size);
      product.run(matrix, from, stride, rows, out, ldo, Into.STORE);
      stream.copyOut(pinned.segment(), out, 0);
      stream.synchronize();
      float[] found = new float[rows * outputs];
      for (int r = 0; r < rows; r++) {
        MemorySegment.copy(pinned.segment(), JAVA_FLOAT, 4L * r * ldo, found, r * outputs, outputs);
      }
      return found;
    }
  }

  // --- Batch invariance --------------------------------------------------------------------------

  /**
   * That a row's logits are the same bits in a batch of 1, 2, 3, ... rows of other sequences, and
   * whether its text was computed whole, in pieces or token by token.
   *
   * @param batches how many rows each step has
   */
  Finding invariance(String name, CudaExecutor executor, ModelConfig config, int[] batches) {
    return invariance(name, executor, config, batches, 70);
  }

  /** The same behind a text of {@code length} tokens. */
  Finding invariance(
      String name, CudaExecutor executor, ModelConfig config, int[] batches, int length) {
    int pagesEach = Math.ceilDiv(length, Workspace.PAGE);
    var random = new SplittableRandom(11);
    int[] probe = random.ints(length, 0, config.vocabularySize()).toArray();
    float[] whole = probe(executor, probe, length);
    boolean same = Arrays.equals(whole, probe(executor, probe, 17));
    String where = same ? "" : " pieces of 17";
    if (!Arrays.equals(whole, probe(executor, probe, 1))) {
      where += " token by token";
    }
    int most = Arrays.stream(batches).max().orElseThrow();
    int[][] others = new int[most][];
    for (int i = 0; i < most; i++) {
      others[i] = random.ints(length, 0, config.vocabularySize()).toArray();
    }
    for (int batch : batches) {
      // Fresh pages of the probe, all but its last position; the others begin somewhere of their
      // own.
      executor.step(List.of(new Slice(pages(0, pagesEach), probe, 0, length - 1, List.of())));
      float[][] found = new float[1][];
      var slices = new ArrayList<Slice>();
      int place = batch / 2;
      for (int i = 0; i < batch; i++) {
        int at = i;
        slices.add(
            i == place
                ? new Slice(
                    pages(0, pagesEach),
                    probe,
                    length - 1,
                    length,
                    List.of(
                        new Ask.WholeRow(
                            length - 1, (row, offset, argmax) -> found[0] = row.clone())))
                : new Slice(
                    pages((at + 1) * pagesEach, pagesEach),
                    others[i],
                    0,
                    1,
                    List.of(new Ask.OfTokens(0, new int[0], distribution -> {}))));
      }
      executor.step(slices);
      if (!Arrays.equals(whole, found[0])) {
        where += " %d".formatted(batch);
      }
    }
    return new Finding(
        "same bits, %s, batches of %d to %d%s"
            .formatted(name, batches[0], most, where.isEmpty() ? "" : ": DIFFER AT" + where),
        0,
        where.isEmpty());
  }

  /**
   * That what the device reads of its logits is what is in them: the lowest index of the largest,
   * how far it is ahead, and the log-probabilities of that token and of the first.
   */
  Finding readout(String name, CudaExecutor executor, ModelConfig config) {
    int rows = 60;
    int[] tokens = new SplittableRandom(13).ints(rows, 0, config.vocabularySize()).toArray();
    var logits = new ArrayList<float[]>();
    var whole = new ArrayList<Ask>();
    for (int at = 0; at < rows; at++) {
      whole.add(
          new Ask.WholeRow(
              at,
              (row, offset, argmax) ->
                  logits.add(Arrays.copyOfRange(row, offset, offset + config.vocabularySize()))));
    }
    executor.step(List.of(new Slice(pages(0, 1), tokens, 0, rows, whole)));
    var read = new ArrayList<Ask.Distribution>();
    var facts = new ArrayList<Ask>();
    for (int at = 0; at < rows; at++) {
      int[] asked = {argmax(logits.get(at)), 0};
      facts.add(new Ask.OfTokens(at, asked, read::add));
    }
    executor.step(List.of(new Slice(pages(0, 1), tokens, 0, rows, facts)));
    double worst = 0;
    String where = "";
    for (int r = 0; r < rows; r++) {
      float[] row = logits.get(r);
      int first = argmax(row);
      float largest = row[first];
      float second = Float.NEGATIVE_INFINITY;
      double sum = 0;
      for (int i = 0; i < row.length; i++) {
        second = i == first ? second : Math.max(second, row[i]);
        sum += Math.exp((double) row[i] - largest);
      }
      Ask.Distribution found = read.get(r);
      if (found.argmax() != first || found.margin() != largest - second) {
        where += " %d".formatted(r);
      }
      double[] logProbabilities = found.logProbabilities();
      worst = Math.max(worst, Math.abs(logProbabilities[0] + Math.log(sum)));
      worst = Math.max(worst, Math.abs(logProbabilities[1] - (row[0] - largest - Math.log(sum))));
    }
    return new Finding(
        "readout, %s%s".formatted(name, where.isEmpty() ? "" : ": WRONG IN ROWS" + where),
        worst,
        where.isEmpty() && worst < 1e-4);
  }

  private static int argmax(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      best = row[i] > row[best] ? i : best;
    }
    return best;
  }

  private static int[] pages(int first, int count) {
    return IntStream.range(first, first + count).toArray();
  }

  private static float[] probe(CudaExecutor executor, int[] ids, int piece) {
    float[][] found = new float[1][];
    for (int from = 0; from < ids.length; from += piece) {
      int to = Math.min(ids.length, from + piece);
      List<Ask> asks =
          to == ids.length
              ? List.of(new Ask.WholeRow(to - 1, (row, offset, argmax) -> found[0] = row.clone()))
              : List.of();
      executor.step(
          List.of(
              new Slice(pages(0, Math.ceilDiv(ids.length, Workspace.PAGE)), ids, from, to, asks)));
    }
    return found[0];
  }
}
