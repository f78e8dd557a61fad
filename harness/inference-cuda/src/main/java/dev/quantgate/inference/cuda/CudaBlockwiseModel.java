package dev.quantgate.inference.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.LayerArithmetic;
import dev.quantgate.inference.LinearStage;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.PinnedMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import dev.quantgate.inference.engine.Slice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The quantiser's view of a checkpoint on a device: the engine's kernels, one block's weights on
 * the device at a time. Weights and what products read are binary16, whatever the checkpoint has;
 * the residual stream is float32, and so are the hidden states that go from block to block.
 *
 * <p>A stage is computed from its block's inputs each time: that is cheaper here than to keep what
 * came before it. Sequences are computed one after the other, in steps of as many rows as the
 * workspace has.
 */
final class CudaBlockwiseModel implements BlockwiseModel {
  /** Pages of keys and values that are taken at first: most calibration texts fit. */
  private static final int FIRST_PAGES = 2048 / Workspace.PAGE;

  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final DeviceSession session;
  private final Stream stream;
  private final Owned owned;
  private final BlockWeights weights;
  private final DeviceModel fixed;
  private final Workspace work;
  private final StepPlan plan;
  private final PinnedMemory pinned;
  private final int stepRows;
  private final CudaLayerArithmetic arithmetic;
  private DeviceMemory pool;
  private Forward forward;

  /**
   * @param owned what is closed with this, the session and the checkpoint in it; what is taken here
   *     is added
   * @param name the model, for messages
   */
  CudaBlockwiseModel(Checkpoint checkpoint, DeviceSession session, Owned owned, String name) {
    this.checkpoint = checkpoint;
    this.session = session;
    this.stream = session.stream();
    this.owned = owned;
    this.config = checkpoint.config();
    // One layer's keys and values at a time.
    ModelConfig one = config.withLayers(1);
    this.stepRows = stepRows(config);
    Packer packer = owned.add(new Packer(session.context(), session.kernels(), stream));
    this.weights = owned.add(new BlockWeights(checkpoint, packer, stream));
    this.fixed =
        owned.add(
            DeviceModel.loadWithoutBlocks(
                session.context(), packer, checkpoint, one, Activation.F16, name));
    this.work =
        owned.add(
            new Workspace(
                session.context(), stream, one, stepRows, Workspace.largestInt4(checkpoint)));
    this.plan = owned.add(new StepPlan(session.context(), stream, config, work));
    long widest =
        Math.max(
            4L * stepRows * work.widths.residual(),
            Math.max(
                2L * stepRows * Math.max(work.widths.inner(), work.widths.attention()),
                4L * Workspace.LOGIT_ROWS * work.widths.logits()));
    this.pinned = owned.add(new PinnedMemory(session.context(), widest));
    this.pool = pool(one, FIRST_PAGES);
    owned.add(() -> pool.close());
    this.forward = forward();
    this.arithmetic = owned.add(new CudaLayerArithmetic(session, new Inputs()));
  }

  private static int stepRows(ModelConfig config) {
    return Math.min(CudaExecutor.STEP_ROWS, config.contextLength());
  }

  /** Bytes of device memory that it takes, with pages for the first texts. */
  static long bytes(Checkpoint checkpoint) {
    ModelConfig config = checkpoint.config();
    ModelConfig one = config.withLayers(1);
    // A block's weights are there in 16 bits at most, and once more as they come.
    return DeviceModel.bytes(one, WeightFormat.F16)
        + 4L * Workspace.largestDense(config)
        + Workspace.bytes(one, stepRows(config), Workspace.largestInt4(checkpoint))
        + Forward.pageBytes(one) * FIRST_PAGES
        + CudaLayerArithmetic.bytes(config);
  }

  private DeviceMemory pool(ModelConfig one, int pages) {
    return new DeviceMemory(session.context(), Forward.pageBytes(one) * pages);
  }

  private Forward forward() {
    return new Forward(fixed, session.kernels(), stream, session.device(), work, pool);
  }

  @Override
  public int blocks() {
    return config.layers();
  }

  @Override
  public int hiddenSize() {
    return config.hiddenSize();
  }

  @Override
  public float[] embed(List<Integer> tokens) {
    int n = config.hiddenSize();
    Tensor table = checkpoint.embedding();
    long rowBytes = (long) n * table.dtype().bytes();
    float[] hidden = new float[Math.multiplyExact(tokens.size(), n)];
    for (int i = 0; i < tokens.size(); i++) {
      int token = tokens.get(i);
      if (token < 0 || token >= config.vocabularySize()) {
        throw new IllegalArgumentException(
            "token id %d is outside the vocabulary 0..%d"
                .formatted(token, config.vocabularySize() - 1));
      }
      var row =
          new Tensor(
              table.name(),
              table.dtype(),
              new long[] {n},
              table.data().asSlice(token * rowBytes, rowBytes));
      System.arraycopy(Packer.floats(row), 0, hidden, i * n, n);
    }
    return hidden;
  }

  @Override
  public List<List<String>> linearStages(int block) {
    return weights.names(block);
  }

  @Override
  public Matrix weight(String name) {
    return weights.weight(name);
  }

  @Override
  public void replace(String name, Matrix weight) {
    session.context().makeCurrent();
    weights.replace(name, weight);
  }

  @Override
  public void observe(int block, List<float[]> hidden, int stage, StageObserver observer) {
    LinearStage wanted = LinearStage.values()[stage];
    int width = width(wanted);
    for (int i = 0; i < hidden.size(); i++) {
      int rows = rows(hidden.get(i));
      float[] seen = new float[Math.multiplyExact(rows, width)];
      inputs(
          block,
          hidden.get(i),
          wanted,
          (from, count) ->
              takeHalves(source(wanted), stride(wanted), count, width, seen, from * width));
      observer.accept(i, new Matrix(rows, width, seen));
    }
  }

  /** What sees a stage's inputs: so many rows, the first of them which of the sequence. */
  @FunctionalInterface
  private interface Seen {
    void rows(int from, int count);
  }

  /** Computes a stage's inputs of a sequence, some rows at a time, in {@link #source}. */
  private void inputs(int block, float[] hidden, LinearStage wanted, Seen seen) {
    compute(
        block,
        hidden,
        (device, shape, from) -> {
          for (LinearStage each : LinearStage.values()) {
            if (each.compareTo(wanted) <= 0) {
              forward.inputs(device, 0, shape, each);
            }
          }
          seen.rows(from, shape.rows());
        });
  }

  @Override
  public Optional<LayerArithmetic> arithmetic() {
    return Optional.of(arithmetic);
  }

  /** The same for the arithmetic on the device. */
  private final class Inputs implements CudaLayerArithmetic.StageInputs {
    @Override
    public int width(int stage) {
      return CudaBlockwiseModel.this.width(LinearStage.values()[stage]);
    }

    @Override
    public int stride(int stage) {
      return CudaBlockwiseModel.this.stride(LinearStage.values()[stage]);
    }

    @Override
    public void compute(int block, List<float[]> hidden, int stage, CudaLayerArithmetic.Rows rows) {
      LinearStage wanted = LinearStage.values()[stage];
      for (float[] each : hidden) {
        inputs(block, each, wanted, (from, count) -> rows.take(source(wanted), count));
      }
    }
  }

  @Override
  public List<float[]> run(int block, List<float[]> hidden) {
    int n = config.hiddenSize();
    var next = new ArrayList<float[]>(hidden.size());
    for (float[] each : hidden) {
      float[] out = new float[each.length];
      compute(
          block,
          each,
          (device, shape, from) -> {
            for (LinearStage stage : LinearStage.values()) {
              forward.inputs(device, 0, shape, stage);
            }
            forward.output(device, shape);
            takeFloats(work.residual, work.widths.residual(), shape.rows(), n, out, from * n);
          });
      next.add(out);
    }
    return next;
  }

  /** What is launched for some rows of a sequence, whose hidden states are in the workspace. */
  private interface Piece {
    void compute(DeviceModel.Block block, Forward.Shape shape, int from);
  }

  private void compute(int index, float[] hidden, Piece piece) {
    session.context().makeCurrent();
    int rows = rows(hidden);
    int[] pages = IntStream.range(0, Math.ceilDiv(rows, Workspace.PAGE)).toArray();
    grow(pages.length);
    DeviceModel.Block block = weights.block(index);
    int[] tokens = new int[rows];
    for (int from = 0; from < rows; from += stepRows) {
      int to = Math.min(rows, from + stepRows);
      put(hidden, from, to);
      var slice = new Slice(pages, tokens, from, to, List.of());
      int seen = Math.ceilDiv(to, Workspace.PAGE);
      Forward.Shape shape =
          plan.mixed(List.of(slice), slice.rows() == 1 ? 1 : 0, seen, seen).shape();
      piece.compute(block, shape, from);
      // The plan and the page-locked memory are written again.
      stream.synchronize();
    }
  }

  private void grow(int pages) {
    ModelConfig one = fixed.config();
    if (pool.bytes() < Forward.pageBytes(one) * pages) {
      stream.synchronize();
      pool.close();
      pool = pool(one, pages);
      forward = forward();
    }
  }

  /** Hidden states of some rows into the residual stream. */
  private void put(float[] hidden, int from, int to) {
    int n = config.hiddenSize();
    int stride = work.widths.residual();
    MemorySegment memory = pinned.segment();
    for (int r = from; r < to; r++) {
      MemorySegment.copy(hidden, r * n, memory, JAVA_FLOAT, 4L * (r - from) * stride, n);
    }
    stream.copyIn(work.residual, 0, memory.asSlice(0, 4L * (to - from) * stride));
  }

  private void takeFloats(
      DeviceMemory from, int stride, int rows, int width, float[] to, int offset) {
    MemorySegment memory = pinned.segment().asSlice(0, 4L * rows * stride);
    stream.copyOut(memory, from, 0);
    stream.synchronize();
    for (int r = 0; r < rows; r++) {
      MemorySegment.copy(memory, JAVA_FLOAT, 4L * r * stride, to, offset + r * width, width);
    }
  }

  private void takeHalves(
      DeviceMemory from, int stride, int rows, int width, float[] to, int offset) {
    MemorySegment memory = pinned.segment().asSlice(0, 2L * rows * stride);
    stream.copyOut(memory, from, 0);
    stream.synchronize();
    IntStream.range(0, rows)
        .parallel()
        .forEach(r -> {
          for (int i = 0; i < width; i++) {
            to[offset + r * width + i] =
                Float.float16ToFloat(memory.getAtIndex(JAVA_SHORT, (long) r * stride + i));
          }
        });
  }

  private DeviceMemory source(LinearStage stage) {
    return switch (stage) {
      case ATTENTION_INPUT, MLP_INPUT -> work.x;
      case ATTENTION_OUTPUT -> work.attention;
      case MLP_OUTPUT -> work.inner;
    };
  }

  private int stride(LinearStage stage) {
    return switch (stage) {
      case ATTENTION_INPUT, MLP_INPUT -> work.widths.hidden();
      case ATTENTION_OUTPUT -> work.widths.attention();
      case MLP_OUTPUT -> work.widths.inner();
    };
  }

  private int width(LinearStage stage) {
    return switch (stage) {
      case ATTENTION_INPUT, MLP_INPUT -> config.hiddenSize();
      case ATTENTION_OUTPUT -> config.heads() * config.headSize();
      case MLP_OUTPUT -> config.intermediateSize();
    };
  }

  private int rows(float[] hidden) {
    if (hidden.length % config.hiddenSize() != 0) {
      throw new IllegalArgumentException(
          "%d values are no whole number of hidden states of %d"
              .formatted(hidden.length, config.hiddenSize()));
    }
    return hidden.length / config.hiddenSize();
  }

  @Override
  public Matrix logits(float[] hidden) {
    session.context().makeCurrent();
    int rows = rows(hidden);
    int vocabulary = config.vocabularySize();
    float[] values = new float[Math.multiplyExact(rows, vocabulary)];
    int most = Math.min(stepRows, Workspace.LOGIT_ROWS);
    for (int from = 0; from < rows; from += most) {
      int to = Math.min(rows, from + most);
      put(hidden, from, to);
      forward.head(-1, to - from);
      takeFloats(
          work.logits, work.widths.logits(), to - from, vocabulary, values, from * vocabulary);
    }
    return new Matrix(rows, vocabulary, values);
  }

  @Override
  public void release(int block) {
    session.context().makeCurrent();
    weights.release(block);
  }

  @Override
  public void close() {
    session.context().makeCurrent();
    owned.add(stream::synchronize);
    owned.close();
  }
}
