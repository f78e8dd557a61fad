package dev.quantgate.inference.cpu;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.cpu.Projection.Into;
import dev.quantgate.inference.cpu.Projection.Rows;
import dev.quantgate.inference.cpu.Transformer.Span;
import dev.quantgate.inference.cpu.Transformer.Stage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The quantiser's view of a checkpoint, on the kernels of the engine: each block by itself, its linear
 * layers' weights replaceable.
 *
 * <p>Sequences are computed one after the other, each at once, all threads on it; the state at a stage
 * is recomputed for each observation, as keeping it would cost more memory than a block has.
 */
final class CpuBlockwiseModel implements BlockwiseModel {
  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final Team team;
  private final Runnable close;
  private final KeyValueCache cache;
  private final Transformer transformer;
  private final Map<Integer, Opened> opened = new HashMap<>();
  private final Arena arena = Arena.ofShared();
  private @Nullable Weights head;

  /** A block in use: its weights, and the memory that replaced ones take. */
  private static final class Opened {
    final Arena arena = Arena.ofShared();
    final Map<String, Weights> weights = new HashMap<>();
    Transformer.@Nullable Block block;
  }

  CpuBlockwiseModel(Checkpoint checkpoint, Team team, Runnable close) {
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
    this.team = team;
    this.close = close;
    // One layer at a time is in it, and one sequence, so the context is a bound.
    this.cache = new KeyValueCache(config, 1, Integer.MAX_VALUE);
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
            "token id " + token + " is outside the vocabulary 0.." + (config.vocabularySize() - 1));
      }
      Widen.elements(checkpoint.embedding(), (long) token * n, hidden, i * n, n);
    }
    return hidden;
  }

  private static List<List<Linear>> stages(Checkpoint.Block block) {
    return List.of(
        List.of(block.query(), block.key(), block.value()),
        List.of(block.output()),
        List.of(block.gate(), block.up()),
        List.of(block.down()));
  }

  @Override
  public List<List<String>> linearStages(int block) {
    return stages(checkpoint.blocks().get(block)).stream()
        .map(stage -> stage.stream().map(Linear::name).toList())
        .toList();
  }

  private record Found(int block, Linear linear) {}

  private Found find(String name) {
    for (int b = 0; b < config.layers(); b++) {
      for (List<Linear> stage : stages(checkpoint.blocks().get(b))) {
        for (Linear linear : stage) {
          if (linear.name().equals(name)) {
            return new Found(b, linear);
          }
        }
      }
    }
    throw new IllegalArgumentException("the checkpoint has no linear layer \"" + name + "\"");
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
          name + " is " + linear.outputs() + " x " + linear.inputs() + ", not " + weight.rows()
              + " x " + weight.columns());
    }
    Opened own = open(found.block());
    MemorySegment data = own.arena.allocate(4L * weight.values().length, 64);
    MemorySegment.copy(weight.values(), 0, data, Widen.FLOAT, 0, weight.values().length);
    var tensor =
        new Tensor(name, Tensor.DType.F32, new long[] {weight.rows(), weight.columns()}, data);
    own.weights.put(
        name,
        new Weights.Dense(
            tensor, weight.rows(), weight.columns(),
            linear.bias().map(Widen::vector).orElse(null)));
    own.block = null;
  }

  private Transformer.Block block(int index) {
    Opened own = open(index);
    Transformer.Block block = own.block;
    if (block == null) {
      block =
          Transformer.block(checkpoint.blocks().get(index), linear -> weights(index, linear));
      own.block = block;
    }
    return block;
  }

  @Override
  public void observe(int block, List<float[]> hidden, int stage, StageObserver observer) {
    Stage wanted = Stage.values()[stage];
    for (int i = 0; i < hidden.size(); i++) {
      int sequence = i;
      int rows = rows(hidden.get(i));
      compute(
          block,
          spread(hidden.get(i), rows),
          rows,
          (at, seen) -> {
            if (at != wanted) {
              return true;
            }
            int width =
                switch (at) {
                  case ATTENTION_INPUT, MLP_INPUT -> config.hiddenSize();
                  case ATTENTION_OUTPUT -> config.heads() * config.headSize();
                  case MLP_OUTPUT -> config.intermediateSize();
                };
            observer.accept(sequence, new Matrix(rows, width, gather(seen, rows, width)));
            return false;
          });
    }
  }

  @Override
  public List<float[]> run(int block, List<float[]> hidden) {
    var next = new ArrayList<float[]>(hidden.size());
    for (float[] sequence : hidden) {
      int rows = rows(sequence);
      float[] spread = spread(sequence, rows);
      compute(block, spread, rows, null);
      next.add(gather(new Rows(spread, transformer.hiddenStride()), rows, config.hiddenSize()));
    }
    return next;
  }

  private void compute(int block, float[] hidden, int rows, Transformer.@Nullable Watcher watcher) {
    if (rows == 0) {
      return;
    }
    try (KeyValueCache.Sequence sequence = cache.sequence()) {
      sequence.reserve(rows);
      var spans = List.of(new Span(sequence, 0, rows));
      transformer.begin(spans);
      transformer.run(block(block), 0, hidden, spans, watcher);
    }
  }

  private int rows(float[] hidden) {
    if (hidden.length % config.hiddenSize() != 0) {
      throw new IllegalArgumentException(
          hidden.length + " values are no whole number of hidden states of " + config.hiddenSize());
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
            spread(hidden, rows), all, 0, rows, Widen.vector(checkpoint.finalNorm()));
    transformer
        .projection()
        .project(
            normed, rows, new Weights[] {weights}, new Rows[] {new Rows(values, vocabulary)}, Into.SET);
    return new Matrix(rows, vocabulary, values);
  }

  @Override
  public void release(int block) {
    Opened own = opened.remove(block);
    if (own != null) {
      own.arena.close();
    }
  }

  @Override
  public void close() {
    opened.values().forEach(own -> own.arena.close());
    opened.clear();
    arena.close();
    cache.close();
    close.run();
  }
}
