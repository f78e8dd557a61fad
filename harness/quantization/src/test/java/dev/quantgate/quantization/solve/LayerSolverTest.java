package dev.quantgate.quantization.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.QuantizationMethod;
import dev.quantgate.quantization.Scheme;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GPTQ against its plain form, against what is worked out by hand, and against what must hold. */
class LayerSolverTest {
  private static final Workers WORKERS = new Workers(2);

  @AfterAll
  static void closeWorkers() {
    WORKERS.close();
  }

  @ParameterizedTest
  @CsvSource({
    "64,40,32,true,NONE,1",
    "192,50,64,true,NONE,2",
    "320,24,32,false,GROUP_AWARE,3",
    "320,100,64,true,GROUP_AWARE,4",
    "256,16,128,false,STATIC_GROUPS,5",
    "160,16,-1,true,GROUP_AWARE,6",
    "160,48,-1,false,STATIC_GROUPS,7",
    "384,130,128,true,GROUP_AWARE,8"
  })
  void lanesBlocksAndThreadsGiveTheBitsOfThePlainLoop(
      int inputs, int outputs, int group, boolean symmetric, ActOrder order, long seed) {
    Scheme scheme = new Scheme(4, group, symmetric);
    Matrix weight = normal(outputs, inputs, 0.1, seed);
    LayerSolver solver =
        new LayerSolver(
            hessian(inputs, 3 * inputs, seed), scheme, order, ClipSearch.NONE, 0.01, WORKERS);

    QuantizedLayer fast = solver.compensate("w", weight, solver.factor().orElseThrow());

    QuantizedLayer plain = plain(weight, scheme, solver, order);
    assertThat(fast.scales()).isEqualTo(plain.scales());
    assertThat(fast.zeros()).isEqualTo(plain.zeros());
    assertThat(fast.codes()).isEqualTo(plain.codes());
  }

  /** The algorithm as the paper has it, one weight at a time, no blocks. */
  private static QuantizedLayer plain(
      Matrix weight, Scheme scheme, LayerSolver solver, ActOrder actOrder) {
    int outputs = weight.rows();
    int inputs = weight.columns();
    int group = scheme.groupOf(inputs);
    int[] order = solver.order();
    Factor upper = solver.factor().orElseThrow();
    byte[] codes = new byte[inputs * outputs];
    short[] scales = new short[inputs / group * outputs];
    byte[] zeros = new byte[scales.length];
    boolean beforehand = actOrder == ActOrder.STATIC_GROUPS || group > 128;
    for (int n = 0; n < outputs; n++) {
      float[] w = new float[inputs];
      for (int p = 0; p < inputs; p++) {
        w[p] = weight.values()[n * inputs + order[p]];
      }
      Grid[] grids = new Grid[inputs / group];
      for (int g = 0; beforehand && g < grids.length; g++) {
        int from = n * inputs + g * group;
        grids[g] = Grid.of(weight.values(), from, from + group, scheme, 1);
      }
      for (int p = 0; p < inputs; p++) {
        int g = order[p] / group;
        if (!beforehand && p % group == 0) {
          grids[g] = Grid.of(w, p, p + group, scheme, 1);
        }
        int code = grids[g].code(w[p]);
        codes[order[p] * outputs + n] = (byte) code;
        float error = (grids[g].weight(code) - w[p]) * (1 / upper.at(p, p));
        for (int j = p + 1; j < inputs; j++) {
          w[j] = Math.fma(error, upper.at(p, j), w[j]);
        }
      }
      for (int g = 0; g < grids.length; g++) {
        scales[g * outputs + n] = Float.floatToFloat16(grids[g].scale());
        zeros[g * outputs + n] = (byte) grids[g].zero();
      }
    }
    return new QuantizedLayer("w", scheme, inputs, outputs, codes, scales, zeros);
  }

  @ParameterizedTest
  @CsvSource({"8,1", "100,2", "576,3"})
  void theFactorTurnsTheHessianIntoTheIdentity(int size, long seed) {
    Hessian hessian = hessian(size, 2 * size, seed);
    hessian.finish();
    int[] order = LayerSolver.order(diagonal(hessian), ActOrder.STATIC_GROUPS, 1);
    double added = 0.01;

    Factor upper = Factor.of(hessian, order, new boolean[size], added, WORKERS).orElseThrow();

    // U^T U = H^-1 says that U H U^T is the identity.
    double worst = 0;
    for (int i = 0; i < size; i++) {
      double[] row = new double[size];
      for (int k = i; k < size; k++) {
        for (int j = 0; j < size; j++) {
          double h = hessian.at(order[k], order[j]) + (k == j ? added : 0);
          row[j] += upper.at(i, k) * h;
        }
      }
      for (int j = 0; j < size; j++) {
        double product = 0;
        for (int k = j; k < size; k++) {
          product += row[k] * upper.at(j, k);
        }
        worst = Math.max(worst, Math.abs(product - (i == j ? 1 : 0)));
      }
    }
    assertThat(worst).isLessThan(2e-4);
  }

  @Test
  void twoInputsWorkedByHand() {
    // H = [[5, 2], [2, 4]], so U = [[1/2, -1/4], [0, 1/2]]: U^T U = [[1/4, -1/8], [-1/8, 5/16]] =
    // H^-1.
    // Weights (0.75, 0.5625) on a grid of step 1. The first becomes 1, its error (0.75 - 1) / (1/2)
    // is
    // -1/2; the second becomes 0.5625 - (-1/2)(-1/4) = 0.4375, and so 0 where rounding alone gives
    // 1.
    // Loss: (1/2)^2 + (0.4375 * 2)^2 = 1.015625, which is D H D^T of D = (-0.25, 0.5625);
    // rounding's
    // D = (-0.25, -0.4375) has 1.515625.
    int width = MicroKernel.WIDTH;
    float[] w = new float[2 * width];
    Arrays.fill(w, 0, width, 0.75f);
    Arrays.fill(w, width, 2 * width, 0.5625f);
    float[] scales = filled(width, 1);
    float[] zeros = filled(width, 8);
    float[] codes = new float[2 * width];
    float[] errors = new float[2 * width];
    float[] loss = new float[width];

    ColumnLoop.run(
        2,
        new ColumnLoop.Columns(w, 0, codes, 0, errors, 0),
        new ColumnLoop.Triangle(new float[] {0, -0.25f, 0, 0}, 0, 2, new float[] {2, 2}, 0),
        new ColumnLoop.Grids(scales, zeros, new int[2], 0, 15),
        loss);

    assertThat(Arrays.copyOf(codes, width)).containsOnly(9f);
    assertThat(Arrays.copyOfRange(codes, width, 2 * width)).containsOnly(8f);
    assertThat(w[width]).isEqualTo(0.4375f);
    assertThat(errors[0]).isEqualTo(0.5f);
    assertThat(errors[width]).isEqualTo(-0.875f);
    assertThat(loss).containsOnly(1.015625f);
  }

  @ParameterizedTest
  @EnumSource(ActOrder.class)
  void theIdentityAsHessianGivesRoundToNearest(ActOrder order) {
    for (boolean symmetric : new boolean[] {true, false}) {
      Scheme scheme = new Scheme(4, 32, symmetric);
      Matrix weight = normal(56, 128, 0.3, 11);
      LayerSolver solver =
          new LayerSolver(identity(128), scheme, order, ClipSearch.NONE, 0.01, WORKERS);

      QuantizedLayer layer = solver.compensate("w", weight, solver.factor().orElseThrow());

      QuantizedLayer rounded = RoundToNearest.quantize("w", weight, scheme, WORKERS);
      assertThat(layer.codes()).isEqualTo(rounded.codes());
      assertThat(layer.scales()).isEqualTo(rounded.scales());
      assertThat(layer.zeros()).isEqualTo(rounded.zeros());
    }
  }

  @Test
  void quantisingTwiceOnTheSameGridChangesNothing() {
    int inputs = 64;
    int width = MicroKernel.WIDTH;
    Scheme scheme = new Scheme(4, 64, false);
    LayerSolver solver =
        new LayerSolver(
            hessian(inputs, 200, 5), scheme, ActOrder.NONE, ClipSearch.FULL, 0.01, WORKERS);
    QuantizedLayer once =
        solver.compensate("w", normal(width, inputs, 0.2, 6), solver.factor().orElseThrow());
    Matrix weights = once.dequantised();
    Factor upper = solver.factor().orElseThrow();
    float[] w = new float[inputs * width];
    float[] band = new float[inputs * inputs];
    float[] inverse = new float[inputs];
    for (int k = 0; k < inputs; k++) {
      inverse[k] = 1 / upper.at(k, k);
      for (int n = 0; n < width; n++) {
        w[k * width + n] = weights.values()[n * inputs + k];
      }
      for (int j = k; j < inputs; j++) {
        band[k * inputs + j] = upper.at(k, j);
      }
    }
    float[] scales = new float[width];
    float[] zeros = new float[width];
    for (int n = 0; n < width; n++) {
      scales[n] = Float.float16ToFloat(once.scales()[n]);
      zeros[n] = once.zeros()[n];
    }
    float[] codes = new float[inputs * width];
    float[] loss = new float[width];

    ColumnLoop.run(
        inputs,
        new ColumnLoop.Columns(w, 0, codes, 0, new float[inputs * width], 0),
        new ColumnLoop.Triangle(band, 0, inputs, inverse, 0),
        new ColumnLoop.Grids(scales, zeros, new int[inputs], 0, 15),
        loss);

    for (int i = 0; i < codes.length; i++) {
      assertThat((int) codes[i]).isEqualTo(once.codes()[i]);
    }
    assertThat(loss).containsOnly(0f);
  }

  @ParameterizedTest
  @EnumSource(ClipSearch.class)
  void gptqLosesLessThanRoundingOnCorrelatedInputsAndTheBetterOneIsKept(ClipSearch clip) {
    int better = 0;
    double ratios = 0;
    int cases = 12;
    for (int seed = 0; seed < cases; seed++) {
      Scheme scheme = new Scheme(4, seed % 2 == 0 ? 32 : 64, seed % 3 == 0);
      LayerSolver solver =
          new LayerSolver(
              hessian(192, 400, seed), scheme, ActOrder.GROUP_AWARE, clip, 0.01, WORKERS);

      LayerSolver.Solution solution = solver.solve("w", normal(40, 192, 0.1, 100 + seed));

      double gptq = solution.gptqLoss().orElseThrow();
      better += gptq < solution.rtnLoss() ? 1 : 0;
      ratios += gptq / solution.rtnLoss() / cases;
      assertThat(solution.chosen())
          .isEqualTo(gptq < solution.rtnLoss() ? QuantizationMethod.GPTQ : QuantizationMethod.RTN);
    }
    assertThat(better).isEqualTo(cases);
    assertThat(ratios).isLessThan(0.75);
  }

  @Test
  void searchingTheRangeThroughTheWholeGroupLowersTheLoss() {
    double none = 0;
    double full = 0;
    for (int seed = 0; seed < 8; seed++) {
      none += lossWith(ClipSearch.NONE, seed);
      full += lossWith(ClipSearch.FULL, seed);
    }
    assertThat(full).isLessThan(none);
  }

  private static double lossWith(ClipSearch clip, long seed) {
    LayerSolver solver =
        new LayerSolver(
            hessian(192, 400, seed),
            new Scheme(4, 64, true),
            ActOrder.GROUP_AWARE,
            clip,
            0.01,
            WORKERS);
    return solver.solve("w", normal(64, 192, 0.1, 40 + seed)).gptqLoss().orElseThrow();
  }

  @Test
  void whereRoundingIsBetterItIsKept() {
    // On inputs that hardly correlate there is little to compensate, and now and then it does harm.
    int worse = 0;
    for (int seed = 0; seed < 200; seed++) {
      Hessian hessian = new Hessian("w", WORKERS);
      hessian.add(normal(400, 32, 1, seed));
      LayerSolver solver =
          new LayerSolver(
              hessian, new Scheme(4, 32, true), ActOrder.NONE, ClipSearch.NONE, 0.01, WORKERS);
      Matrix weight = normal(8, 32, 0.1, seed);
      LayerSolver.Solution solution = solver.solve("w", weight);
      if (solution.gptqLoss().orElseThrow() > solution.rtnLoss()) {
        worse++;
        assertThat(solution.chosen()).isEqualTo(QuantizationMethod.RTN);
        assertThat(solver.loss(weight, solution.layer().dequantised()))
            .isEqualTo(solution.rtnLoss());
      }
    }
    assertThat(worse).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"40,64,1", "100,320,2"})
  void theLossIsTheTraceOfItsDefinition(int outputs, int inputs, long seed) {
    Hessian hessian = hessian(inputs, 500, seed);
    LayerSolver solver =
        new LayerSolver(
            hessian, new Scheme(4, 32, true), ActOrder.GROUP_AWARE, ClipSearch.NONE, 0.01, WORKERS);
    Matrix a = normal(outputs, inputs, 1, seed);
    Matrix b = normal(outputs, inputs, 1, seed + 1);
    double expected = 0;
    for (int n = 0; n < outputs; n++) {
      for (int i = 0; i < inputs; i++) {
        for (int j = 0; j < inputs; j++) {
          double x = (double) a.values()[n * inputs + i] - b.values()[n * inputs + i];
          double y = (double) a.values()[n * inputs + j] - b.values()[n * inputs + j];
          expected += x * hessian.at(i, j) * y;
        }
      }
    }

    assertThat(solver.loss(a, b)).isCloseTo(expected, within(1e-4 * expected));
  }

  @Test
  void aSingularHessianIsDampedUntilItCanBeFactored() {
    Hessian hessian = new Hessian("one token", WORKERS);
    hessian.add(normal(1, 64, 1, 3));
    LayerSolver solver =
        new LayerSolver(
            hessian,
            new Scheme(4, 32, true),
            ActOrder.GROUP_AWARE,
            ClipSearch.FULL,
            1e-17,
            WORKERS);

    LayerSolver.Solution solution = solver.solve("w", normal(16, 64, 0.1, 4));

    assertThat(solver.damping().orElseThrow()).isGreaterThanOrEqualTo(0.01);
    assertThat(solution.gptqLoss().orElseThrow()).isLessThan(0.1 * solution.rtnLoss());
  }

  @Test
  void deadInputsGetWeightZeroAndAreCounted() {
    Matrix rows = normal(200, 64, 1, 3);
    for (int t = 0; t < 200; t++) {
      rows.values()[t * 64 + 5] = 0;
      rows.values()[t * 64 + 63] = 0;
    }
    Hessian hessian = new Hessian("dead", WORKERS);
    hessian.add(rows);
    LayerSolver solver =
        new LayerSolver(
            hessian,
            new Scheme(4, 32, false),
            ActOrder.GROUP_AWARE,
            ClipSearch.NONE,
            0.01,
            WORKERS);

    LayerSolver.Solution solution = solver.solve("w", normal(16, 64, 0.1, 4));

    assertThat(solver.deadInputs()).isEqualTo(2);
    assertThat(solution.chosen()).isEqualTo(QuantizationMethod.GPTQ);
    Matrix written = solution.layer().dequantised();
    for (int n = 0; n < 16; n++) {
      assertThat(written.values()[n * 64 + 5]).isZero();
      assertThat(written.values()[n * 64 + 63]).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void activationsThatAreNoNumbersAreRefusedWithTheLayersName(float value) {
    Matrix rows = normal(10, 64, 1, 3);
    rows.values()[7 * 64 + 9] = value;
    Hessian hessian = new Hessian("model.layers.3.mlp.down_proj", WORKERS);
    hessian.add(rows);

    assertThatThrownBy(hessian::finish)
        .isInstanceOf(QuantizationException.class)
        .hasMessage(
            "input 9 of model.layers.3.mlp.down_proj is NaN or infinite on the calibration text;"
                + " the model cannot be calibrated on it (are its weights sound?)");
  }

  @Test
  void theHessianIsTheMeanOuterProductTimesTwo() {
    Hessian hessian = new Hessian("h", WORKERS);
    Matrix first = normal(300, 100, 1, 1);
    Matrix second = normal(421, 100, 1, 2);
    hessian.add(first);
    hessian.add(second);
    hessian.finish();

    double worst = 0;
    for (int i = 0; i < 100; i++) {
      for (int j = 0; j < 100; j++) {
        double sum = 0;
        for (Matrix rows : new Matrix[] {first, second}) {
          for (int t = 0; t < rows.rows(); t++) {
            sum += (double) rows.values()[t * 100 + i] * rows.values()[t * 100 + j];
          }
        }
        worst = Math.max(worst, Math.abs(hessian.at(i, j) - 2 * sum / 721));
      }
    }
    assertThat(worst).isLessThan(1e-5);
  }

  @Test
  void vectorsRoundToFp16AsJavaDoes() {
    SplittableRandom random = new SplittableRandom(8);
    int lanes = MicroKernel.LANES;
    float[] x = new float[lanes];
    float[] rounded = new float[lanes];
    for (int round = 0; round < 20_000; round++) {
      for (int i = 0; i < lanes; i++) {
        float half = Float.float16ToFloat((short) random.nextInt(0x7bff));
        float step = Math.ulp(half) * 8192;
        x[i] =
            (random.nextBoolean() ? 1 : -1)
                * switch (random.nextInt(3)) {
                  case 0 -> half;
                  case 1 -> half + step / 2;
                  default -> (float) (half * random.nextDouble());
                };
        x[i] = Math.clamp(x[i], -65504, 65504);
      }
      ColumnLoop.half(jdk.incubator.vector.FloatVector.fromArray(MicroKernel.SPECIES, x, 0))
          .intoArray(rounded, 0);
      for (int i = 0; i < lanes; i++) {
        assertThat(rounded[i] + 0f).isEqualTo(Half.round(x[i]) + 0f);
      }
    }
  }

  static Matrix normal(int rows, int columns, double deviation, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return new Matrix(rows, columns, values);
  }

  /** Inputs that are correlated and of unequal strength, as a model's are. */
  static Hessian hessian(int inputs, int tokens, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int sources = Math.max(4, inputs / 4);
    float[] mix = normal(sources, inputs, 1, seed + 77).values();
    float[] values = new float[tokens * inputs];
    for (int t = 0; t < tokens; t++) {
      for (int s = 0; s < sources; s++) {
        float strength = (float) (random.nextGaussian() / (1 + s));
        for (int i = 0; i < inputs; i++) {
          values[t * inputs + i] += strength * mix[s * inputs + i];
        }
      }
      for (int i = 0; i < inputs; i++) {
        values[t * inputs + i] += (float) (0.1 * random.nextGaussian());
      }
    }
    Hessian hessian = new Hessian("w", WORKERS);
    hessian.add(new Matrix(tokens, inputs, values));
    return hessian;
  }

  private static Hessian identity(int size) {
    float[] values = new float[size * size];
    for (int i = 0; i < size; i++) {
      values[i * size + i] = 1;
    }
    Hessian hessian = new Hessian("identity", WORKERS);
    hessian.add(new Matrix(size, size, values));
    return hessian;
  }

  private static double[] diagonal(Hessian hessian) {
    double[] diagonal = new double[hessian.inputs()];
    for (int i = 0; i < diagonal.length; i++) {
      diagonal[i] = hessian.at(i, i);
    }
    return diagonal;
  }

  private static float[] filled(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }
}
