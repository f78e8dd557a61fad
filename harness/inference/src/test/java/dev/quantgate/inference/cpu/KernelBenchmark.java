package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.checkpoint.ZeroPoints;
import dev.quantgate.inference.cpu.Projection.Into;
import dev.quantgate.inference.cpu.Projection.Rows;
import dev.quantgate.inference.fixture.RandomCheckpoint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * How fast the products read weights: gigabytes a second and GFLOP/s for each format and number of
 * activation rows, beside a plain read stream of the same threads in the same round and beside the
 * scalar loop. Run by hand: {@code KernelBenchmark [THREADS [SECONDS]]}.
 *
 * <p>Matrices are larger together than caches are, and the formats take turns, so that a slow spell
 * of the machine falls on all of them; the median of the rounds is told.
 */
final class KernelBenchmark {
  private static final int OUTPUTS = 1536;
  private static final int INPUTS = 576;
  private static final int MATRICES = 40;
  private static final RandomCheckpoint.Shape FOUR_BITS =
      new RandomCheckpoint.Shape(
          "groups of 64",
          INPUTS,
          OUTPUTS,
          9,
          3,
          64,
          new ModelConfig.Rope.Default(10_000),
          0,
          false,
          false,
          true,
          new RandomCheckpoint.Format(DType.F16, 64, true, false, ZeroPoints.LESS_ONE_PER_FIELD));
  private static final int[] ROWS = {1, 2, 4, 8, 16, 64};

  private KernelBenchmark() {}

  /** One line of the table. */
  private static final class Line {
    final String name;
    final int rows;
    final List<Weights> weights;
    final List<Double> seconds = new ArrayList<>();

    Line(String name, int rows, List<Weights> weights) {
      this.name = name;
      this.rows = rows;
      this.weights = weights;
    }
  }

  public static void main(String[] args) {
    int threads =
        args.length > 0 ? Integer.parseInt(args[0]) : Runtime.getRuntime().availableProcessors();
    double budget = args.length > 1 ? Double.parseDouble(args[1]) : 60;
    try (var team = new SpinTeam(threads);
        Arena arena = Arena.ofShared()) {
      var lines = new ArrayList<Line>();
      for (DType dtype : new DType[] {DType.F16, DType.BF16}) {
        List<Weights> weights = new ArrayList<>();
        for (int i = 0; i < MATRICES; i++) {
          weights.add(dense(dtype, arena, i));
        }
        for (int rows : ROWS) {
          lines.add(new Line(dtype.name(), rows, weights));
        }
      }
      List<Weights> codes = new ArrayList<>();
      for (int seed = 0; codes.size() < MATRICES; seed++) {
        try (var checkpoint = new RandomCheckpoint(FOUR_BITS, seed)) {
          for (Checkpoint.Block block : checkpoint.blocks()) {
            codes.add(LoadedModel.weights(block.gate(), arena, team));
            codes.add(LoadedModel.weights(block.up(), arena, team));
          }
        }
      }
      for (int rows : ROWS) {
        lines.add(new Line("int4", rows, codes));
      }
      measure(lines, team, budget);
    }
  }

  private static Weights dense(DType dtype, Arena arena, int seed) {
    MemorySegment data = arena.allocate(2L * OUTPUTS * INPUTS, 64);
    var random = new SplittableRandom(seed);
    for (long i = 0; i < (long) OUTPUTS * INPUTS; i++) {
      data.set(Widening.SHORT, 2 * i, (short) (random.nextInt(0x3000) | random.nextInt(2) << 15));
    }
    var tensor = new Tensor("w", dtype, new long[] {OUTPUTS, INPUTS}, data);
    return new Weights.Dense(tensor, OUTPUTS, INPUTS, null);
  }

  private static void measure(List<Line> lines, SpinTeam team, double budget) {
    var projection = new Projection(team);
    int stride = Lanes.pad(INPUTS);
    float[] x = new float[64 * stride];
    Arrays.fill(x, 0.5f);
    float[] y = new float[64 * OUTPUTS];
    var bandwidths = new ArrayList<Double>();
    long end = System.nanoTime() + (long) (budget * 1e9);
    for (int round = 0; System.nanoTime() < end || round < 3; round++) {
      bandwidths.add(ReadBandwidth.measure(team));
      for (Line line : lines) {
        long begun = System.nanoTime();
        for (Weights weights : line.weights) {
          projection.project(
              new Rows(x, stride),
              line.rows,
              new Weights[] {weights},
              new Rows[] {new Rows(y, OUTPUTS)},
              Into.SET);
        }
        line.seconds.add((System.nanoTime() - begun) / 1e9);
      }
    }
    System.out.printf("plain read %.1f GB/s%n", median(bandwidths) / 1e9);
    System.out.printf(
        "scalar F16, 1 row, 1 thread %.2f GB/s%n", scalar(lines.getFirst().weights.getFirst(), x));
    System.out.printf("%-8s %5s %10s %10s%n", "weights", "rows", "GB/s", "GFLOP/s");
    for (Line line : lines) {
      double bytes = line.weights.stream().mapToLong(Weights::residentBytes).sum();
      double flops = 2.0 * line.rows * OUTPUTS * INPUTS * line.weights.size();
      double seconds = median(line.seconds);
      System.out.printf(
          "%-8s %5d %10.1f %10.1f%n",
          line.name, line.rows, bytes / seconds / 1e9, flops / seconds / 1e9);
    }
  }

  /** Gigabytes a second of the loop that the kernels are held to. */
  private static double scalar(Weights weights, float[] x) {
    float[] row = new float[weights.columns()];
    double best = 0;
    for (int round = 0; round < 20; round++) {
      long begun = System.nanoTime();
      double all = 0;
      for (int n = 0; n < weights.outputs(); n++) {
        weights.unpack(n, 1, row);
        double sum = 0;
        for (int k = 0; k < row.length; k++) {
          sum += (double) x[k] * row[k];
        }
        all += sum;
      }
      if (Double.isNaN(all)) {
        throw new AssertionError("a product is no number");
      }
      best = Math.max(best, weights.residentBytes() / (double) (System.nanoTime() - begun));
    }
    return best;
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
