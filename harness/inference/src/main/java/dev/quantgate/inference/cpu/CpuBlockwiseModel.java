package dev.quantgate.inference.cpu;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.LinearStage;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.cpu.Projection.Into;
import dev.quantgate.inference.cpu.Projection.Rows;
import dev.quantgate.inference.cpu.Transformer.Span;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The quantiser's view of a checkpoint, on the kernels of the engine: each block by itself, its
 * linear layers' weights replaceable.
 *
 * <p>Sequences are computed one after the other, each at once, all threads on it. What the last
 * observed stage was given is kept where it takes no more than half of the free heap, and the next
 * stage continues from there; so a walk through all stages costs one pass. Where it does not fit,
 * the next stage continues from the latest one that did.
 */
final class CpuBlockwiseModel implements BlockwiseModel {
  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final SpinTeam team;
  private final Runnable close;
  private final KeyValuePages cache;
  private final Transformer transformer;
  private final Map<Integer, Opened> opened = new HashMap<>();
  private final Arena arena = Arena.ofShared();
  private @Nullable Weights head;
  private @Nullable Walk walk;

  /**
   * How far the sequences of a block are.
   *
   * @param hidden the list that was observed, known by its identity
   * @param states one for each sequence, at the inputs of {@code stage}
   */
  private record Walk(int block, List<float[]> hidden, LinearStage stage, List<State> states) {}

  /**
   * A sequence at a stage.
   *
   * @param stream the residual stream {@code [rows, hidden]}
   * @param inputs the stage's inputs, where they do not follow from the stream; else empty
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record State(float[] stream, float[] inputs) {}

  /** A block in use: its weights, and the memory that replaced ones take. */
  private static final class Opened {
    final Arena arena = Arena.ofShared();
    final Map<String, Weights> weights = new HashMap<>();
    Transformer.@Nullable Block block;
  }

  CpuBlockwiseModel(Checkpoint checkpoint, SpinTeam team, Runnable close) {
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
    this.team = team;
    this.close = close;
    // One layer at a time is in it, and one sequence.
    this.cache = new KeyValuePages(config, 1);
    this.transformer = new Transformer(config, cache, team);
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
    float[] hidden = new float[tokens.size() * n];
    for (int i = 0; i < tokens.size(); i++) {
      int token = tokens.get(i);
      if (token < 0 || token >= config.vocabularySize()) {
        throw new IllegalArgumentException(
            "token id %d is outside the vocabulary 0..%d"
                .formatted(token, config.vocabularySize() - 1));
      }
      Widening.elements(checkpoint.embedding(), (long) token * n, hidden, i * n, n);
    }
    return hidden;
  }

  @Override
  public List<List<String>> linearStages(int block) {
    return checkpoint.blocks().get(block).stages().stream()
        .map(stage -> stage.stream().map(Linear::name).toList())
        .toList();
  }

  private record Found(int block, Linear linear) {}

  private Found find(String name) {
    for (int b = 0; b < config.layers(); b++) {
      for (List<Linear> stage : checkpoint.blocks().get(b).stages()) {
        for (Linear linear : stage) {
          if (linear.name().equals(name)) {
            return new Found(b, linear);
          }
        }
      }
    }
    throw new IllegalArgumentException("the checkpoint has no linear layer \"%s\"".formatted(name));
  }

  private Opened open(int block) {
    return opened.computeIfAbsent(block, b -> new Opened());
  }

  private Weights weights(int block, Linear linear) {
    Opened own = open(block);
    return own.weights.computeIfAbsent(
        linear.name(), name -> LoadedModel.weights(linear, own.arena, team));
  }

  @Override
  public Matrix weight(String name) {
    Found found = find(name);
    Weights weights = weights(found.block(), found.linear());
    int outputs = weights.outputs();
    int inputs = weights.inputs();
    float[] values = new float[Math.multiplyExact(outputs, inputs)];
    int[] slots = weights.slots();
    int columns = weights.columns();
    team.forEach(
        outputs,
        (row, thread) -> {
          float[] panel = new float[columns];
          weights.unpack(row, 1, panel);
          if (slots == null) {
            System.arraycopy(panel, 0, values, row * inputs, inputs);
          } else {
            for (int c = 0; c < columns; c++) {
              if (slots[c] >= 0) {
                values[row * inputs + slots[c]] = panel[c];
              }
            }
          }
        });
    return new Matrix(outputs, inputs, values);
  }

  @Override
  public void replace(String name, Matrix weight) {
    Found found = find(name);
    Linear linear = found.linear();
    if (weight.rows() != linear.outputs() || weight.columns() != linear.inputs()) {
      throw new IllegalArgumentException(
          "%s is %d x %d, not %d x %d"
              .formatted(name, linear.outputs(), linear.inputs(), weight.rows(), weight.columns()));
    }
    Walk behind = walk;
    if (behind != null
        && behind.block() == found.block()
        && stageOf(found).compareTo(behind.stage()) < 0) {
      walk = null;
    }
    Opened own = open(found.block());
    MemorySegment data = own.arena.allocate(4L * weight.values().length, 64);
    MemorySegment.copy(weight.values(), 0, data, Widening.FLOAT, 0, weight.values().length);
    var tensor =
        new Tensor(name, Tensor.DType.F32, new long[] {weight.rows(), weight.columns()}, data);
    own.weights.put(
        name,
        new Weights.Dense(
            tensor,
            weight.rows(),
            weight.columns(),
            linear.bias().map(Widening::vector).orElse(null)));
    own.block = null;
  }

  private Transformer.Block block(int index) {
    Opened own = open(index);
    Transformer.Block block = own.block;
    if (block == null) {
      block = Transformer.block(checkpoint.blocks().get(index), linear -> weights(index, linear));
      own.block = block;
    }
    return block;
  }

  private LinearStage stageOf(Found found) {
    List<List<Linear>> stages = checkpoint.blocks().get(found.block()).stages();
    for (int i = 0; i < stages.size(); i++) {
      if (stages.get(i).contains(found.linear())) {
        return LinearStage.values()[i];
      }
    }
    throw new IllegalArgumentException("%s belongs to no stage".formatted(found.linear().name()));
  }

  private int width(LinearStage stage) {
    return switch (stage) {
      case ATTENTION_INPUT, MLP_INPUT -> config.hiddenSize();
      case ATTENTION_OUTPUT -> config.heads() * config.headSize();
      case MLP_OUTPUT -> config.intermediateSize();
    };
  }

  /** The state of a walk that came from these hidden states and is not behind the stage. */
  private @Nullable Walk walkTo(LinearStage stage, int block, List<float[]> hidden) {
    Walk found = walk;
    return found != null
            && found.block() == block
            && found.hidden() == hidden
            && found.stage().compareTo(stage) <= 0
        ? found
        : null;
  }

  @Override
  public void observe(int block, List<float[]> hidden, int stage, StageObserver observer) {
    LinearStage wanted = LinearStage.values()[stage];
    Walk from = walkTo(wanted, block, hidden);
    boolean keep = fits(wanted, hidden);
    var states = new ArrayList<State>();
    for (int i = 0; i < hidden.size(); i++) {
      int sequence = i;
      int rows = rows(hidden.get(i));
      float[] stream = spread(from == null ? hidden.get(i) : from.states().get(i).stream(), rows);
      compute(
          from,
          i,
          block,
          stream,
          rows,
          (at, seen) -> {
            if (at != wanted) {
              return true;
            }
            float[] inputs = gather(seen, rows, width(at));
            if (keep) {
              states.add(state(at, hidden.get(sequence), stream, rows, inputs));
            }
            observer.accept(sequence, new Matrix(rows, width(at), inputs));
            return false;
          });
    }
    if (keep && states.size() == hidden.size()) {
      walk = new Walk(block, hidden, wanted, states);
    }
  }

  private State state(LinearStage stage, float[] before, float[] stream, int rows, float[] inputs) {
    float[] nothing = new float[0];
    return switch (stage) {
      case ATTENTION_INPUT -> new State(before, nothing);
      case ATTENTION_OUTPUT -> new State(before, inputs);
      case MLP_INPUT -> new State(compact(stream, rows), nothing);
      case MLP_OUTPUT -> new State(compact(stream, rows), inputs);
    };
  }

  private boolean fits(LinearStage stage, List<float[]> hidden) {
    long tokens = hidden.stream().mapToLong(this::rows).sum();
    long bytes =
        switch (stage) {
          case ATTENTION_INPUT -> 0;
          case ATTENTION_OUTPUT, MLP_INPUT -> 4L * tokens * width(stage);
          case MLP_OUTPUT -> 4L * tokens * (config.hiddenSize() + width(stage));
        };
    Runtime runtime = Runtime.getRuntime();
    return bytes < (runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory()) / 2;
  }

  @Override
  public List<float[]> run(int block, List<float[]> hidden) {
    Walk from = walkTo(LinearStage.MLP_OUTPUT, block, hidden);
    var next = new ArrayList<float[]>(hidden.size());
    for (int i = 0; i < hidden.size(); i++) {
      int rows = rows(hidden.get(i));
      float[] stream = spread(from == null ? hidden.get(i) : from.states().get(i).stream(), rows);
      compute(from, i, block, stream, rows, null);
      next.add(compact(stream, rows));
    }
    walk = null;
    return next;
  }

  private void compute(
      @Nullable Walk from,
      int index,
      int block,
      float[] stream,
      int rows,
      Transformer.@Nullable Watcher watcher) {
    if (rows == 0) {
      return;
    }
    LinearStage stage = from == null ? LinearStage.ATTENTION_INPUT : from.stage();
    int[] pages = new int[KeyValuePages.pages(rows)];
    Arrays.setAll(pages, i -> i);
    var spans = List.of(new Span(cache.table(pages, rows), 0, rows));
    transformer.begin(spans);
    if (from != null) {
      float[] inputs = from.states().get(index).inputs();
      if (inputs.length > 0) {
        Rows target = transformer.inputs(stage);
        int width = width(stage);
        for (int r = 0; r < rows; r++) {
          System.arraycopy(inputs, r * width, target.values(), r * target.stride(), width);
        }
      }
    }
    transformer.run(stage, block(block), 0, stream, spans, watcher);
  }

  private float[] compact(float[] stream, int rows) {
    return gather(new Rows(stream, transformer.hiddenStride()), rows, config.hiddenSize());
  }

  private int rows(float[] hidden) {
    if (hidden.length % config.hiddenSize() != 0) {
      throw new IllegalArgumentException(
          "%d values are no whole number of hidden states of %d"
              .formatted(hidden.length, config.hiddenSize()));
    }
    return hidden.length / config.hiddenSize();
  }

  /** Rows at the kernels' distance, which is padded; always a copy. */
  private float[] spread(float[] hidden, int rows) {
    int stride = transformer.hiddenStride();
    int n = config.hiddenSize();
    if (stride == n) {
      return hidden.clone();
    }
    float[] spread = new float[rows * stride];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(hidden, r * n, spread, r * stride, n);
    }
    return spread;
  }

  private static float[] gather(Rows rows, int count, int width) {
    if (rows.stride() == width) {
      return Arrays.copyOf(rows.values(), count * width);
    }
    float[] values = new float[count * width];
    for (int r = 0; r < count; r++) {
      System.arraycopy(rows.values(), r * rows.stride(), values, r * width, width);
    }
    return values;
  }

  @Override
  public Matrix logits(float[] hidden) {
    int rows = rows(hidden);
    int vocabulary = config.vocabularySize();
    Weights weights = head;
    if (weights == null) {
      weights = LoadedModel.weights(checkpoint.head(), arena, team);
      head = weights;
    }
    int[] all = new int[rows];
    Arrays.setAll(all, i -> i);
    float[] values = new float[Math.multiplyExact(rows, vocabulary)];
    Rows normed =
        transformer.finalNorm(
            spread(hidden, rows), all, 0, rows, Widening.vector(checkpoint.finalNorm()));
    transformer
        .projection()
        .project(
            normed,
            rows,
            new Weights[] {weights},
            new Rows[] {new Rows(values, vocabulary)},
            Into.SET);
    return new Matrix(rows, vocabulary, values);
  }

  @Override
  public void release(int block) {
    Walk behind = walk;
    if (behind != null && behind.block() == block) {
      walk = null;
    }
    Opened own = opened.remove(block);
    if (own != null) {
      own.arena.close();
    }
  }

  @Override
  public void close() {
    walk = null;
    opened.values().forEach(own -> own.arena.close());
    opened.clear();
    arena.close();
    cache.close();
    close.run();
  }
}
