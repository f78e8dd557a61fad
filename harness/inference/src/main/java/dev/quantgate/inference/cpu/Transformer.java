package dev.quantgate.inference.cpu;

import dev.quantgate.inference.LinearStage;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.cpu.Projection.Into;
import dev.quantgate.inference.cpu.Projection.Rows;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of a decoder of the Llama family over a batch of rows, a row being one position of
 * one sequence. Rows meet only in attention; everything else is row by row.
 *
 * <p>The residual stream and all sums are float32. Source of the arithmetic: transformers'
 * modeling_llama, modeling_mistral, modeling_qwen2 and modeling_qwen3.
 */
final class Transformer {
  /** Rows that one thread at a time takes of a phase that works row by row. */
  private static final int ROWS_AT_ONCE = 4;

  /** One block's weights. */
  record Block(
      float[] inputNorm,
      Weights query,
      Weights key,
      Weights value,
      Weights output,
      float @Nullable [] queryNorm,
      float @Nullable [] keyNorm,
      float[] postAttentionNorm,
      Weights gate,
      Weights up,
      Weights down) {

    List<Weights> linears() {
      return List.of(query, key, value, output, gate, up, down);
    }

    long residentBytes() {
      long bytes = 0;
      for (Weights w : linears()) {
        bytes += w.residentBytes();
      }
      return bytes;
    }
  }

  /**
   * Consecutive positions of one sequence, as rows of a step.
   *
   * @param pages the sequence's pages in order
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Span(MemorySegment[] pages, int position, int rows) {}

  /** Sees what a stage's linear layers are given; answers whether the block is to go on. */
  @FunctionalInterface
  interface Watcher {
    boolean goOn(LinearStage stage, Rows rows);
  }

  private final ModelConfig config;
  private final SpinTeam team;
  private final Projection projection;
  private final RotaryEmbedding rotary;
  private final Attention attention;
  private final Attention.Scratch[] attentionScratch;
  private final float[][] lanes;

  private final int hiddenStride;
  private final int queryStride;
  private final int keyStride;
  private final int innerStride;
  private int capacity;
  private float[] normed = new float[0];
  private float[] query = new float[0];
  private float[] key = new float[0];
  private float[] value = new float[0];
  private float[] mixed = new float[0];
  private float[] inner = new float[0];
  private final List<Piece> pieces = new ArrayList<>();
  private MemorySegment[] pageOfRow = new MemorySegment[0];
  private int[] positionOfRow = new int[0];
  private float[] cos = new float[0];
  private float[] sin = new float[0];

  Transformer(ModelConfig config, KeyValuePages cache, SpinTeam team) {
    this.config = config;
    this.team = team;
    this.projection = new Projection(team);
    this.rotary = new RotaryEmbedding(config);
    this.attention =
        new Attention(
            cache,
            config.headSize(),
            config.heads() / config.keyValueHeads(),
            config.slidingWindow().orElse(Integer.MAX_VALUE));
    this.attentionScratch = new Attention.Scratch[team.size()];
    this.lanes = new float[team.size()][Lanes.COUNT];
    for (int i = 0; i < attentionScratch.length; i++) {
      attentionScratch[i] = new Attention.Scratch();
    }
    this.hiddenStride = Lanes.pad(config.hiddenSize());
    this.queryStride = Lanes.pad(config.heads() * config.headSize());
    this.keyStride = Lanes.pad(config.keyValueHeads() * config.headSize());
    this.innerStride = Lanes.pad(config.intermediateSize());
  }

  /** Floats from one hidden state to the next in the arrays that this class takes. */
  int hiddenStride() {
    return hiddenStride;
  }

  Projection projection() {
    return projection;
  }

  /** Bytes of activations for a step of so many rows. */
  static long activationBytes(ModelConfig config, int rows) {
    long width =
        3L * Lanes.pad(config.hiddenSize())
            + 2L * Lanes.pad(config.heads() * config.headSize())
            + 2L * Lanes.pad(config.keyValueHeads() * config.headSize())
            + Lanes.pad(config.intermediateSize())
            + config.headSize();
    return 4L * rows * width;
  }

  private void makeRoom(int rows) {
    if (rows <= capacity) {
      return;
    }
    capacity = rows;
    normed = new float[rows * hiddenStride];
    query = new float[rows * queryStride];
    key = new float[rows * keyStride];
    value = new float[rows * keyStride];
    mixed = new float[rows * queryStride];
    inner = new float[rows * innerStride];
    cos = new float[rows * (config.headSize() / 2)];
    sin = new float[rows * (config.headSize() / 2)];
  }

  /**
   * Takes the spans of a step: where each row's keys and values go, and the angles of its position.
   * To be called once a step, before its blocks.
   */
  void begin(List<Span> spans) {
    int rows = spans.stream().mapToInt(Span::rows).sum();
    makeRoom(rows);
    pieces.clear();
    pageOfRow = new MemorySegment[rows];
    positionOfRow = new int[rows];
    int row = 0;
    for (Span span : spans) {
      MemorySegment[] pages = span.pages();
      for (int i = 0; i < span.rows(); i += attention.rowsAtOnce()) {
        int n = Math.min(attention.rowsAtOnce(), span.rows() - i);
        pieces.add(new Piece(pages, span.position() + i, row + i, n));
      }
      for (int i = 0; i < span.rows(); i++) {
        positionOfRow[row + i] = span.position() + i;
        pageOfRow[row + i] = pages[(span.position() + i) / KeyValuePages.PAGE];
      }
      row += span.rows();
    }
    int[] positions = positionOfRow;
    int half = config.headSize() / 2;
    eachRow(rows, r -> rotary.angles(positions[r], cos, sin, r * half));
  }

  /**
   * Runs one block over the rows of some spans.
   *
   * @param layer where keys and values go in the cache
   * @param hidden {@code [rows, hiddenStride]}, changed in place
   * @return whether the watcher let the block finish
   */
  boolean run(Block block, int layer, float[] hidden, List<Span> spans, @Nullable Watcher watcher) {
    return run(LinearStage.ATTENTION_INPUT, block, layer, hidden, spans, watcher);
  }

  /**
   * Runs one block from a stage on, which the watcher sees first.
   *
   * @param hidden the residual stream at that stage, changed in place
   * @param from behind {@link LinearStage#ATTENTION_OUTPUT} and {@link LinearStage#MLP_OUTPUT} the
   *     stage's inputs are taken from {@link #inputs}, where the caller has put them; the others
   *     follow from {@code hidden}
   */
  boolean run(
      LinearStage from,
      Block block,
      int layer,
      float[] hidden,
      List<Span> spans,
      @Nullable Watcher watcher) {
    int rows = spans.stream().mapToInt(Span::rows).sum();
    var stream = new Rows(hidden, hiddenStride);
    Rows norm = inputs(LinearStage.ATTENTION_INPUT);
    Rows mix = inputs(LinearStage.ATTENTION_OUTPUT);
    Rows product = inputs(LinearStage.MLP_OUTPUT);

    if (from == LinearStage.ATTENTION_INPUT) {
      norm(hidden, block.inputNorm(), rows);
      if (watcher != null && !watcher.goOn(LinearStage.ATTENTION_INPUT, norm)) {
        return false;
      }
      projection.project(
          norm,
          rows,
          new Weights[] {block.query(), block.key(), block.value()},
          new Rows[] {
            new Rows(query, queryStride), new Rows(key, keyStride), new Rows(value, keyStride)
          },
          Into.SET);
      attend(block, layer, rows);
    }
    if (from.compareTo(LinearStage.ATTENTION_OUTPUT) <= 0) {
      if (watcher != null && !watcher.goOn(LinearStage.ATTENTION_OUTPUT, mix)) {
        return false;
      }
      projection.project(mix, rows, new Weights[] {block.output()}, new Rows[] {stream}, Into.ADD);
    }
    if (from.compareTo(LinearStage.MLP_INPUT) <= 0) {
      norm(hidden, block.postAttentionNorm(), rows);
      if (watcher != null && !watcher.goOn(LinearStage.MLP_INPUT, norm)) {
        return false;
      }
      projection.swiglu(norm, rows, block.gate(), block.up(), product);
    }
    if (watcher != null && !watcher.goOn(LinearStage.MLP_OUTPUT, product)) {
      return false;
    }
    projection.project(product, rows, new Weights[] {block.down()}, new Rows[] {stream}, Into.ADD);
    return true;
  }

  /** Where a stage's inputs lie, after {@link #begin}. */
  Rows inputs(LinearStage stage) {
    return switch (stage) {
      case ATTENTION_INPUT, MLP_INPUT -> new Rows(normed, hiddenStride);
      case ATTENTION_OUTPUT -> new Rows(mixed, queryStride);
      case MLP_OUTPUT -> new Rows(inner, innerStride);
    };
  }

  private record Piece(MemorySegment[] pages, int position, int row, int rows) {}

  private void attend(Block block, int layer, int rows) {
    int size = config.headSize();
    int half = size / 2;
    float[] queryNorm = block.queryNorm();
    float[] keyNorm = block.keyNorm();
    eachRow(
        rows,
        (r, thread) -> {
          for (int head = 0; head < config.heads(); head++) {
            int at = r * queryStride + head * size;
            if (queryNorm != null) {
              normHead(query, at, queryNorm, lanes[thread]);
            }
            rotary.rotate(query, at, cos, sin, r * half);
          }
          for (int head = 0; head < config.keyValueHeads(); head++) {
            int at = r * keyStride + head * size;
            if (keyNorm != null) {
              normHead(key, at, keyNorm, lanes[thread]);
            }
            rotary.rotate(key, at, cos, sin, r * half);
            attention.store(pageOfRow[r], layer, head, positionOfRow[r], key, at, value, at);
          }
        });
    int heads = config.keyValueHeads();
    int last = pieces.size() - 1;
    team.forEach(
        pieces.size() * heads,
        (item, thread) -> {
          // The last pieces of a sequence see the most positions: longest first.
          Piece piece = pieces.get(last - item / heads);
          attention.attend(
              piece.pages(),
              layer,
              item % heads,
              piece.position(),
              piece.row(),
              piece.rows(),
              query,
              queryStride,
              mixed,
              queryStride,
              attentionScratch[thread]);
        });
  }

  /** {@code normed = hidden * rsqrt(mean(hidden^2) + eps) * weight}, for each row. */
  private void norm(float[] hidden, float[] weight, int rows) {
    int n = config.hiddenSize();
    eachRow(
        rows,
        (r, thread) -> {
          int at = r * hiddenStride;
          float scale = scale(hidden, at, n, lanes[thread]);
          scaled(hidden, at, scale, weight, normed, at, n);
        });
  }

  private void normHead(float[] values, int at, float[] weight, float[] spare) {
    int n = config.headSize();
    float scale = scale(values, at, n, spare);
    scaled(values, at, scale, weight, values, at, n);
  }

  private static void scaled(
      float[] from, int at, float scale, float[] weight, float[] to, int offset, int n) {
    int i = 0;
    for (; i + Lanes.COUNT <= n; i += Lanes.COUNT) {
      Lanes.load(from, at + i).mul(scale).mul(Lanes.load(weight, i)).intoArray(to, offset + i);
    }
    for (; i < n; i++) {
      to[offset + i] = from[at + i] * scale * weight[i];
    }
  }

  private float scale(float[] values, int at, int n, float[] spare) {
    var sum = Lanes.zero();
    int i = 0;
    for (; i + Lanes.COUNT <= n; i += Lanes.COUNT) {
      var x = Lanes.load(values, at + i);
      sum = x.fma(x, sum);
    }
    float total = Lanes.tree(sum, spare);
    for (; i < n; i++) {
      total = Math.fma(values[at + i], values[at + i], total);
    }
    return (float) (1 / Math.sqrt(total / n + config.rmsNormEpsilon()));
  }

  /** Norms some rows of {@code hidden} for the head; the result is good until the next call. */
  Rows finalNorm(float[] hidden, int[] rows, int from, int count, float[] weight) {
    makeRoom(count);
    int n = config.hiddenSize();
    eachRow(
        count,
        (r, thread) -> {
          int at = rows[from + r] * hiddenStride;
          float scale = scale(hidden, at, n, lanes[thread]);
          scaled(hidden, at, scale, weight, normed, r * hiddenStride, n);
        });
    return new Rows(normed, hiddenStride);
  }

  /** Writes the embeddings of some tokens as rows of {@code hidden}. */
  void embed(Tensor embedding, int[] tokens, int count, float[] hidden) {
    int n = config.hiddenSize();
    eachRow(
        count,
        r -> {
          Widening.elements(embedding, (long) tokens[r] * n, hidden, r * hiddenStride, n);
        });
  }

  private void eachRow(int rows, IntConsumer task) {
    eachRow(rows, (row, thread) -> task.accept(row));
  }

  private void eachRow(int rows, SpinTeam.Task task) {
    team.forEach(
        (rows + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE,
        (item, thread) -> {
          int end = Math.min(rows, (item + 1) * ROWS_AT_ONCE);
          for (int row = item * ROWS_AT_ONCE; row < end; row++) {
            task.run(row, thread);
          }
        });
  }

  /** A block as its checkpoint stores it. */
  static Block block(Checkpoint.Block block, Function<Linear, Weights> weights) {
    return new Block(
        Widening.vector(block.inputNorm()),
        weights.apply(block.query()),
        weights.apply(block.key()),
        weights.apply(block.value()),
        weights.apply(block.output()),
        block.queryNorm().map(Widening::vector).orElse(null),
        block.keyNorm().map(Widening::vector).orElse(null),
        Widening.vector(block.postAttentionNorm()),
        weights.apply(block.gate()),
        weights.apply(block.up()),
        weights.apply(block.down()));
  }
}
