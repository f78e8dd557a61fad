package dev.quantgate.inference.cuda;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.LongStream;

/**
 * The memory that a step works in, for a bounded number of rows. Its sizes follow from the model
 * and the rows alone, so that {@link #bytes} knows them before anything is allocated.
 */
final class Workspace implements AutoCloseable {
  /** Positions of a page. */
  static final int PAGE = 64;

  /** Rows whose logits are computed at a time: as many as are decoded together. */
  static final int LOGIT_ROWS = 256;

  /** Tokens whose log-probabilities are looked up at a time. */
  static final int LOOKUPS = 16_384;

  /** Bound of partial attention results; more rows are taken in turn. */
  private static final long ATTENTION_BYTES = 256L << 20;

  private static final int ALIGNMENT = 256;
  private static final int MOST_HEAD_SIZE = 128;

  /** Cosines and sines of every position lie in one array. */
  private static final int MOST_POSITIONS = 1 << 22;

  /** Widths of rows, in elements. */
  record Widths(
      int residual,
      int hidden,
      int queries,
      int heads,
      int keyAt,
      int valueAt,
      int queryKeyValue,
      int attention,
      int inner,
      int logits,
      int paddedHead,
      int mostPages) {

    /**
     * Refuses what the kernels have no size for.
     *
     * @throws InferenceException of kind UNSUPPORTED
     */
    static Widths of(ModelConfig config) {
      require("elements of a head", config.headSize(), MOST_HEAD_SIZE);
      require(
          "query heads to a key/value head",
          config.heads() / config.keyValueHeads(),
          Forward.ATTENTION_ROWS);
      require("positions of a context", config.contextLength(), MOST_POSITIONS);
      int queries = config.heads() * config.headSize();
      int keys = config.keyValueHeads() * config.headSize();
      int[] bases = Packer.stacked(List.of(queries, keys, keys));
      int paddedHead = config.headSize() <= 32 ? 32 : config.headSize() <= 64 ? 64 : 128;
      return new Widths(
          pad(config.hiddenSize()),
          pad(config.hiddenSize()),
          config.heads() * paddedHead,
          config.heads(),
          bases[1],
          bases[2],
          bases[3],
          pad(queries),
          pad(config.intermediateSize()),
          Math.ceilDiv(config.vocabularySize(), 16) * 16,
          paddedHead,
          Math.ceilDiv(config.contextLength(), PAGE));
    }

    private static void require(String what, int found, int most) {
      if (found > most) {
        throw new InferenceException(
            InferenceException.Kind.UNSUPPORTED,
            "config.json has %,d %s, engine cuda computes at most %,d; use --engine cpu"
                .formatted(found, what, most));
      }
    }

    private static int pad(int n) {
      return PackedMatrix.inputTiles(n) * WeightFormat.TILE_INPUTS;
    }

    /** Floats of partial attention results that one row takes for so many pages. */
    long partialFloats(int pages) {
      return (long) heads * pages * (paddedHead + 2);
    }
  }

  /** Where the arrays of a step's plan lie in {@link #plan}, in ints. */
  record PlanLayout(
      int tokens,
      int positions,
      int rowTable,
      int items,
      int askRows,
      int lookupRows,
      int lookupTokens,
      int end) {

    static PlanLayout of(int rows) {
      int step = Math.ceilDiv(rows, 64) * 64;
      return new PlanLayout(
          0,
          step,
          2 * step,
          3 * step,
          5 * step,
          6 * step,
          6 * step + LOOKUPS,
          6 * step + 2 * LOOKUPS);
    }
  }

  private final Owned owned = new Owned();
  final Widths widths;
  final PlanLayout layout;
  final DeviceMemory residual;
  final DeviceMemory x;
  final DeviceMemory queryKeyValue;
  final DeviceMemory queries;
  final DeviceMemory attention;
  final DeviceMemory inner;
  final DeviceMemory gatheredX;
  final DeviceMemory gatheredAttention;
  final DeviceMemory gatheredInner;
  final DeviceMemory attentionPartials;
  final Product.Scratch products;
  final DeviceMemory logits;

  /** Of each row of logits the index of the largest, then, from {@link #marginsAt} on, margins. */
  final DeviceMemory peaks;

  final long marginsAt;
  final DeviceMemory largest;
  final DeviceMemory logSum;
  final DeviceMemory results;
  final DeviceMemory plan;
  final DeviceMemory tables;

  Workspace(Context context, Stream stream, DeviceModel model, int rows) {
    this(context, stream, model.config(), rows, ordered(model), denseBytes(model));
  }

  /**
   * For any weights of a checkpoint.
   *
   * @param dense bytes of the largest int4 matrix in 16 bits; 0 where there is none
   */
  Workspace(Context context, Stream stream, ModelConfig config, int rows, long dense) {
    this(context, stream, config, rows, dense > 0, dense);
  }

  /**
   * @param ordered whether there are matrices whose inputs are in an order of their own
   */
  private Workspace(
      Context context, Stream stream, ModelConfig config, int rows, boolean ordered, long dense) {
    this.widths = Widths.of(config);
    this.layout = PlanLayout.of(rows);
    List<Long> sizes = sizes(config, rows, ordered, dense);
    var memory = new ArrayList<DeviceMemory>();
    try {
      for (long size : sizes) {
        DeviceMemory one = owned.add(new DeviceMemory(context, size));
        stream.fill(one, 0);
        memory.add(one);
      }
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
    var each = memory.iterator();
    residual = each.next();
    x = each.next();
    queryKeyValue = each.next();
    queries = each.next();
    attention = each.next();
    inner = each.next();
    gatheredX = each.next();
    gatheredAttention = each.next();
    gatheredInner = each.next();
    attentionPartials = each.next();
    products = new Product.Scratch(each.next(), each.next(), each.next(), each.next());
    logits = each.next();
    peaks = each.next();
    marginsAt = 4L * Math.min(rows, LOGIT_ROWS);
    largest = each.next();
    logSum = each.next();
    results = each.next();
    plan = each.next();
    tables = each.next();
  }

  /**
   * Bytes that a workspace takes beside a model of that shape, at most.
   *
   * @param dense bytes of the largest int4 matrix in 16 bits; 0 where there is none
   */
  static long bytes(ModelConfig config, int rows, long dense) {
    return sizes(config, rows, dense > 0, dense).stream().mapToLong(Long::longValue).sum();
  }

  /** Bytes of a checkpoint's largest int4 matrix in 16 bits, at most; 0 where there is none. */
  static long largestInt4(Checkpoint checkpoint) {
    ModelConfig config = checkpoint.config();
    boolean blocks =
        checkpoint.blocks().stream()
            .flatMap(block -> block.linears().stream())
            .anyMatch(Linear.Gptq.class::isInstance);
    long head =
        checkpoint.head() instanceof Linear.Gptq
            ? PackedMatrix.bytes(WeightFormat.F16, config.hiddenSize(), config.vocabularySize())
            : 0;
    return Math.max(head, blocks ? largestDense(config) : 0);
  }

  /** Bytes of the largest matrix of a block in 16 bits. */
  static long largestDense(ModelConfig config) {
    return Math.max(
        PackedMatrix.bytes(
            WeightFormat.F16, config.hiddenSize(), Packer.interleaved(config.intermediateSize())),
        PackedMatrix.bytes(
            WeightFormat.F16, config.hiddenSize(), Widths.of(config).queryKeyValue()));
  }

  private static boolean ordered(DeviceModel model) {
    return model.matrices().stream().anyMatch(matrix -> matrix.order() != null);
  }

  private static long denseBytes(DeviceModel model) {
    return model.matrices().stream()
        .filter(matrix -> matrix.format().int4())
        .mapToLong(
            matrix -> PackedMatrix.bytes(WeightFormat.F16, matrix.inputs(), matrix.outputs()))
        .max()
        .orElse(0);
  }

  /** Sizes in bytes, in the order of the fields. */
  private static List<Long> sizes(ModelConfig config, int rows, boolean ordered, long dense) {
    Widths w = Widths.of(config);
    int logitRows = Math.min(rows, LOGIT_ROWS);
    long mostOutputs =
        Math.max(
            Math.max(Packer.interleaved(config.intermediateSize()), w.queryKeyValue()),
            Math.max(config.hiddenSize(), config.vocabularySize()));
    long blocks = Math.ceilDiv(mostOutputs, 32);
    // What may be arranged.
    long whole = Product.arrangedRows(rows);
    IntToLongFunction gathered = width -> ordered ? 2L * rows * width : 0;
    return LongStream.of(
            4L * rows * w.residual(),
            2 * whole * w.hidden(),
            4L * rows * w.queryKeyValue(),
            2L * rows * w.queries(),
            2 * whole * w.attention(),
            2 * whole * w.inner(),
            gathered.applyAsLong(w.hidden()),
            gathered.applyAsLong(w.attention()),
            gathered.applyAsLong(w.inner()),
            Math.max(
                4 * w.partialFloats(w.mostPages()),
                Math.min(ATTENTION_BYTES, 4L * logitRows * w.partialFloats(w.mostPages()))),
            4L * 4 * 64 * Math.ceilDiv(mostOutputs, 256) * 256,
            4L * blocks,
            dense,
            2L
                * Math.ceilDiv(rows, 256)
                * 256
                * Math.max(w.hidden(), Math.max(w.attention(), w.inner())),
            4L * logitRows * w.logits(),
            2L * 4 * logitRows,
            4L * logitRows,
            8L * logitRows,
            8L * LOOKUPS,
            4L * PlanLayout.of(rows).end(),
            4L * (rows + 1) * w.mostPages())
        .map(bytes -> Math.ceilDiv(Math.max(bytes, 1), ALIGNMENT) * ALIGNMENT)
        .boxed()
        .toList();
  }

  @Override
  public void close() {
    owned.close();
  }
}
