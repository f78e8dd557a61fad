package dev.quantgate.quantization.solve;

import dev.quantgate.inference.LayerArithmetic;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.Scheme;
import java.util.Arrays;
import java.util.Optional;

/**
 * What all strips of all layers of a stage share: the order of their inputs, U near its diagonal,
 * and how grids are found. Positions are places in the order.
 *
 * @param inputs a multiple of the group
 * @param group inputs that share a scale
 * @param segment inputs that are compensated at once: a group, where it fits a block
 * @param gridsBeforehand whether grids are found from the weights as they are
 * @param dead by input, whether it was always 0
 * @param order the input taken at each position
 * @param groupAt the group of each position's input
 * @param band U inside each segment, row by row: {@code [inputs][segment]}
 * @param inverseDiagonal 1 / U[i, i]
 * @param importance diagonal of H by position: what a clip search weighs errors with
 */
@SuppressWarnings("ArrayRecordComponent")
record StripPlan(
    Scheme scheme,
    ClipSearch clip,
    int inputs,
    int group,
    int segment,
    boolean gridsBeforehand,
    boolean[] dead,
    int[] order,
    int[] groupAt,
    float[] band,
    float[] inverseDiagonal,
    float[] importance) {

  /** Inputs after which errors go into all others. */
  static final int BLOCK = LayerArithmetic.COLUMNS_AT_ONCE;

  private static final int TRIES = 24;
  private static final float STEP = 0.02f;

  /** Shares of a group's range that the clip search tries, the whole range first. */
  float[] shares() {
    float[] shares = new float[clip == ClipSearch.NONE ? 1 : TRIES];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = 1 - i * STEP;
    }
    return shares;
  }

  /** Whether a range is tried by taking the whole group on it, compensation included. */
  boolean compensatedSearch() {
    return clip == ClipSearch.FULL && !gridsBeforehand;
  }

  /**
   * The same for an engine's device.
   *
   * @param upper U, if there is one
   * @param halved as {@link LayerArithmetic.ColumnPlan} has it
   */
  LayerArithmetic.ColumnPlan onDevice(Optional<Factor> upper, float[] halved) {
    return new LayerArithmetic.ColumnPlan(
        group,
        scheme.maxCode(),
        scheme.symmetric() ? scheme.middle() : -1,
        shares(),
        compensatedSearch(),
        gridsBeforehand,
        order,
        dead,
        importance,
        upper.map(factor -> factor.panels).orElse(new float[0]),
        halved);
  }

  static StripPlan of(
      Scheme scheme,
      ClipSearch clip,
      int group,
      boolean gridsBeforehand,
      boolean[] dead,
      int[] order,
      float[] importance,
      Optional<Factor> factor) {
    int inputs = order.length;
    int segment = Math.min(group, BLOCK);
    float[] band = new float[inputs * segment];
    float[] inverseDiagonal = new float[inputs];
    factor.ifPresent(upper -> {
      for (int i = 0; i < inputs; i++) {
        inverseDiagonal[i] = 1 / upper.at(i, i);
        int start = i - i % segment;
        for (int j = i + 1; j < Math.min(inputs, start + segment); j++) {
          band[i * segment + j - start] = upper.at(i, j);
        }
      }
    });
    return new StripPlan(
        scheme,
        clip,
        inputs,
        group,
        segment,
        gridsBeforehand,
        dead,
        order,
        Arrays.stream(order).map(input -> input / group).toArray(),
        band,
        inverseDiagonal,
        importance);
  }
}
