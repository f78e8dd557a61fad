package dev.quantgate.inference.cuda;

import dev.quantgate.inference.SuiteTokens;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.DeviceBenchmark.Decode;
import dev.quantgate.inference.cuda.DeviceBenchmark.Prefill;
import dev.quantgate.inference.cuda.driver.CublasLt;
import dev.quantgate.inference.cuda.driver.CudaException;
import java.util.List;
import java.util.Map;

/**
 * What {@link GpuCheck} measures: rates beside what the device gives, and where a step's time goes.
 */
final class GpuSpeed {
  private static final int STEPS = 64;

  private final DeviceSession session;
  private final CheckReport report;
  private final DeviceBenchmark benchmark;
  private final boolean small;
  private double stream;
  private double matrix;

  GpuSpeed(DeviceSession session, CheckReport report, DeviceBenchmark benchmark, boolean small) {
    this.session = session;
    this.report = report;
    this.benchmark = benchmark;
    this.small = small;
  }

  private boolean warpgroups() {
    return Product.hasWarpgroups(session.device(), session.kernels());
  }

  /** Measures what the device gives, once. */
  private void ceilings() {
    if (stream > 0) {
      return;
    }
    stream = benchmark.readBandwidth();
    report.fact("read stream GB/s", stream / 1e9);
    for (String size : List.of(Product.LARGE_TILES, "w128n128", Product.YARDSTICK)) {
      if (size.startsWith("w") && (small || !warpgroups())) {
        continue;
      }
      double rate =
          benchmark.matrixRate(size, small ? 128 : 4096, small ? 512 : 8192, small ? 512 : 8192);
      report.fact("product %s TFLOP/s".formatted(size), rate / 1e12);
      matrix = Math.max(matrix, rate);
    }
    int width = small ? 256 : 8192;
    try (var library = new CublasLt(session.context())) {
      report.fact(
          "cuBLASLt %s TFLOP/s".formatted(library.version()),
          benchmark.matrixRate(library, width / 2, width, width) / 1e12);
    } catch (CudaException e) {
      report.fact("cuBLASLt", String.valueOf(e.getMessage()));
    }
  }

  /** Memory and speed of a model of a shape, weights made up on the device. */
  void shape(String name, ModelConfig config, boolean thorough) {
    ceilings();
    double pair = 0;
    for (WeightFormat format : List.of(WeightFormat.I4G64, WeightFormat.F16)) {
      long begun = System.nanoTime();
      int positions = small ? 128 : 1024 + 2 * STEPS;
      long weights = DeviceModel.bytes(config, format);
      if (weights > session.context().freeBytes() - (2L << 30)) {
        report.row("decode", "shape", name, "weights", format.suffix(), "batch", "does not fit");
        pair = Double.NaN;
        continue;
      }
      DeviceModel model =
          DeviceModel.generate(
              session.context(), session.kernels(), session.stream(), config, format);
      try (CudaExecutor executor = benchmark.executor(model, small ? 4 : 256, positions, true)) {
        report.row(
            "memory",
            "shape",
            name,
            "weights",
            format.suffix(),
            "weights GB",
            model.bytes() / 1e9,
            "read a step GB",
            model.readBytes() / 1e9,
            "all GB",
            session.context().allocatedBytes() / 1e9,
            "pages",
            executor.memory().pages(),
            "ready s",
            (System.nanoTime() - begun) / 1e9);
        Decode alone = null;
        Decode together = null;
        for (int batch : small ? new int[] {1, 2} : new int[] {1, 16, 64, 256}) {
          int room = DeviceBenchmark.room(executor, batch);
          int steps = small ? 4 : STEPS;
          int context = Math.min(positions - 2 * steps, room - 2 * steps);
          if (context < 1) {
            report.row(
                "decode",
                "shape",
                name,
                "weights",
                format.suffix(),
                "batch",
                batch,
                "context",
                "does not fit");
            continue;
          }
          Decode found = benchmark.decode(executor, model, batch, context, steps, 2);
          decode(name, format, found);
          alone = batch == 1 ? found : alone;
          together = batch <= SuiteTokens.ANSWERS ? found : together;
        }
        Prefill prompt = benchmark.prefill(executor, model, small ? 128 : 2048, 2);
        prefill(name, format, prompt);
        Prefill texts = benchmark.texts(executor, model, 2);
        prefill(name + " (texts, each position read)", format, texts);
        pair +=
            alone == null || together == null
                ? Double.NaN
                : benchmarks(
                    name,
                    format,
                    new SuiteTokens.Rates(
                        prompt.tokensPerSecond(),
                        texts.tokensPerSecond(),
                        together.tokensPerSecond(),
                        alone.tokensPerSecond()));
        if (warpgroups() && !small) {
          withoutWarpgroups(name, format, executor, model, positions);
        }
        if (!small && DeviceBenchmark.room(executor, 1) >= 3072) {
          prefill(name, format, benchmark.prefill(executor, model, 1024, 2));
          // The article's two runs: the mean of decoding is its middle.
          decode(name, format, benchmark.decode(executor, model, 1, 2560 - STEPS / 2, STEPS, 1));
          decode(name, format, benchmark.decode(executor, model, 1, 2048 - STEPS / 2, STEPS, 1));
        }
        Decode stepped =
            benchmark.decodeBySteps(executor, model, 1, small ? 64 : 1024, small ? 4 : STEPS);
        report.row(
            "steps with the host",
            "shape",
            name,
            "weights",
            format.suffix(),
            "batch",
            1,
            "tokens/s",
            stepped.tokensPerSecond());
        if (thorough) {
          for (int batch : small ? new int[] {1} : new int[] {1, 16, 64}) {
            if (DeviceBenchmark.room(executor, batch) > 1100 || small) {
              profile(
                  name,
                  format,
                  "decode, batch " + batch,
                  benchmark.profile(executor, model, batch, small ? 64 : 1024));
            }
          }
          profile(
              name,
              format,
              "prefill",
              benchmark.profilePrefill(executor, model, small ? 128 : 2048));
        }
      }
    }
    if (pair > 0) {
      report.fact("%s: the benchmarks by both formats, s".formatted(name), pair);
    }
  }

  /** Seconds that the benchmarks take at these rates. */
  private double benchmarks(String name, WeightFormat format, SuiteTokens.Rates rates) {
    double all = 0;
    for (SuiteTokens suite : SuiteTokens.BENCHMARKS) {
      double seconds = suite.seconds(rates);
      all += seconds;
      report.row(
          "benchmarks, computed",
          "shape",
          name,
          "weights",
          format.suffix(),
          "suite",
          "%s/%s".formatted(suite.suite(), suite.protocol()),
          "prompt tokens",
          suite.promptTokens(),
          "answers' tokens",
          suite.writtenTokens(),
          "s",
          seconds);
    }
    return all;
  }

  /** The same without products by warpgroups, for more than 32 rows. */
  private void withoutWarpgroups(
      String name, WeightFormat format, CudaExecutor executor, DeviceModel model, int positions) {
    executor.byWarpgroups(false);
    for (int batch : new int[] {64, 256}) {
      int context =
          Math.min(positions - 2 * STEPS, DeviceBenchmark.room(executor, batch) - 2 * STEPS);
      if (context >= 1) {
        decode(
            name + " (no warpgroups)",
            format,
            benchmark.decode(executor, model, batch, context, STEPS, 2));
      }
    }
    prefill(name + " (no warpgroups)", format, benchmark.prefill(executor, model, 2048, 2));
    executor.byWarpgroups(true);
  }

  private void decode(String name, WeightFormat format, Decode decode) {
    report.row(
        "decode",
        "shape",
        name,
        "weights",
        format.suffix(),
        "batch",
        decode.batch(),
        "context",
        decode.context(),
        "tokens/s",
        decode.tokensPerSecond(),
        "ms a step",
        1e3 * decode.seconds() / decode.steps(),
        "GB/s",
        decode.bandwidth() / 1e9,
        "of read stream",
        decode.bandwidth() / stream);
  }

  private void prefill(String name, WeightFormat format, Prefill prefill) {
    report.row(
        "prefill",
        "shape",
        name,
        "weights",
        format.suffix(),
        "tokens",
        prefill.tokens(),
        "tokens/s",
        prefill.tokensPerSecond(),
        "TFLOP/s",
        prefill.flopsPerSecond() / 1e12,
        "of the largest product",
        prefill.flopsPerSecond() / matrix);
  }

  private void profile(String name, WeightFormat format, String what, Map<String, Double> seconds) {
    double all = seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    seconds.forEach((part, each) ->
        report.row(
            "profile",
            "shape",
            name,
            "weights",
            format.suffix(),
            "step",
            what,
            "part",
            part,
            "ms",
            1e3 * each,
            "share",
            each / all));
  }

  /** Each product kernel by itself on the 34B shape's matrices. */
  void products() {
    ceilings();
    if (small) {
      return;
    }
    int[][] shapes = {{8192, 10240}, {8192, 8192}, {8192, 44032}, {22016, 8192}};
    for (WeightFormat format : List.of(WeightFormat.I4G64, WeightFormat.F16)) {
      for (int[] shape : shapes) {
        for (String size :
            List.of(
                "r8n32_bulk",
                "r8n64_bulk",
                "r8n32_thin_bulk",
                "r16n64_bulk",
                "r32n256",
                "r64n256",
                "w64n128",
                "w64n128_steps",
                "w64n256",
                "w64n256_steps")) {
          if (!session.kernels().has("product_%s_%s".formatted(format.suffix(), size))
              || (size.startsWith("w") && !warpgroups())) {
            continue;
          }
          int rows =
              size.startsWith("r8") ? 1 : Integer.parseInt(size.substring(1, size.indexOf('n')));
          double bandwidth = benchmark.productBandwidth(format, size, rows, shape[0], shape[1]);
          report.row(
              "products",
              "weights",
              format.suffix(),
              "shape",
              "%dx%d".formatted(shape[1], shape[0]),
              "kernel",
              size,
              "rows",
              rows,
              "GB/s",
              bandwidth / 1e9,
              "of read stream",
              bandwidth / stream);
        }
      }
    }
  }
}
