package dev.quantgate.quantization.solve;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.LayerArithmetic;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.QuantizationMethod;
import dev.quantgate.quantization.Scheme;
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
public final class LayerSolver {
  private static final int ROWS = MicroKernel.ROWS;
  private static final int WIDTH = MicroKernel.WIDTH;
  private static final double DAMPING_STEP = 0.01;

  private final Scheme scheme;
  private final Workers workers;
  private final int inputs;
  private final boolean[] dead;
  private final int[] order;
  private final double damping;
  private final Optional<Factor> factor;
  private final StripPlan plan;
  private final Optional<LayerArithmetic> device;

  /** H for the loss, as {@link #lossPanels} lays it out. */
  private final float[] lossPanels;

  /** Everything on the processor. */
  public LayerSolver(
      Hessian hessian,
      Scheme scheme,
      ActOrder actOrder,
      ClipSearch clip,
      double damping,
      Workers workers) {
    this(hessian, scheme, actOrder, clip, damping, workers, Optional.empty());
  }

  /**
   * Orders the inputs and factors the Hessian.
   *
   * @param device what computes columns and losses, until another solver is given it; the workers
   *     where there is none. The codes are the same.
   */
  public LayerSolver(
      Hessian hessian,
      Scheme scheme,
      ActOrder actOrder,
      ClipSearch clip,
      double damping,
      Workers workers,
      Optional<LayerArithmetic> device) {
    hessian.finish();
    this.device = device;
    this.scheme = scheme;
    this.workers = workers;
    this.inputs = hessian.inputs();
    int group = scheme.groupOf(inputs);
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
    float[] importance = new float[inputs];
    for (int i = 0; i < inputs; i++) {
      importance[i] = (float) diagonal[order[i]];
    }
    this.plan =
        StripPlan.of(
            scheme,
            clip,
            group,
            actOrder == ActOrder.STATIC_GROUPS || group > StripPlan.BLOCK,
            dead,
            order,
            importance,
            found);
    this.lossPanels = lossPanels(hessian);
    device.ifPresent(arithmetic -> arithmetic.begin(plan.onDevice(factor, lossPanels)));
  }

  /**
   * A layer's codes.
   *
   * @param chosen which method's they are: the one with the lower loss
   */
  public record Solution(
      QuantizedLayer layer, QuantizationMethod chosen, double rtnLoss, OptionalDouble gptqLoss) {}

  public OptionalDouble damping() {
    return factor.isPresent() ? OptionalDouble.of(damping) : OptionalDouble.empty();
  }

  public int deadInputs() {
    int count = 0;
    for (boolean one : dead) {
      count += one ? 1 : 0;
    }
    return count;
  }

  public String note() {
    return factor.isPresent()
        ? ""
        : "the Hessian could not be factored at any damping: rounded to nearest";
  }

  /** Quantises a layer by both methods and keeps the better one. */
  public Solution solve(String name, Matrix weight) {
    Shapes.check(name, weight.rows(), weight.columns(), scheme);
    if (weight.columns() != inputs) {
      throw new IllegalArgumentException(
          "%s has %d inputs, its Hessian %d".formatted(name, weight.columns(), inputs));
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
    if (device.isPresent()) {
      return device
          .get()
          .quantise(weight)
          .map(found ->
              new QuantizedLayer(
                  name, scheme, inputs, outputs, found.codes(), found.scales(), found.zeros()))
          .orElseThrow(() ->
              new QuantizationException(
                  "%s has weights beyond what fp16 can hold".formatted(name)));
    }
    byte[] codes = new byte[inputs * outputs];
    short[] scales = new short[scheme.groups(inputs) * outputs];
    byte[] zeros = new byte[scales.length];
    workers.forEach(
        Math.ceilDiv(outputs, WIDTH),
        strip -> new Strip(plan, weight, strip * WIDTH, upper).solve(codes, scales, zeros));
    return new QuantizedLayer(name, scheme, inputs, outputs, codes, scales, zeros);
  }

  Optional<Factor> factor() {
    return factor;
  }

  int[] order() {
    return order.clone();
  }

  /**
   * {@code tr((W - Q) H (W - Q)^T)}, H undamped: the losses of the output channels in ascending
   * order, so that it does not depend on how many of them are computed at a time.
   */
  double loss(Matrix weight, Matrix quantised) {
    if (device.isPresent()) {
      return device.get().loss(weight, quantised);
    }
    double[] channels = new double[Math.ceilDiv(weight.rows(), WIDTH) * WIDTH];
    workers.forEach(
        channels.length / WIDTH, strip -> addLosses(weight, quantised, strip * WIDTH, channels));
    double sum = 0;
    for (double channel : channels) {
      sum += channel;
    }
    return 2 * sum;
  }

  private void addLosses(Matrix weight, Matrix quantised, int first, double[] losses) {
    int channels = Math.min(WIDTH, weight.rows() - first);
    float[] error = new float[inputs * WIDTH];
    for (int n = 0; n < channels; n++) {
      int row = (first + n) * inputs;
      for (int k = 0; k < inputs; k++) {
        error[k * WIDTH + n] = weight.values()[row + k] - quantised.values()[row + k];
      }
    }
    float[] tile = new float[ROWS * WIDTH];
    for (int j = 0; j < inputs; j += ROWS) {
      Arrays.fill(tile, 0);
      MicroKernel.accumulate(lossPanels, j * inputs, ROWS, error, 0, j + ROWS, tile, 0);
      for (int n = 0; n < channels; n++) {
        float part = 0;
        for (int r = 0; r < ROWS; r++) {
          part += tile[r * WIDTH + n] * error[(j + r) * WIDTH + n];
        }
        losses[first + n] += part;
      }
    }
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
}
