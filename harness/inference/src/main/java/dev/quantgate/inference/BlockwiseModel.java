package dev.quantgate.inference;

import java.util.List;
import java.util.Optional;

/**
 * A checkpoint run one transformer block at a time, with weights that can be replaced between two
 * runs: what a quantiser needs. Only one block's weights are held in float32 at a time.
 *
 * <p>Hidden states are row-major float32 {@code [tokens, hiddenSize]}, one array for each sequence.
 */
public interface BlockwiseModel extends AutoCloseable {

  /** How many transformer blocks there are. */
  int blocks();

  /** Elements in a hidden state. */
  int hiddenSize();

  /** The hidden states that block 0 gets for a sequence of token ids. */
  float[] embed(List<Integer> tokens);

  /**
   * The linear layers of a block in true sequential order: each inner list shares one input. For
   * the Llama family {@code [[q, k, v], [o], [gate, up], [down]]}, by their names in the checkpoint
   * without ".weight".
   */
  List<List<String>> linearStages(int block);

  /**
   * The weights of a linear layer, float32 {@code [outputs, inputs]}, widened from the checkpoint.
   */
  Matrix weight(String linear);

  /**
   * Uses other weights for a linear layer of that shape from now on, or until {@link #release} of
   * its block.
   */
  void replace(String linear, Matrix weight);

  /**
   * Runs a block over some sequences and shows the observer what each linear layer of the given
   * stage is given. What lies behind the stage is not computed.
   *
   * <p>A quantiser walks the stages of a block in ascending order over the same {@code hidden}
   * lists, replaces a stage's weights after it was observed, and ends with {@link #run}. An engine
   * can therefore keep what it computed up to a stage's inputs and continue from there (the weights
   * before it have not changed since), which makes the whole walk cost one pass instead of two and
   * a half. Keeping or recomputing gives the same bits.
   *
   * @param hidden the block's input for each sequence, not changed
   * @param stage an index of {@link #linearStages}; the observer sees this stage's inputs, in the
   *     order of the sequences, on the calling thread
   */
  void observe(int block, List<float[]> hidden, int stage, StageObserver observer);

  /** Runs a block with its weights as they now are; gives the hidden states of the next block. */
  List<float[]> run(int block, List<float[]> hidden);

  /**
   * The quantiser's arithmetic on the device that this model runs on, closed with the model; empty
   * where that is the processor, which the quantiser has its own for.
   */
  default Optional<LayerArithmetic> arithmetic() {
    return Optional.empty();
  }

  /** Final norm and head: float32 logits {@code [tokens, vocabulary]} of one sequence. */
  Matrix logits(float[] hidden);

  /** Frees a block's weights, replaced ones too. */
  void release(int block);

  @Override
  void close();

  /**
   * Sees the inputs of a stage: {@code rows} is row-major {@code [tokens, inputs]}, valid during
   * the call.
   */
  @FunctionalInterface
  interface StageObserver {
    void accept(int sequence, Matrix rows);
  }

  /** A row-major float32 matrix. */
  record Matrix(int rows, int columns, float[] values) {
    public Matrix {
      if (values.length != Math.multiplyExact(rows, columns)) {
        throw new IllegalArgumentException(
            "%d x %d needs %d values, not %d"
                .formatted(rows, columns, (long) rows * columns, values.length));
      }
    }
  }
}
