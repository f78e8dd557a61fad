package dev.quantgate.inference;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import java.util.List;
import java.util.Optional;

/**
 * The heavy arithmetic of GPTQ (Frantar et al., arXiv 2210.17323) on the device that an engine runs
 * a model on: the products that a Hessian is the sum of, the columns of a layer, a layer's loss.
 * What is asked of it is decided by the quantiser; nothing here is.
 *
 * <p>Every sum is one chain of float32 fused multiply-adds in ascending order, so that the same
 * products give the same codes and losses on every device. Used by the thread that uses the model.
 */
public interface LayerArithmetic {

  /** Inputs of a stage that are multiplied at a time: in float32, then added in float64. */
  int TOKENS_AT_ONCE = 512;

  /** Inputs of a group that can be taken one after the other while a grid is searched. */
  int COLUMNS_AT_ONCE = 128;

  /**
   * The sum of {@code x x^T} over the inputs of a stage, as {@link BlockwiseModel#observe} would
   * show them, {@link #TOKENS_AT_ONCE} at a time.
   */
  Products products(int block, List<float[]> hidden, int stage);

  /**
   * Begins with another stage; what was begun before is forgotten.
   *
   * @throws InferenceException if the device has no memory for it
   */
  void begin(ColumnPlan plan);

  /**
   * Quantises a layer of the stage.
   *
   * @param weight {@code [outputs, inputs]}, finite
   * @return empty if a group's range is beyond what fp16 scales can hold
   */
  Optional<Codes> quantise(Matrix weight);

  /**
   * {@code tr((W - Q) H (W - Q)^T)}: per output channel in float32 over four inputs, then in
   * float64; then the channels in ascending order.
   */
  double loss(Matrix weight, Matrix quantised);

  /**
   * Sums of products of a stage's inputs.
   *
   * @param sums {@code [inputs, inputs]}, right on and above the diagonal
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Products(int inputs, double[] sums) {}

  /**
   * How the columns of all layers of a stage are taken. Positions are places in the order of
   * inputs.
   *
   * @param group inputs that share a scale; a divisor of the number of inputs
   * @param maxCode the largest code
   * @param middle the zero point of all grids, or -1 where each is found
   * @param shares shares of a group's range that are tried; the one with the least loss is kept,
   *     the first of equals
   * @param compensated whether losses are those of taking the group column by column; else squared
   *     errors count by {@code importance}
   * @param gridsBeforehand whether grids are found from the weights as they are; else when a
   *     group's turn comes, from compensated ones
   * @param order the input taken at each position
   * @param dead by input, whether its weights are taken as 0
   * @param importance by position
   * @param upper U with {@code U^T U = H^-1} by position, four columns side by side: {@code [inputs
   *     / 4][inputs][4]}
   * @param halved H on and above the diagonal by input, the diagonal halved, laid out likewise
   */
  @SuppressWarnings("ArrayRecordComponent")
  record ColumnPlan(
      int group,
      int maxCode,
      int middle,
      float[] shares,
      boolean compensated,
      boolean gridsBeforehand,
      int[] order,
      boolean[] dead,
      float[] importance,
      float[] upper,
      float[] halved) {

    public ColumnPlan {
      int inputs = order.length;
      if (group < 4 || group % 4 != 0 || inputs % group != 0) {
        throw new IllegalArgumentException(
            "a group of %d does not divide %d inputs, or is no multiple of 4"
                .formatted(group, inputs));
      }
      if (compensated && (gridsBeforehand || group > COLUMNS_AT_ONCE)) {
        throw new IllegalArgumentException(
            "losses after compensation need groups of at most %d whose grids are not found beforehand"
                .formatted(COLUMNS_AT_ONCE));
      }
    }

    public int inputs() {
      return order.length;
    }

    public int groups() {
      return order.length / group;
    }
  }

  /**
   * A layer's codes, input by input in the order of the checkpoint.
   *
   * @param codes {@code [inputs, outputs]}, unsigned
   * @param scales fp16 bits {@code [groups, outputs]}
   * @param zeros {@code [groups, outputs]}, unsigned
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Codes(byte[] codes, short[] scales, byte[] zeros) {}
}
