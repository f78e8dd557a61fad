package dev.quantgate.inference.cuda;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Dequantizer;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of a checkpoint, each brought to the device when it is used, with weights replaced.
 */
final class BlockWeights implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final Packer packer;
  private final Stream stream;
  private final Map<Integer, Opened> opened = new HashMap<>();

  /** A block in use: weights that replace the checkpoint's, and the block on the device. */
  private static final class Opened {
    final Map<String, Matrix> replaced = new HashMap<>();
    final Owned memory = new Owned();
    DeviceModel.@Nullable Block block;
  }

  BlockWeights(Checkpoint checkpoint, Packer packer, Stream stream) {
    this.checkpoint = checkpoint;
    this.packer = packer;
    this.stream = stream;
  }

  /** The linear layers' names by stage. */
  List<List<String>> names(int block) {
    return checkpoint.blocks().get(block).stages().stream()
        .map(stage -> stage.stream().map(Linear::name).toList())
        .toList();
  }

  private record Found(int block, Linear linear) {}

  private Found find(String name) {
    for (int b = 0; b < checkpoint.blocks().size(); b++) {
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

  /** A layer's weights as they now are, in float32. */
  Matrix weight(String name) {
    Found found = find(name);
    Opened own = opened.get(found.block());
    Matrix replaced = own == null ? null : own.replaced.get(name);
    if (replaced != null) {
      return new Matrix(replaced.rows(), replaced.columns(), replaced.values().clone());
    }
    Linear linear = found.linear();
    return new Matrix(
        linear.outputs(),
        linear.inputs(),
        switch (linear) {
          case Linear.Dense dense -> Packer.floats(dense.weight());
          case Linear.Gptq gptq -> widened(Dequantizer.halves(gptq));
        });
  }

  private static float[] widened(short[] halves) {
    float[] values = new float[halves.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.float16ToFloat(halves[i]);
    }
    return values;
  }

  /** Takes other weights for a layer, until its block is released. */
  void replace(String name, Matrix weight) {
    Found found = find(name);
    Linear linear = found.linear();
    if (weight.rows() != linear.outputs() || weight.columns() != linear.inputs()) {
      throw new IllegalArgumentException(
          "%s is %d x %d, not %d x %d"
              .formatted(name, linear.outputs(), linear.inputs(), weight.rows(), weight.columns()));
    }
    Opened own = opened.computeIfAbsent(found.block(), b -> new Opened());
    own.replaced.put(name, weight);
    unload(own);
  }

  private void unload(Opened own) {
    if (own.block != null) {
      own.block = null;
      own.memory.add(stream::synchronize);
      own.memory.close();
    }
  }

  /** A block on the device, with its weights as they now are. */
  DeviceModel.Block block(int index) {
    Opened own = opened.computeIfAbsent(index, b -> new Opened());
    DeviceModel.Block block = own.block;
    if (block == null) {
      Checkpoint.Block now = replaced(checkpoint.blocks().get(index), own.replaced);
      try {
        block = DeviceModel.block(packer, now, Activation.F16, own.memory);
        packer.finish("block %d".formatted(index));
      } catch (RuntimeException | Error e) {
        own.memory.add(stream::synchronize);
        own.memory.closeAfter(e);
        throw e;
      }
      own.block = block;
    }
    return block;
  }

  private static Checkpoint.Block replaced(Checkpoint.Block block, Map<String, Matrix> by) {
    return new Checkpoint.Block(
        block.inputNorm(),
        replaced(block.query(), by),
        replaced(block.key(), by),
        replaced(block.value(), by),
        replaced(block.output(), by),
        block.queryNorm(),
        block.keyNorm(),
        block.postAttentionNorm(),
        replaced(block.gate(), by),
        replaced(block.up(), by),
        replaced(block.down(), by));
  }

  private static Linear replaced(Linear linear, Map<String, Matrix> by) {
    Matrix weight = by.get(linear.name());
    return weight == null
        ? linear
        : new Linear.Dense(
            linear.name(),
            new Tensor(
                linear.name(),
                DType.F32,
                new long[] {weight.rows(), weight.columns()},
                MemorySegment.ofArray(weight.values())),
            linear.bias());
  }

  /** Frees a block's weights. */
  void release(int block) {
    Opened own = opened.remove(block);
    if (own != null) {
      unload(own);
    }
  }

  @Override
  public void close() {
    var all = new Owned();
    opened.values().forEach(own -> all.add(() -> unload(own)));
    opened.clear();
    all.close();
  }
}
