package dev.quantgate.quantization.solve;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import java.util.Arrays;

/** {@link MicroKernel#WIDTH} output channels of a layer on their way through all inputs. */
final class Strip {
  private static final int BLOCK = StripPlan.BLOCK;
  private static final int ROWS = MicroKernel.ROWS;
  private static final int WIDTH = MicroKernel.WIDTH;

  private final StripPlan plan;
  private final float[] ranges;
  private final int inputs;
  private final int group;
  private final int segment;
  private final int[] order;
  private final int first;
  private final int channels;
  private final int outputs;
  private final Factor upper;

  /** {@code [position][WIDTH]}: weights, compensated for what lies behind. */
  private final float[] weights;

  private final float[] codes;

  /** Negated errors of the current block. */
  private final float[] errors = new float[BLOCK * WIDTH];

  private final float[] scales;
  private final float[] zeros;
  private final float[] loss = new float[WIDTH];

  // What a grid search needs beside them.
  private final float[] best = new float[WIDTH];
  private final float[] triedScales = new float[WIDTH];
  private final float[] triedZeros = new float[WIDTH];
  private final float[] minimum = new float[WIDTH];
  private final float[] maximum = new float[WIDTH];
  private final float[] trial;
  private final float[] trialCodes;
  private final float[] trialErrors;
  private final int[] firstRow;

  Strip(StripPlan plan, Matrix weight, int first, Factor upper) {
    this.plan = plan;
    this.ranges = plan.shares();
    this.inputs = plan.inputs();
    this.group = plan.group();
    this.segment = plan.segment();
    this.order = plan.order();
    this.weights = new float[inputs * WIDTH];
    this.codes = new float[inputs * WIDTH];
    this.scales = new float[inputs / group * WIDTH];
    this.zeros = new float[scales.length];
    this.trial = new float[segment * WIDTH];
    this.trialCodes = new float[segment * WIDTH];
    this.trialErrors = new float[segment * WIDTH];
    this.firstRow = new int[segment];
    this.first = first;
    this.outputs = weight.rows();
    this.channels = Math.min(WIDTH, outputs - first);
    this.upper = upper;
    for (int n = 0; n < channels; n++) {
      int row = (first + n) * inputs;
      for (int p = 0; p < inputs; p++) {
        weights[p * WIDTH + n] = plan.dead()[order[p]] ? 0 : weight.values()[row + order[p]];
      }
    }
  }

  void solve(byte[] allCodes, short[] allScales, byte[] allZeros) {
    if (plan.gridsBeforehand()) {
      findGridsBeforehand();
    }
    for (int block = 0; block < inputs; block += BLOCK) {
      int end = Math.min(inputs, block + BLOCK);
      for (int at = block; at < end; at += segment) {
        int count = Math.min(segment, end - at);
        if (!plan.gridsBeforehand()) {
          findGrid(at, count);
        }
        ColumnLoop.run(
            count,
            new ColumnLoop.Columns(
                weights, at * WIDTH, codes, at * WIDTH, errors, (at - block) * WIDTH),
            triangle(at),
            new ColumnLoop.Grids(scales, zeros, plan.groupAt(), at, maxCode()),
            loss);
        compensate(at, count, (at - block) * WIDTH, at + count, end);
      }
      compensate(block, end - block, 0, end, inputs);
    }
    write(allCodes, allScales, allZeros);
  }

  /**
   * The errors of {@code count} inputs from {@code at} go into the inputs {@code from .. to - 1}.
   */
  private void compensate(int at, int count, int errorsAt, int from, int to) {
    for (int j = from; j < to; j += ROWS) {
      MicroKernel.accumulate(
          upper.panels,
          (j / ROWS * inputs + at) * ROWS,
          ROWS,
          errors,
          errorsAt,
          count,
          weights,
          j * WIDTH);
    }
  }

  /** The grid of the group that begins at a position, from weights that are compensated. */
  private void findGrid(int at, int count) {
    searchGrid(plan.groupAt()[at], weights, at, count, plan.importance(), plan.compensatedSearch());
  }

  /** Grids from the weights as they are, in the order of the inputs. */
  private void findGridsBeforehand() {
    float[] plain = new float[inputs * WIDTH];
    float[] share = new float[inputs];
    for (int p = 0; p < inputs; p++) {
      System.arraycopy(weights, p * WIDTH, plain, order[p] * WIDTH, WIDTH);
      share[order[p]] = plan.importance()[p];
    }
    for (int from = 0; from < inputs; from += group) {
      searchGrid(from / group, plain, from, group, share, false);
    }
  }

  /**
   * Finds the grid of a group: of all shares of its range that the clip search tries the one with
   * the least error.
   *
   * @param values rows of WIDTH, the group's from {@code at}
   * @param shares what errors are weighed with, by row
   * @param compensated whether errors are those after compensation inside the group
   */
  private void searchGrid(
      int found, float[] values, int at, int count, float[] shares, boolean compensated) {
    Arrays.fill(minimum, 0);
    Arrays.fill(maximum, 0);
    for (int i = at * WIDTH; i < (at + count) * WIDTH; i++) {
      int n = i % WIDTH;
      minimum[n] = Math.min(minimum[n], values[i]);
      maximum[n] = Math.max(maximum[n], values[i]);
    }
    Arrays.fill(best, Float.POSITIVE_INFINITY);
    int tries = ranges.length;
    for (int t = 0; t < tries; t++) {
      tryGrids(t);
      Arrays.fill(loss, 0);
      if (tries > 1 && compensated) {
        System.arraycopy(values, at * WIDTH, trial, 0, count * WIDTH);
        ColumnLoop.run(
            count,
            new ColumnLoop.Columns(trial, 0, trialCodes, 0, trialErrors, 0),
            triangle(at),
            new ColumnLoop.Grids(triedScales, triedZeros, firstRow, 0, maxCode()),
            loss);
      } else if (tries > 1) {
        ColumnLoop.weigh(
            values,
            at * WIDTH,
            count,
            shares,
            at,
            new ColumnLoop.Grids(triedScales, triedZeros, firstRow, 0, maxCode()),
            loss);
      }
      keepBetter(found * WIDTH);
    }
  }

  private ColumnLoop.Triangle triangle(int at) {
    return new ColumnLoop.Triangle(plan.band(), at * segment, segment, plan.inverseDiagonal(), at);
  }

  private float maxCode() {
    return plan.scheme().maxCode();
  }

  private void tryGrids(int shrink) {
    for (int n = 0; n < WIDTH; n++) {
      Grid grid = Grid.ofRange(minimum[n], maximum[n], plan.scheme(), ranges[shrink]);
      triedScales[n] = grid.scale();
      triedZeros[n] = grid.zero();
    }
  }

  private void keepBetter(int row) {
    for (int n = 0; n < WIDTH; n++) {
      if (loss[n] < best[n]) {
        best[n] = loss[n];
        scales[row + n] = triedScales[n];
        zeros[row + n] = triedZeros[n];
      }
    }
  }

  private void write(byte[] allCodes, short[] allScales, byte[] allZeros) {
    for (int p = 0; p < inputs; p++) {
      int at = order[p] * outputs + first;
      for (int n = 0; n < channels; n++) {
        allCodes[at + n] = (byte) codes[p * WIDTH + n];
      }
    }
    for (int g = 0; g < inputs / group; g++) {
      int at = g * outputs + first;
      for (int n = 0; n < channels; n++) {
        allScales[at + n] = Float.floatToFloat16(scales[g * WIDTH + n]);
        allZeros[at + n] = (byte) zeros[g * WIDTH + n];
      }
    }
  }
}
