package dev.quantgate.inference.cpu;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * A checkpoint's weights in the form the kernels read. Floating-point weights stay where they are
 * mapped; int4 codes are transposed once into memory of their own, and their mapped pages let go.
 */
final class LoadedModel implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final Arena arena = Arena.ofShared();
  private final List<Transformer.Block> blocks = new ArrayList<>();
  private final Tensor embedding;
  private final Weights head;
  private final float[] finalNorm;
  private final long residentBytes;

  /**
   * Takes a checkpoint's weights, which {@code Checkpoints.open} has found finite.
   *
   * @throws InferenceException if they are of a kind that the kernels do not read
   */
  LoadedModel(Checkpoint checkpoint, SpinTeam team) {
    this.checkpoint = checkpoint;
    try {
      for (Checkpoint.Block block : checkpoint.blocks()) {
        blocks.add(Transformer.block(block, linear -> weights(linear, arena, team)));
      }
      embedding = checkpoint.embedding();
      head = weights(checkpoint.head(), arena, team);
      finalNorm = Widening.vector(checkpoint.finalNorm());
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
    long bytes = embedding.data().byteSize();
    if (!checkpoint.config().tiedEmbeddings()) {
      bytes += head.residentBytes();
    }
    for (Transformer.Block block : blocks) {
      bytes += block.residentBytes();
    }
    residentBytes = bytes;
  }

  /** Weights of a linear layer; int4 codes are transposed into memory of {@code arena}. */
  static Weights weights(Linear linear, Arena arena, SpinTeam team) {
    return switch (linear) {
      case Linear.Dense dense -> new Weights.Dense(dense);
      case Linear.Gptq gptq -> {
        var weights = new GptqWeights(gptq, arena, team);
        if (gptq.qweight().data().isMapped()) {
          gptq.qweight().data().unload();
        }
        yield weights;
      }
    };
  }

  ModelConfig config() {
    return checkpoint.config();
  }

  List<Transformer.Block> blocks() {
    return blocks;
  }

  Tensor embedding() {
    return embedding;
  }

  Weights head() {
    return head;
  }

  float[] finalNorm() {
    return finalNorm;
  }

  /** Bytes of all weights as the kernels read them. */
  long residentBytes() {
    return residentBytes;
  }

  /** Bytes of weights read for one step: all but an embedding that is not the head too. */
  long readBytes() {
    long bytes = head.residentBytes();
    for (Transformer.Block block : blocks) {
      bytes += block.residentBytes();
    }
    return bytes;
  }

  /** Frees what was transposed; the checkpoint stays open. */
  @Override
  public void close() {
    arena.close();
  }
}
