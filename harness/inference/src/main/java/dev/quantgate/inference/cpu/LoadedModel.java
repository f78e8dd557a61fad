package dev.quantgate.inference.cpu;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A checkpoint's weights in the form the kernels read. Floating-point weights stay where they are
 * mapped; int4 codes are transposed once into memory of their own, and their mapped pages let go.
 */
final class LoadedModel implements AutoCloseable {
  private static final int CHECKED_AT_ONCE = 1 << 18;

  private final Checkpoint checkpoint;
  private final Arena arena = Arena.ofShared();
  private final List<Transformer.Block> blocks = new ArrayList<>();
  private final Tensor embedding;
  private final Weights head;
  private final float[] finalNorm;
  private final long residentBytes;

  /**
   * Reads every weight once: to transpose it, or to see that it is finite.
   *
   * @throws InferenceException if a weight is NaN or infinite, with the tensor's name and the index
   */
  LoadedModel(Checkpoint checkpoint, Team team) {
    this.checkpoint = checkpoint;
    try {
      for (Checkpoint.Block block : checkpoint.blocks()) {
        checkFinite(tensors(block), team);
        blocks.add(Transformer.block(block, linear -> weights(linear, arena, team)));
      }
      embedding = checkpoint.embedding();
      var rest = new ArrayList<Tensor>(List.of(embedding, checkpoint.finalNorm()));
      if (!checkpoint.config().tiedEmbeddings()) {
        rest.addAll(floats(checkpoint.head()));
      }
      checkFinite(rest, team);
      head = weights(checkpoint.head(), arena, team);
      finalNorm = Widen.vector(checkpoint.finalNorm());
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
  static Weights weights(Linear linear, Arena arena, Team team) {
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

  private static List<Tensor> tensors(Checkpoint.Block block) {
    var tensors = new ArrayList<Tensor>();
    tensors.add(block.inputNorm());
    tensors.add(block.postAttentionNorm());
    block.queryNorm().ifPresent(tensors::add);
    block.keyNorm().ifPresent(tensors::add);
    for (Linear linear :
        List.of(
            block.query(), block.key(), block.value(), block.output(),
            block.gate(), block.up(), block.down())) {
      tensors.addAll(floats(linear));
    }
    return tensors;
  }

  private static List<Tensor> floats(Linear linear) {
    var tensors = new ArrayList<Tensor>();
    linear.bias().ifPresent(tensors::add);
    tensors.add(
        switch (linear) {
          case Linear.Dense dense -> dense.weight();
          case Linear.Gptq gptq -> gptq.scales();
        });
    return tensors;
  }

  private static void checkFinite(List<Tensor> tensors, Team team) {
    var bad = new AtomicReference<String>();
    for (Tensor tensor : tensors) {
      long elements = tensor.elements();
      int parts = Math.toIntExact((elements + CHECKED_AT_ONCE - 1) / CHECKED_AT_ONCE);
      team.forEach(
          parts,
          (part, thread) -> {
            long first = (long) part * CHECKED_AT_ONCE;
            int n = (int) Math.min(CHECKED_AT_ONCE, elements - first);
            int count = Widen.nonFinite(tensor, first * tensor.dtype().bytes(), n);
            if (count > 0) {
              bad.compareAndSet(null, describe(tensor, first, n));
            }
          });
      String message = bad.get();
      if (message != null) {
        throw new InferenceException(InferenceException.Kind.BAD_CHECKPOINT, message);
      }
    }
  }

  private static String describe(Tensor tensor, long first, int n) {
    for (int i = 0; i < n; i++) {
      if (Widen.nonFinite(tensor, (first + i) * tensor.dtype().bytes(), 1) != 0) {
        return "weight " + tensor.name() + " holds a value that is not finite, at element "
            + (first + i) + "; the file is damaged or was saved from a broken model";
      }
    }
    throw new AssertionError();
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

  /** Frees what was transposed; the checkpoint stays open. */
  @Override
  public void close() {
    arena.close();
  }
}
