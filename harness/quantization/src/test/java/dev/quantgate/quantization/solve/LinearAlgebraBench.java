package dev.quantgate.quantization.solve;

import com.sun.management.OperatingSystemMXBean;
import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.Scheme;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Speed of the quantiser's linear algebra beside a dense product of the engine it runs on, in one
 * process: GFLOP/s by the clock, and for each second of processor time, which a busy machine
 * changes less. Run as described in the module's README.
 */
final class LinearAlgebraBench {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private LinearAlgebraBench() {}

  public static void main(String[] arguments) {
    EngineOptions options = EngineOptions.defaults();
    try (Workers workers = new Workers(options.threads())) {
      if (arguments.length > 0) {
        try (BlockwiseModel model =
            Engines.findBlockwise("cpu").openBlockwise(Path.of(arguments[0]), options)) {
          float[] hidden = model.embed(IntStream.range(0, 512).boxed().toList());
          double vocabulary = model.logits(hidden).columns();
          measure(
              "engine: dense product (the head, 512 tokens)",
              2.0 * 512 * model.hiddenSize() * vocabulary,
              () -> model.logits(hidden));
        }
      }
      for (int inputs : new int[] {576, 1536, 4096}) {
        Matrix rows = LayerSolverTest.normal(2048, inputs, 1, 3);
        measure(
            "Hessian of " + inputs + " inputs, 2048 tokens",
            2048.0 * inputs * inputs,
            () -> new Hessian("bench", workers).add(rows));
        if (inputs > 2000) {
          continue;
        }
        Hessian hessian = new Hessian("bench", workers);
        hessian.add(rows);
        hessian.finish();
        int[] order = IntStream.range(0, inputs).toArray();
        measure(
            "factor of " + inputs + " inputs",
            2.0 * inputs * inputs * inputs / 3,
            () -> Factor.of(hessian, order, new boolean[inputs], 0.01, workers));
        Matrix weight = LayerSolverTest.normal(1536, inputs, 0.1, 4);
        for (ClipSearch clip : new ClipSearch[] {ClipSearch.NONE, ClipSearch.FULL}) {
          LayerSolver solver =
              new LayerSolver(
                  hessian, new Scheme(4, 64, true), ActOrder.GROUP_AWARE, clip, 0.01, workers);
          int tries = clip == ClipSearch.FULL ? 25 : 1;
          measure(
              "compensation of 1536 x " + inputs + ", clip search " + clip,
              1536.0 * inputs * (inputs + (tries - 1) * 64),
              () -> solver.compensate("bench", weight, solver.factor().orElseThrow()));
        }
      }
    }
  }

  private static void measure(String what, double operations, Runnable work) {
    double bestWall = 0;
    double bestCore = 0;
    for (int round = 0; round < 12; round++) {
      long cpu = SYSTEM.getProcessCpuTime();
      long start = System.nanoTime();
      work.run();
      bestWall = Math.max(bestWall, operations / (System.nanoTime() - start));
      bestCore = Math.max(bestCore, operations / (SYSTEM.getProcessCpuTime() - cpu));
    }
    System.out.printf(
        Locale.ROOT, "%-52s %7.1f GFLOP/s  %7.1f per core%n", what, bestWall, bestCore);
  }
}
