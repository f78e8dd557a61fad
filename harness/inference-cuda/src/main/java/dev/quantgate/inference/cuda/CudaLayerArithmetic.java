package dev.quantgate.inference.cuda;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.LayerArithmetic;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The quantiser's arithmetic by the kernels of {@code quantise.cu}: all output channels of a layer
 * side by side, a group's grid searched and its columns taken by a launch each, their errors added
 * to the rest of a block of 128 behind each group, and to all the rest behind each block.
 */
final class CudaLayerArithmetic implements LayerArithmetic, AutoCloseable {
  private static final int BLOCK = COLUMNS_AT_ONCE;

  /** What rows of output channels are a multiple of, and a side of a tile of products. */
  private static final int TILE = 64;

  /** Side of a tile that is turned. */
  private static final int TURNED = 32;

  /** Rows of a layer's products that are there at a time for the loss. */
  private static final int LOSS_ROWS = 512;

  /** What computes a stage's inputs on the device: binary16, some rows at a time. */
  interface StageInputs {
    /** Elements of a row that are inputs. */
    int width(int stage);

    /** Elements from one row to the next. */
    int stride(int stage);

    /** Gives all rows in order; what is launched for some comes before the next are computed. */
    void compute(int block, List<float[]> hidden, int stage, Rows rows);
  }

  /** Takes rows from the first on of some device memory. */
  @FunctionalInterface
  interface Rows {
    void take(DeviceMemory inputs, int rows);
  }

  private final DeviceSession session;
  private final Kernels kernels;
  private final Stream stream;
  private final StageInputs inputs;
  private final Staging staging;
  private @Nullable Begun begun;

  /** A stage on the device. */
  private static final class Begun {
    final ColumnPlan plan;
    final Owned owned = new Owned();
    final DeviceMemory order;
    final DeviceMemory groups;
    final @Nullable DeviceMemory places;
    final DeviceMemory importance;
    final DeviceMemory shares;
    final @Nullable DeviceMemory upper;
    final DeviceMemory halved;

    Begun(CudaLayerArithmetic on, ColumnPlan plan) {
      this.plan = plan;
      int count = plan.inputs();
      int[] living = new int[count];
      int[] groupAt = new int[count];
      int[] placeOf = new int[count];
      for (int p = 0; p < count; p++) {
        int input = plan.order()[p];
        living[p] = plan.dead()[input] ? -1 : input;
        groupAt[p] = input / plan.group();
        placeOf[input] = p;
      }
      try {
        this.order = on.staging.put(owned, MemorySegment.ofArray(living));
        this.groups = on.staging.put(owned, MemorySegment.ofArray(groupAt));
        this.places =
            plan.gridsBeforehand() ? on.staging.put(owned, MemorySegment.ofArray(placeOf)) : null;
        this.importance = on.staging.put(owned, MemorySegment.ofArray(plan.importance()));
        this.shares = on.staging.put(owned, MemorySegment.ofArray(plan.shares()));
        this.upper =
            plan.upper().length == 0
                ? null
                : on.staging.put(owned, MemorySegment.ofArray(plan.upper()));
        this.halved = on.staging.put(owned, MemorySegment.ofArray(plan.halved()));
      } catch (RuntimeException | Error e) {
        owned.add(on.stream::synchronize);
        owned.closeAfter(e);
        throw e;
      }
    }
  }

  CudaLayerArithmetic(DeviceSession session, StageInputs inputs) {
    this.session = session;
    this.kernels = session.kernels();
    this.stream = session.stream();
    this.inputs = inputs;
    this.staging = new Staging(session);
  }

  /** Bytes of device memory that a model's largest stage takes. */
  static long bytes(ModelConfig config) {
    int hidden = config.hiddenSize();
    int attention = config.heads() * config.headSize();
    int inner = config.intermediateSize();
    return Math.max(
        Math.max(bytes(hidden, Math.max(attention, inner)), bytes(attention, hidden)),
        bytes(inner, hidden));
  }

  private static long bytes(int inputs, int outputs) {
    long triangles = 8L * inputs * inputs;
    // A layer, what it is quantised to, and both turned; or the products of its errors.
    long layer = 12L * inputs * stride(outputs);
    return triangles
        + Math.max(2L * TOKENS_AT_ONCE * (inputs + 128L), layer)
        + 8L * Math.max(BLOCK, LOSS_ROWS) * stride(outputs);
  }

  private static int stride(int outputs) {
    return Math.ceilDiv(outputs, TILE) * TILE;
  }

  // --- Products ----------------------------------------------------------------------------------

  @Override
  public Products products(int block, List<float[]> hidden, int stage) {
    session.context().makeCurrent();
    forget();
    try (var owned = new Owned()) {
      int width = inputs.width(stage);
      var sums = new OuterProducts(session, width, inputs.stride(stage), owned);
      inputs.compute(block, hidden, stage, sums::add);
      double[] values = new double[Math.multiplyExact(width, width)];
      staging.take(sums.finish(), MemorySegment.ofArray(values));
      return new Products(width, values);
    }
  }

  // --- Columns -----------------------------------------------------------------------------------

  @Override
  public void begin(ColumnPlan plan) {
    session.context().makeCurrent();
    forget();
    begun = new Begun(this, plan);
  }

  private void forget() {
    Begun before = begun;
    if (before != null) {
      begun = null;
      before.owned.add(stream::synchronize);
      before.owned.close();
    }
  }

  private Begun begun() {
    if (begun == null) {
      throw new IllegalStateException("no stage was begun");
    }
    return begun;
  }

  @Override
  public Optional<Codes> quantise(Matrix weight) {
    session.context().makeCurrent();
    Begun of = begun();
    requireInputs(of, weight);
    try (var owned = new Owned()) {
      return new Columns(of, weight, owned).quantise();
    }
  }

  private static void requireInputs(Begun of, Matrix weight) {
    if (weight.columns() != of.plan.inputs()) {
      throw new IllegalArgumentException(
          "a layer of %d inputs, in a stage of %d".formatted(weight.columns(), of.plan.inputs()));
    }
  }

  /** A layer on its way through all inputs. */
  private final class Columns {
    private final Begun of;
    private final ColumnPlan plan;
    private final DeviceMemory upper;
    private final int inputs;
    private final int outputs;
    private final int stride;
    private final DeviceMemory weights;
    private final DeviceMemory codes;
    private final DeviceMemory errors;
    private final DeviceMemory scales;
    private final DeviceMemory zeros;
    private final DeviceMemory flags;

    Columns(Begun of, Matrix weight, Owned owned) {
      if (of.upper == null) {
        throw new IllegalStateException("the stage was begun without U");
      }
      this.of = of;
      this.plan = of.plan;
      this.upper = of.upper;
      this.inputs = plan.inputs();
      this.outputs = weight.rows();
      this.stride = stride(outputs);
      this.codes = staging.memory(owned, (long) inputs * stride);
      this.errors = staging.memory(owned, 4L * BLOCK * stride);
      this.scales = staging.memory(owned, 2L * plan.groups() * stride);
      this.zeros = staging.memory(owned, (long) plan.groups() * stride);
      this.flags = staging.memory(owned, Integer.BYTES);
      this.weights = turned(owned, weight, null, of.order);
      stream.fill(flags, 0);
    }

    Optional<Codes> quantise() {
      int segment = Math.min(plan.group(), BLOCK);
      if (plan.gridsBeforehand()) {
        for (int group = 0; group < plan.groups(); group++) {
          search(group, group * plan.group());
        }
      }
      for (int block = 0; block < inputs; block += BLOCK) {
        int end = Math.min(inputs, block + BLOCK);
        for (int at = block; at < end; at += segment) {
          int count = Math.min(segment, end - at);
          if (!plan.gridsBeforehand()) {
            search(plan.order()[at] / plan.group(), at);
          }
          take(at, count, at - block);
          compensate(at, count, at - block, at + count, end);
        }
        compensate(block, end - block, 0, end, inputs);
      }
      return found();
    }

    /** Finds the grid of a group, whose weights begin at a place. */
    private void search(int group, int at) {
      DeviceMemory places = of.places;
      kernels
          .kernel("search_grids")
          .pointer(weights)
          .pointer(places == null ? 0 : places.address())
          .pointer(of.importance)
          .pointer(upper)
          .pointer(of.shares)
          .pointer(scales.address(2L * group * stride))
          .pointer(zeros.address((long) group * stride))
          .pointer(flags)
          .integer(at)
          .integer(plan.group())
          .integer(inputs)
          .integer(stride)
          .integer(plan.shares().length)
          .integer(plan.compensated() ? 1 : 0)
          .integer(plan.maxCode())
          .integer(plan.middle())
          .launch(stream, stride / TURNED, 1, 1);
    }

    private void take(int at, int count, int errorsAt) {
      kernels
          .kernel("quantise_columns")
          .pointer(weights)
          .pointer(upper)
          .pointer(scales)
          .pointer(zeros)
          .pointer(of.groups)
          .pointer(codes)
          .pointer(errors.address(4L * errorsAt * stride))
          .integer(at)
          .integer(count)
          .integer(inputs)
          .integer(stride)
          .integer(plan.maxCode())
          .launch(stream, stride / TURNED, 1, 1);
    }

    /** The errors of some inputs go into the inputs {@code from .. to - 1}. */
    private void compensate(int at, int count, int errorsAt, int from, int to) {
      if (from < to) {
        addProducts(
            upper,
            errors.address(4L * errorsAt * stride),
            weights.address(4L * from * stride),
            new Range(at, count, from, to),
            inputs,
            stride);
      }
    }

    private Optional<Codes> found() {
      int[] flag = new int[1];
      staging.take(flags, MemorySegment.ofArray(flag));
      if (flag[0] != 0) {
        return Optional.empty();
      }
      int groups = plan.groups();
      byte[] values = new byte[Math.multiplyExact(inputs, outputs)];
      short[] scale = new short[groups * outputs];
      byte[] zero = new byte[scale.length];
      staging.takeRows(
          codes,
          stride,
          inputs,
          p -> MemorySegment.ofArray(values).asSlice((long) plan.order()[p] * outputs, outputs));
      staging.takeRows(
          scales,
          2L * stride,
          groups,
          g -> MemorySegment.ofArray(scale).asSlice(2L * g * outputs, 2L * outputs));
      staging.takeRows(
          zeros,
          stride,
          groups,
          g -> MemorySegment.ofArray(zero).asSlice((long) g * outputs, outputs));
      return Optional.of(new Codes(values, scale, zero));
    }
  }

  /** A layer's weights, less others if there are any, an input's side by side. */
  private DeviceMemory turned(
      Owned owned, Matrix weight, @Nullable Matrix minus, @Nullable DeviceMemory order) {
    int stride = stride(weight.rows());
    DeviceMemory turned = staging.memory(owned, 4L * weight.columns() * stride);
    try (var source = new Owned()) {
      DeviceMemory from = staging.put(source, MemorySegment.ofArray(weight.values()));
      DeviceMemory less =
          minus == null ? null : staging.put(source, MemorySegment.ofArray(minus.values()));
      kernels
          .kernel("turn_weights")
          .pointer(from)
          .pointer(less == null ? 0 : less.address())
          .pointer(order == null ? 0 : order.address())
          .pointer(turned)
          .integer(weight.rows())
          .integer(weight.columns())
          .integer(stride)
          .launch(stream, Math.ceilDiv(weight.columns(), TURNED), stride / TURNED, 1);
      stream.synchronize();
    }
    return turned;
  }

  /**
   * What is added to what: {@code count} rows of the triangle from {@code at}, to its columns
   * {@code from .. to - 1}.
   */
  private record Range(int at, int count, int from, int to) {}

  private void addProducts(
      DeviceMemory panels, long rows, long sums, Range range, int inputs, int stride) {
    kernels
        .kernel("add_column_products")
        .pointer(panels)
        .pointer(rows)
        .pointer(sums)
        .integer(range.count())
        .integer(range.at())
        .integer(range.from())
        .integer(range.to())
        .integer(inputs)
        .integer(stride)
        .launch(stream, stride / TILE, Math.ceilDiv(range.to() - range.from(), TILE), 1);
  }

  // --- Loss --------------------------------------------------------------------------------------

  @Override
  public double loss(Matrix weight, Matrix quantised) {
    session.context().makeCurrent();
    Begun of = begun();
    requireInputs(of, weight);
    int count = weight.columns();
    int stride = stride(weight.rows());
    double[] losses = new double[weight.rows()];
    try (var owned = new Owned()) {
      DeviceMemory errors = turned(owned, weight, quantised, null);
      DeviceMemory products = staging.memory(owned, 4L * LOSS_ROWS * stride);
      DeviceMemory sums = staging.memory(owned, 8L * stride);
      stream.fill(sums, 0);
      for (int from = 0; from < count; from += LOSS_ROWS) {
        int to = Math.min(count, from + LOSS_ROWS);
        stream.fill(products, 0);
        addProducts(
            of.halved,
            errors.address(),
            products.address(),
            new Range(0, to, from, to),
            count,
            stride);
        kernels
            .kernel("add_losses")
            .pointer(products)
            .pointer(errors.address(4L * from * stride))
            .pointer(sums)
            .integer(to - from)
            .integer(stride)
            .launch(stream, stride / TILE, 1, 1);
      }
      staging.take(sums, MemorySegment.ofArray(losses));
    }
    double sum = 0;
    for (double loss : losses) {
      sum += loss;
    }
    return 2 * sum;
  }

  @Override
  public void close() {
    session.context().makeCurrent();
    try {
      forget();
    } finally {
      staging.close();
    }
  }
}
