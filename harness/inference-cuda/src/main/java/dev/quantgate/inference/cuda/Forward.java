package dev.quantgate.inference.cuda;

import dev.quantgate.inference.LinearStage;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.Product.Into;
import dev.quantgate.inference.cuda.driver.Device;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Kernel;
import dev.quantgate.inference.cuda.driver.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The launches of a step: the arithmetic of a decoder of the Llama family over rows whose tokens,
 * positions and pages lie in the workspace. Nothing of it waits, so all of it can be captured.
 *
 * <p>Source of the arithmetic: transformers' modeling_llama, modeling_mistral, modeling_qwen2 and
 * modeling_qwen3. The residual stream and all sums are float32; what a product reads, and keys and
 * values, are 16-bit.
 */
final class Forward {
  private static final int GATHERED_AT_ONCE = 1024;
  private static final int HEADS_AT_ONCE = 4;
  private static final int QUERIES_AT_ONCE = 16;
  private static final int EVERY_POSITION = 1 << 30;

  /** Rows of queries, a group's heads counted apart, that a block of prefill attention takes. */
  static final int ATTENTION_ROWS = 128;

  /**
   * What is launched for a step; all else lies in device memory.
   *
   * @param rows rows in all
   * @param decodeRows how many of them, the first ones, are one position of a sequence each
   * @param pieces pieces of sequences that the other rows are
   * @param pages the most pages that a decoded row sees, or more
   * @param tableStride ints from one line of page numbers to the next
   */
  record Shape(int rows, int decodeRows, int pieces, int pages, int tableStride) {}

  private final DeviceModel model;
  private final ModelConfig config;
  private final Kernels kernels;
  private final Stream stream;
  private final Workspace work;
  private final Workspace.Widths widths;
  private final DeviceMemory pool;
  private final Product product;
  private final int window;
  private final float scale;
  private final long layerElements;
  private @Nullable Profile profile;

  Forward(
      DeviceModel model,
      Kernels kernels,
      Stream stream,
      Device device,
      Workspace work,
      DeviceMemory pool) {
    this.model = model;
    this.config = model.config();
    this.kernels = kernels;
    this.stream = stream;
    this.work = work;
    this.widths = work.widths;
    this.pool = pool;
    this.product = new Product(kernels, stream, device, work.products);
    this.window = config.slidingWindow().orElse(EVERY_POSITION);
    this.scale = (float) (1 / Math.sqrt(config.headSize()));
    this.layerElements = layerElements(config);
  }

  private static long layerElements(ModelConfig config) {
    return 2L * config.keyValueHeads() * Workspace.PAGE * Workspace.Widths.of(config).paddedHead();
  }

  /** Bytes of a page: keys and values of all layers. */
  static long pageBytes(ModelConfig config) {
    return 2 * layerElements(config) * config.layers();
  }

  /** The most rows of a piece that prefill attention takes at once. */
  static int pieceRows(ModelConfig config) {
    return Math.max(1, ATTENTION_ROWS / (config.heads() / config.keyValueHeads()));
  }

  Product product() {
    return product;
  }

  /** Takes the time of each part of the steps from now on; null for none. */
  void profile(@Nullable Profile into) {
    profile = into;
  }

  private void mark(String part) {
    Profile into = profile;
    if (into != null) {
      into.mark(part);
    }
  }

  private Kernel typed(String name) {
    return kernels.kernel(name + "_" + model.type().suffix());
  }

  /** Embedding and all blocks. */
  void blocks(Shape shape) {
    int n = config.hiddenSize();
    kernels
        .kernel("embed")
        .pointer(model.embedding())
        .pointer(plan(work.layout.tokens(), 0))
        .pointer(work.residual)
        .integer(n)
        .integer(widths.residual())
        .integer(model.embeddingType())
        .launch(stream, shape.rows(), 1, 1);
    mark("embed");
    int layer = 0;
    for (DeviceModel.Block block : model.blocks()) {
      block(block, layer++, shape);
    }
  }

  /**
   * What the product with a matrix is given, by the kernel that makes it: arranged where that saves
   * a launch. Steps that hold pieces of prompts have work enough to hide one behind.
   */
  private Product.Rows given(
      PackedMatrix matrix, DeviceMemory x, int width, int rows, boolean decodes) {
    return decodes && product.wantsArranged(matrix, rows)
        ? new Product.Rows(x, Product.arrangedRows(rows), true)
        : new Product.Rows(x, width, false);
  }

  private static boolean decodes(Shape shape) {
    return shape.pieces() == 0;
  }

  private Product.Rows x(PackedMatrix matrix, Shape shape) {
    return given(matrix, work.x, widths.hidden(), shape.rows(), decodes(shape));
  }

  private Product.Rows attention(DeviceModel.Block block, Shape shape) {
    return given(block.output(), work.attention, widths.attention(), shape.rows(), decodes(shape));
  }

  private Product.Rows inner(DeviceModel.Block block, Shape shape) {
    return given(block.down(), work.inner, widths.inner(), shape.rows(), decodes(shape));
  }

  /** A block up to what it gives, added to the residual stream. */
  private void block(DeviceModel.Block block, int layer, Shape shape) {
    for (LinearStage stage : LinearStage.values()) {
      inputs(block, layer, shape, stage);
    }
    output(block, shape);
  }

  /** Computes the inputs of a stage from those of the stage before. */
  void inputs(DeviceModel.Block block, int layer, Shape shape, LinearStage stage) {
    int rows = shape.rows();
    switch (stage) {
      case ATTENTION_INPUT -> {
        norm(block.inputNorm(), 0, rows, x(block.queryKeyValue(), shape));
        mark("norm");
      }
      case ATTENTION_OUTPUT -> {
        multiply(
            block.queryKeyValue(),
            x(block.queryKeyValue(), shape),
            work.gatheredX,
            rows,
            work.queryKeyValue,
            widths.queryKeyValue(),
            Into.STORE);
        mark("qkv");
        attend(block, layer, shape);
      }
      case MLP_INPUT -> {
        multiply(
            block.output(),
            attention(block, shape),
            work.gatheredAttention,
            rows,
            work.residual,
            widths.residual(),
            Into.ADD);
        mark("o");
        norm(block.postAttentionNorm(), 0, rows, x(block.gateUp(), shape));
        mark("norm");
      }
      case MLP_OUTPUT -> {
        Product.Rows inner = inner(block, shape);
        multiply(
            block.gateUp(),
            x(block.gateUp(), shape),
            work.gatheredX,
            rows,
            work.inner,
            inner.stride(),
            inner.arranged() ? Into.SWIGLU_ARRANGED : Into.SWIGLU);
        mark("gate_up");
      }
    }
  }

  /** Adds what the block's last stage gives. */
  void output(DeviceModel.Block block, Shape shape) {
    multiply(
        block.down(),
        inner(block, shape),
        work.gatheredInner,
        shape.rows(),
        work.residual,
        widths.residual(),
        Into.ADD);
    mark("down");
  }

  private void norm(DeviceMemory weight, long rowIndex, int rows, Product.Rows into) {
    typed("rms_norm")
        .pointer(work.residual)
        .pointer(weight)
        .pointer(rowIndex)
        .pointer(into.memory())
        .integer(config.hiddenSize())
        .integer(widths.residual())
        .integer(widths.hidden())
        .integer(into.arranged() ? into.stride() : 0)
        .real((float) config.rmsNormEpsilon())
        .launch(stream, rows, 1, 1);
  }

  private void multiply(
      PackedMatrix matrix,
      Product.Rows x,
      DeviceMemory gathered,
      int rows,
      DeviceMemory out,
      int ldo,
      Into into) {
    DeviceMemory order = matrix.order();
    Product.Rows from = x;
    if (order != null) {
      kernels
          .kernel("gather_columns")
          .pointer(x.memory())
          .pointer(order)
          .pointer(gathered)
          .integer(matrix.inputs())
          .integer(x.stride())
          .integer(x.stride())
          .launch(stream, Math.ceilDiv(matrix.inputs(), GATHERED_AT_ONCE), rows, 1);
      from = new Product.Rows(gathered, x.stride(), false);
    }
    product.run(matrix, from, rows, out, ldo, into);
  }

  private void attend(DeviceModel.Block block, int layer, Shape shape) {
    int heads = config.heads();
    int kvHeads = config.keyValueHeads();
    int size = config.headSize();
    int padded = widths.paddedHead();
    long cache = pool.address() + 2 * layerElements * layer;
    long pageStride = layerElements * config.layers();
    DeviceMemory queryNorm = block.queryNorm();
    DeviceMemory keyNorm = block.keyNorm();
    typed("rotary_cache")
        .pointer(work.queryKeyValue)
        .pointer(model.turns())
        .pointer(queryNorm == null ? 0 : queryNorm.address())
        .pointer(keyNorm == null ? 0 : keyNorm.address())
        .pointer(plan(work.layout.positions(), 0))
        .pointer(plan(work.layout.rowTable(), 0))
        .pointer(work.tables)
        .pointer(work.queries)
        .pointer(cache)
        .wide(pageStride)
        .integer(widths.queryKeyValue())
        .integer(widths.keyAt())
        .integer(widths.valueAt())
        .integer(heads)
        .integer(kvHeads)
        .integer(size)
        .integer(padded)
        .integer(shape.tableStride())
        .real((float) config.rmsNormEpsilon())
        .launch(stream, shape.rows(), Math.ceilDiv(heads + 2 * kvHeads, HEADS_AT_ONCE), 1);
    mark("rotary");
    int atOnce =
        (int)
            Math.min(
                Workspace.LOGIT_ROWS,
                work.attentionPartials.bytes() / (4 * widths.partialFloats(shape.pages())));
    int groups = kvHeads * Math.ceilDiv(heads / kvHeads, QUERIES_AT_ONCE);
    Product.Rows out = attention(block, shape);
    for (int row = 0; row < shape.decodeRows(); row += atOnce) {
      int rows = Math.min(atOnce, shape.decodeRows() - row);
      typedHead("attention_decode")
          .pointer(work.queries.address() + 2L * row * widths.queries())
          .pointer(cache)
          .pointer(plan(work.layout.positions(), row))
          .pointer(plan(work.layout.rowTable(), row))
          .pointer(work.tables)
          .pointer(work.attentionPartials)
          .wide(pageStride)
          .integer(heads)
          .integer(kvHeads)
          .integer(shape.tableStride())
          .integer(window)
          .real(scale)
          .launch(stream, shape.pages(), groups, rows);
      typed("attention_merge")
          .pointer(work.attentionPartials)
          .pointer(plan(work.layout.positions(), row))
          .pointer(out.memory())
          .integer(row)
          .integer(heads)
          .integer(size)
          .integer(padded)
          .integer(shape.pages())
          .integer(widths.attention())
          .integer(out.arranged() ? out.stride() : 0)
          .integer(window)
          .launch(stream, heads, rows, 1);
    }
    if (shape.pieces() > 0) {
      typedHead("attention_prefill")
          .pointer(work.queries)
          .pointer(cache)
          .pointer(plan(work.layout.items(), 0))
          .pointer(plan(work.layout.positions(), 0))
          .pointer(plan(work.layout.rowTable(), 0))
          .pointer(work.tables)
          .pointer(work.attention)
          .wide(pageStride)
          .integer(heads)
          .integer(kvHeads)
          .integer(size)
          .integer(shape.tableStride())
          .integer(widths.attention())
          .integer(window)
          .real(scale)
          .launch(stream, shape.pieces(), kvHeads, 1);
    }
    mark("attention");
  }

  private Kernel typedHead(String name) {
    return kernels.kernel(name + "_" + model.type().suffix() + "_d" + widths.paddedHead());
  }

  /**
   * Logits of some rows, and what is read of each: largest, its index, how far it is ahead, the
   * sum's logarithm.
   *
   * @param from where the indices of the rows begin in the plan's list; -1 for rows 0, 1, 2, ...
   */
  void head(int from, int count) {
    Product.Rows x = given(model.head(), work.x, widths.hidden(), count, true);
    norm(model.finalNorm(), from < 0 ? 0 : plan(work.layout.askRows(), from), count, x);
    mark("norm");
    multiply(model.head(), x, work.gatheredX, count, work.logits, widths.logits(), Into.STORE);
    mark("head");
    kernels
        .kernel("log_softmax")
        .pointer(work.logits)
        .pointer(work.peaks)
        .pointer(work.peaks.address() + work.marginsAt)
        .pointer(work.largest)
        .pointer(work.logSum)
        .integer(config.vocabularySize())
        .integer(widths.logits())
        .launch(stream, count, 1, 1);
    mark("readout");
  }

  /** Log-probabilities of the tokens that the plan lists. */
  void lookUp(int count) {
    kernels
        .kernel("token_log_probability")
        .pointer(work.logits)
        .pointer(plan(work.layout.lookupRows(), 0))
        .pointer(plan(work.layout.lookupTokens(), 0))
        .pointer(work.largest)
        .pointer(work.logSum)
        .pointer(work.results)
        .integer(count)
        .integer(widths.logits())
        .launch(stream, Math.ceilDiv(count, 256), 1, 1);
  }

  /** The next decode step's tokens and positions, without the host. */
  void advance(int rows) {
    kernels
        .kernel("advance")
        .pointer(work.peaks)
        .pointer(plan(work.layout.tokens(), 0))
        .pointer(plan(work.layout.positions(), 0))
        .integer(rows)
        .launch(stream, Math.ceilDiv(rows, 256), 1, 1);
  }

  private long plan(int array, int index) {
    return work.plan.address() + 4L * (array + index);
  }
}
