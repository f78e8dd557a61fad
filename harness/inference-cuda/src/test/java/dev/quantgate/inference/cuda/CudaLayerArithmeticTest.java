package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.LayerArithmetic;
import dev.quantgate.inference.cuda.driver.CudaException;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.solve.Hessian;
import dev.quantgate.quantization.solve.LayerSolver;
import dev.quantgate.quantization.solve.LayerSolver.Solution;
import dev.quantgate.quantization.solve.Workers;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The quantiser's arithmetic on the stand-in beside the processor's, bit by bit. */
class CudaLayerArithmeticTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final Workers WORKERS = new Workers(2);

  private long alive;
  private DeviceSession session;

  @BeforeAll
  static void useTheStandIn() {
    StandIn.use();
  }

  @AfterAll
  static void closeWorkers() {
    WORKERS.close();
  }

  @BeforeEach
  void open() {
    alive = StandIn.alive();
    session = DeviceSession.open(OptionalInt.of(0));
  }

  @AfterEach
  void nothingIsLeft() {
    StandIn.order(0);
    StandIn.forgetFailures();
    session.close();
    assertThat(StandIn.alive()).as("left on the device").isEqualTo(alive);
  }

  @ParameterizedTest
  @CsvSource({
    // bits, inputs, outputs, group, symmetric, order, clip search, order of threads
    "4,64,40,32,true,NONE,FULL,0",
    "4,192,56,64,true,NONE,FULL,1",
    "4,320,24,32,false,GROUP_AWARE,FULL,5",
    "4,320,72,64,true,GROUP_AWARE,FULL,0",
    "4,192,64,64,false,GROUP_AWARE,NONE,0",
    "4,256,16,128,false,STATIC_GROUPS,FULL,1",
    "4,256,72,128,true,GROUP_AWARE,FULL,77",
    "4,384,24,128,false,NONE,WEIGHTED,0",
    "4,96,24,-1,true,GROUP_AWARE,FULL,1",
    "4,160,16,-1,true,GROUP_AWARE,FULL,0",
    "4,320,48,-1,false,STATIC_GROUPS,WEIGHTED,5",
    "3,96,32,32,false,GROUP_AWARE,FULL,0",
    "8,132,20,-1,false,GROUP_AWARE,WEIGHTED,0",
  })
  void aLayerGetsTheCodesAndLossesThatTheProcessorGivesItOnTheSameHessian(
      int bits,
      int inputs,
      int outputs,
      int group,
      boolean symmetric,
      ActOrder order,
      ClipSearch clip,
      long threads) {
    StandIn.order(threads);
    KernelChecks.Finding found =
        checks().layer(inputs, outputs, new Scheme(bits, group, symmetric), order, clip);
    assertThat(found.good()).as(found.name()).isTrue();
  }

  private LayerChecks checks() {
    return new LayerChecks(session, WORKERS);
  }

  @Test
  void whereThereIsNoFactorALossIsComputedAndNothingIsQuantised() {
    int inputs = 8;
    float[] halfOfTheIdentity = new float[inputs * inputs];
    boolean[] dead = new boolean[inputs];
    int[] order = new int[inputs];
    for (int i = 0; i < inputs; i++) {
      halfOfTheIdentity[(i / 4 * inputs + i) * 4 + i % 4] = 0.5f;
      order[i] = i;
    }
    Matrix weight = LayerChecks.normal(3, inputs, 1, 1);
    Matrix other = LayerChecks.normal(3, inputs, 1, 2);
    double expected = 0;
    for (int i = 0; i < weight.values().length; i++) {
      expected += Math.pow((double) weight.values()[i] - other.values()[i], 2);
    }
    try (var device = new CudaLayerArithmetic(session, LayerChecks.NO_INPUTS)) {
      assertThatThrownBy(() -> device.loss(weight, other)).hasMessage("no stage was begun");
      device.begin(
          new LayerArithmetic.ColumnPlan(
              inputs,
              15,
              8,
              new float[] {1},
              false,
              false,
              order,
              dead,
              new float[inputs],
              new float[0],
              halfOfTheIdentity));
      assertThat(device.loss(weight, other)).isCloseTo(expected, within(1e-6 * expected));
      assertThatThrownBy(() -> device.quantise(weight)).hasMessage("the stage was begun without U");
    }
  }

  @ParameterizedTest
  @CsvSource({"8,1,0", "72,511,1", "136,513,0", "200,1100,5"})
  void productsAreChainsOf512TokensAddedInFloat64(int width, int tokens, long threads) {
    StandIn.order(threads);
    KernelChecks.Finding found = checks().products(width, tokens, 37);
    assertThat(found.good()).as(found.name()).isTrue();
  }

  @Test
  void aWalkThroughAModelGivesTheCodesThatTheProcessorFindsFromTheSameInputs(@TempDir Path folder) {
    Path path = TinyCheckpoint.write(folder.resolve("m"), 4, TinyCheckpoint.Format.F16);
    Scheme scheme = new Scheme(4, 32, false);
    try (BlockwiseModel model =
        new CudaEngineProvider().openBlockwise(path, EngineOptions.defaults())) {
      List<float[]> hidden =
          IntStream.of(600, 3, 40)
              .mapToObj(length ->
                  model.embed(IntStream.range(0, length).map(i -> i * i % 251).boxed().toList()))
              .toList();
      List<List<String>> stages = model.linearStages(0);
      for (int s = 0; s < stages.size(); s++) {
        Hessian shown = new Hessian("shown", WORKERS);
        model.observe(0, hidden, s, (sequence, rows) -> shown.add(rows));
        var here =
            new LayerSolver(shown, scheme, ActOrder.GROUP_AWARE, ClipSearch.FULL, 0.01, WORKERS);
        var there =
            new LayerSolver(
                Hessian.of(model, 0, hidden, s, WORKERS),
                scheme,
                ActOrder.GROUP_AWARE,
                ClipSearch.FULL,
                0.01,
                WORKERS,
                model.arithmetic());
        for (String linear : stages.get(s)) {
          Matrix weight = model.weight(linear);
          Solution expected = here.solve(linear, weight);
          Solution found = there.solve(linear, weight);
          assertThat(found.layer().codes()).isEqualTo(expected.layer().codes());
          assertThat(found.layer().scales()).isEqualTo(expected.layer().scales());
          assertThat(found.layer().zeros()).isEqualTo(expected.layer().zeros());
          assertThat(found.gptqLoss()).isEqualTo(expected.gptqLoss());
          model.replace(linear, found.layer().dequantised());
        }
      }
    }
  }

  @Test
  void weightsBeyondFp16AreRefusedWithTheLayersName() {
    Matrix weight = LayerChecks.normal(8, 64, 0.1, 3);
    weight.values()[70] = 1e7f;
    try (var device = new CudaLayerArithmetic(session, LayerChecks.NO_INPUTS)) {
      LayerSolver solver =
          new LayerSolver(
              LayerChecks.hessian(64, 1, WORKERS),
              new Scheme(4, 32, true),
              ActOrder.NONE,
              ClipSearch.FULL,
              0.01,
              WORKERS,
              Optional.of(device));
      assertThatThrownBy(() -> solver.solve("model.layers.0.mlp.up_proj", weight))
          .isInstanceOf(QuantizationException.class)
          .hasMessageContaining("beyond what fp16 can hold");
      assertThat(device.quantise(weight)).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "4", "8", "12", "16"})
  void memoryThatRunsOutInTheMiddleIsSaidAndNothingIsLeft(int allocation) {
    try (var device = new CudaLayerArithmetic(session, LayerChecks.NO_INPUTS)) {
      Matrix weight = LayerChecks.normal(8, 64, 0.1, 3);
      StandIn.fail("cuMemAlloc_v2", allocation, OUT_OF_MEMORY);
      assertThatThrownBy(() ->
              new LayerSolver(
                      LayerChecks.hessian(64, 1, WORKERS),
                      new Scheme(4, 32, true),
                      ActOrder.NONE,
                      ClipSearch.FULL,
                      0.01,
                      WORKERS,
                      Optional.of(device))
                  .solve("w", weight))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("--gpu-memory");
    }
  }
}
