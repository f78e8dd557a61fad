package dev.quantgate.quantization;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * GPTQ (Frantar et al., arXiv 2210.17323) for the layers of one stage, which share their inputs and
 * so one Hessian, one order and one factor.
 *
 * <p>Inputs are taken one by one: each is put on its grid, and its error, divided by U's diagonal,
 * goes into the inputs after it; within a group at once, to the rest of a block of 128 after the
 * group, to all others after the block (the lazy batch update, which is a matrix product). Output
 * channels are independent given U, so a thread takes a strip of them through all inputs with no
 * meeting point. The sums have one order, so the result is the plain algorithm's, bit by bit, for
 * any number of threads.
 *
 * <p>A group's grid is found when its turn comes, from weights that make up for all errors before
 * them. (The authors' code looks at weights without the compensation inside the current block,
 * which for groups smaller than the block are the wrong ones.)
 */
final class LayerSolver {
  private static final int BLOCK = 128;
  private static final int ROWS = MicroKernel.ROWS;
  private static final int WIDTH = MicroKernel.WIDTH;
  private static final double DAMPING_STEP = 0.01;

  /** Shares of a group's range that a clip search tries, the whole range first. */
  private static final float[] SHRINKS = shrinks();

  private final Scheme scheme;
  private final ClipSearch clip;
  private final Workers workers;
  private final int inputs;
  private final int group;

  /** Inputs that are compensated at once: a group, where it fits a block. */
  private final int segment;

  private final boolean gridsBeforehand;
  private final boolean[] dead;

  /** The input taken at each position. */
  private final int[] order;

  /** The group of each position's input. */
  private final int[] groupAt;

  private final double damping;
  private final Optional<Factor> factor;

  /** U inside each segment, row by row: {@code [inputs][segment]}. */
  private final float[] band;

  private final float[] inverseDiagonal;

  /** Diagonal of H by position: what a clip search weighs errors with. */
  private final float[] importance;

  /** H for the loss, as {@link #lossPanels} lays it out. */
  private final float[] lossPanels;

  LayerSolver(
      Hessian hessian,
      Scheme scheme,
      ActOrder actOrder,
      ClipSearch clip,
      double damping,
      Workers workers) {
    hessian.finish();
    this.scheme = scheme;
    this.clip = clip;
    this.workers = workers;
    this.inputs = hessian.inputs();
    this.group = scheme.groupOf(inputs);
    this.segment = Math.min(group, BLOCK);
    this.gridsBeforehand = actOrder == ActOrder.STATIC_GROUPS || group > BLOCK;
    double[] diagonal = new double[inputs];
    this.dead = new boolean[inputs];
    double mean = 0;
    for (int i = 0; i < inputs; i++) {
      diagonal[i] = hessian.at(i, i);
      dead[i] = diagonal[i] == 0;
      if (dead[i]) {
        diagonal[i] = 1;
      }
      mean += diagonal[i] / inputs;
    }
    this.order = order(diagonal, actOrder, group);
    this.groupAt = Arrays.stream(order).map(input -> input / group).toArray();
    double tried = damping;
    Optional<Factor> found = Optional.empty();
    while (found.isEmpty() && tried < 1) {
      found = Factor.of(hessian, order, dead, tried * mean, workers).filter(Factor::isFinite);
      if (found.isEmpty()) {
        tried += DAMPING_STEP;
      }
    }
    this.damping = tried;
    this.factor = found;
    this.band = new float[inputs * segment];
    this.inverseDiagonal = new float[inputs];
    this.importance = new float[inputs];
    found.ifPresent(this::readFactor);
    for (int i = 0; i < inputs; i++) {
      importance[i] = (float) diagonal[order[i]];
    }
    this.lossPanels = lossPanels(hessian);
  }

  /**
   * A layer's codes.
   *
   * @param chosen which method's they are: the one with the lower loss
   */
  record Solution(
      QuantizedLayer layer, QuantizationMethod chosen, double rtnLoss, OptionalDouble gptqLoss) {}

  OptionalDouble damping() {
    return factor.isPresent() ? OptionalDouble.of(damping) : OptionalDouble.empty();
  }

  int deadInputs() {
    int count = 0;
    for (boolean one : dead) {
      count += one ? 1 : 0;
    }
    return count;
  }

  String note() {
    return factor.isPresent()
        ? ""
        : "the Hessian could not be factored at any damping: rounded to nearest";
  }

  /** Quantises a layer by both methods and keeps the better one. */
  Solution solve(String name, Matrix weight) {
    Shapes.check(name, weight.rows(), weight.columns(), scheme);
    if (weight.columns() != inputs) {
      throw new IllegalArgumentException(
          name + " has " + weight.columns() + " inputs, its Hessian " + inputs);
    }
    QuantizedLayer rounded = RoundToNearest.quantize(name, weight, scheme, workers);
    double rtnLoss = loss(weight, rounded.dequantised());
    if (factor.isEmpty()) {
      return new Solution(rounded, QuantizationMethod.RTN, rtnLoss, OptionalDouble.empty());
    }
    QuantizedLayer compensated = compensate(name, weight, factor.get());
    double gptqLoss = loss(weight, compensated.dequantised());
    boolean better = gptqLoss < rtnLoss;
    return new Solution(
        better ? compensated : rounded,
        better ? QuantizationMethod.GPTQ : QuantizationMethod.RTN,
        rtnLoss,
        OptionalDouble.of(gptqLoss));
  }

  /** GPTQ's codes, better or not. */
  QuantizedLayer compensate(String name, Matrix weight, Factor upper) {
    int outputs = weight.rows();
    byte[] codes = new byte[inputs * outputs];
    short[] scales = new short[scheme.groups(inputs) * outputs];
    byte[] zeros = new byte[scales.length];
    workers.forEach(
        Math.ceilDiv(outputs, WIDTH),
        strip -> new Strip(weight, strip * WIDTH, upper).solve(codes, scales, zeros));
    return new QuantizedLayer(name, scheme, inputs, outputs, codes, scales, zeros);
  }

  Optional<Factor> factor() {
    return factor;
  }

  int[] order() {
    return order.clone();
  }

  /** {@code tr((W - Q) H (W - Q)^T)}, H undamped. */
  double loss(Matrix weight, Matrix quantised) {
    double[] parts = new double[Math.ceilDiv(weight.rows(), WIDTH)];
    workers.forEach(
        parts.length, strip -> parts[strip] = stripLoss(weight, quantised, strip * WIDTH));
    double sum = 0;
    for (double part : parts) {
      sum += part;
    }
    return sum;
  }

  private double stripLoss(Matrix weight, Matrix quantised, int first) {
    int channels = Math.min(WIDTH, weight.rows() - first);
    float[] error = new float[inputs * WIDTH];
    for (int n = 0; n < channels; n++) {
      int row = (first + n) * inputs;
      for (int k = 0; k < inputs; k++) {
        error[k * WIDTH + n] = weight.values()[row + k] - quantised.values()[row + k];
      }
    }
    float[] tile = new float[ROWS * WIDTH];
    double loss = 0;
    for (int j = 0; j < inputs; j += ROWS) {
      Arrays.fill(tile, 0);
      MicroKernel.accumulate(lossPanels, j * inputs, ROWS, error, 0, j + ROWS, tile, 0);
      float part = 0;
      for (int i = 0; i < tile.length; i++) {
        part += tile[i] * error[j * WIDTH + i];
      }
      loss += 2 * (double) part;
    }
    return loss;
  }

  /**
   * The upper triangle of H in panels of four columns, {@code [inputs / 4][inputs][4]}, its
   * diagonal halved: the loss is twice the sum of products over it.
   */
  private float[] lossPanels(Hessian hessian) {
    float[] panels = new float[inputs * inputs];
    workers.forEach(
        inputs / ROWS,
        panel -> {
          for (int i = 0; i < (panel + 1) * ROWS; i++) {
            for (int r = 0; r < ROWS; r++) {
              int j = panel * ROWS + r;
              if (i <= j) {
                panels[(panel * inputs + i) * ROWS + r] =
                    (float) (hessian.at(i, j) * (i == j ? 0.5 : 1));
              }
            }
          }
        });
    return panels;
  }

  private void readFactor(Factor upper) {
    for (int i = 0; i < inputs; i++) {
      inverseDiagonal[i] = 1 / upper.at(i, i);
      int start = i - i % segment;
      for (int j = i + 1; j < Math.min(inputs, start + segment); j++) {
        band[i * segment + j - start] = upper.at(i, j);
      }
    }
  }

  /** The input taken at each position; ties in the order of the inputs. */
  static int[] order(double[] diagonal, ActOrder actOrder, int group) {
    Comparator<Integer> mostActive =
        Comparator.<Integer>comparingDouble(input -> -diagonal[input])
            .thenComparing(input -> input);
    return switch (actOrder) {
      case NONE -> IntStream.range(0, diagonal.length).toArray();
      case STATIC_GROUPS ->
          IntStream.range(0, diagonal.length).boxed().sorted(mostActive).mapToInt(i -> i).toArray();
      case GROUP_AWARE -> {
        double[] strongest = new double[diagonal.length / group];
        for (int i = 0; i < diagonal.length; i++) {
          strongest[i / group] = Math.max(strongest[i / group], diagonal[i]);
        }
        yield IntStream.range(0, strongest.length)
            .boxed()
            .sorted(Comparator.<Integer>comparingDouble(g -> -strongest[g]).thenComparing(g -> g))
            .flatMap(g -> IntStream.range(g * group, (g + 1) * group).boxed().sorted(mostActive))
            .mapToInt(i -> i)
            .toArray();
      }
    };
  }

  private static float[] shrinks() {
    float[] values = new float[24];
    for (int i = 0; i < values.length; i++) {
      values[i] = 1 - i * 0.02f;
    }
    return values;
  }

  /** WIDTH output channels on their way through all inputs. */
  private final class Strip {
    private final int first;
    private final int channels;
    private final int outputs;
    private final Factor upper;

    /** {@code [position][WIDTH]}: weights, compensated for what lies behind. */
    private final float[] weights = new float[inputs * WIDTH];

    private final float[] codes = new float[inputs * WIDTH];

    /** Negated errors of the current block. */
    private final float[] errors = new float[BLOCK * WIDTH];

    private final float[] scales = new float[inputs / group * WIDTH];
    private final float[] zeros = new float[scales.length];
    private final float[] loss = new float[WIDTH];

    // What a grid search needs beside them.
    private final float[] best = new float[WIDTH];
    private final float[] triedScales = new float[WIDTH];
    private final float[] triedZeros = new float[WIDTH];
    private final float[] minimum = new float[WIDTH];
    private final float[] maximum = new float[WIDTH];
    private final float[] trial = new float[segment * WIDTH];
    private final float[] trialCodes = new float[segment * WIDTH];
    private final float[] trialErrors = new float[segment * WIDTH];
    private final int[] firstRow = new int[segment];

    Strip(Matrix weight, int first, Factor upper) {
      this.first = first;
      this.outputs = weight.rows();
      this.channels = Math.min(WIDTH, outputs - first);
      this.upper = upper;
      for (int n = 0; n < channels; n++) {
        int row = (first + n) * inputs;
        for (int p = 0; p < inputs; p++) {
          weights[p * WIDTH + n] = dead[order[p]] ? 0 : weight.values()[row + order[p]];
        }
      }
    }

    void solve(byte[] allCodes, short[] allScales, byte[] allZeros) {
      if (gridsBeforehand) {
        findGridsBeforehand();
      }
      for (int block = 0; block < inputs; block += BLOCK) {
        int end = Math.min(inputs, block + BLOCK);
        for (int at = block; at < end; at += segment) {
          int count = Math.min(segment, end - at);
          if (!gridsBeforehand) {
            findGrid(at, count);
          }
          ColumnLoop.run(
              weights,
              at * WIDTH,
              count,
              band,
              at * segment,
              segment,
              inverseDiagonal,
              at,
              scales,
              zeros,
              groupAt,
              at,
              scheme.maxCode(),
              codes,
              at * WIDTH,
              errors,
              (at - block) * WIDTH,
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

    private void findGrid(int at, int count) {
      int row = groupAt[at] * WIDTH;
      Arrays.fill(minimum, 0);
      Arrays.fill(maximum, 0);
      for (int i = at * WIDTH; i < (at + count) * WIDTH; i++) {
        int n = i % WIDTH;
        minimum[n] = Math.min(minimum[n], weights[i]);
        maximum[n] = Math.max(maximum[n], weights[i]);
      }
      Arrays.fill(best, Float.POSITIVE_INFINITY);
      int tries = clip == ClipSearch.NONE ? 1 : SHRINKS.length;
      for (int t = 0; t < tries; t++) {
        tryGrids(t);
        Arrays.fill(loss, 0);
        if (tries > 1 && clip == ClipSearch.FULL) {
          System.arraycopy(weights, at * WIDTH, trial, 0, count * WIDTH);
          ColumnLoop.run(
              trial,
              0,
              count,
              band,
              at * segment,
              segment,
              inverseDiagonal,
              at,
              triedScales,
              triedZeros,
              firstRow,
              0,
              scheme.maxCode(),
              trialCodes,
              0,
              trialErrors,
              0,
              loss);
        } else if (tries > 1) {
          ColumnLoop.weigh(
              weights,
              at * WIDTH,
              count,
              importance,
              at,
              triedScales,
              triedZeros,
              scheme.maxCode(),
              loss);
        }
        keepBetter(row);
      }
    }

    /** Grids from the weights as they are, in the order of the inputs. */
    private void findGridsBeforehand() {
      float[] plain = new float[inputs * WIDTH];
      float[] share = new float[inputs];
      for (int p = 0; p < inputs; p++) {
        System.arraycopy(weights, p * WIDTH, plain, order[p] * WIDTH, WIDTH);
        share[order[p]] = importance[p];
      }
      for (int from = 0; from < inputs; from += group) {
        Arrays.fill(minimum, 0);
        Arrays.fill(maximum, 0);
        for (int i = from * WIDTH; i < (from + group) * WIDTH; i++) {
          int n = i % WIDTH;
          minimum[n] = Math.min(minimum[n], plain[i]);
          maximum[n] = Math.max(maximum[n], plain[i]);
        }
        Arrays.fill(best, Float.POSITIVE_INFINITY);
        int tries = clip == ClipSearch.NONE ? 1 : SHRINKS.length;
        for (int t = 0; t < tries; t++) {
          tryGrids(t);
          Arrays.fill(loss, 0);
          if (tries > 1) {
            ColumnLoop.weigh(
                plain,
                from * WIDTH,
                group,
                share,
                from,
                triedScales,
                triedZeros,
                scheme.maxCode(),
                loss);
          }
          keepBetter(from / group * WIDTH);
        }
      }
    }

    private void tryGrids(int shrink) {
      for (int n = 0; n < WIDTH; n++) {
        Grid grid = Grid.ofRange(minimum[n], maximum[n], scheme, SHRINKS[shrink]);
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
}
