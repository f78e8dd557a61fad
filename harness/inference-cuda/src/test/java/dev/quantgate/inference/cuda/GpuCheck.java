package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.ModelConfig.Rope;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.cuda.DeviceBenchmark.Decode;
import dev.quantgate.inference.cuda.DeviceBenchmark.Prefill;
import dev.quantgate.inference.cuda.driver.CublasLt;
import dev.quantgate.inference.cuda.driver.CudaException;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.solve.Workers;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Checks and measures a real device in one call, the most important first: {@code GpuCheck FOLDER
 * [--parity DIR] [--seconds N] [--small] [--steps A,B]}. Prints as it goes and writes
 * FOLDER/gpu-check.json and .md after each line. Exit 0 if every check holds, 1 if one does not.
 *
 * <p>Steps: kernels, parity, layers, invariance, products, use, and the names of model shapes.
 */
public final class GpuCheck {
  /** Against a float32 reference, with 16-bit activations, keys and values. */
  static final double F16_LOGITS = 2e-2;

  static final double BF16_LOGITS = 1.5e-1;

  private static final int STEPS = 64;

  private final DeviceSession session;
  private final CheckReport report;
  private final DeviceBenchmark benchmark;
  private final boolean small;
  private final double limit;
  private double stream;
  private double matrix;

  private GpuCheck(DeviceSession session, CheckReport report, boolean small, double limit) {
    this.session = session;
    this.report = report;
    this.benchmark = new DeviceBenchmark(session);
    this.small = small;
    this.limit = limit;
  }

  /** See the class. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Path parity = null;
    boolean small = false;
    double limit = 460;
    List<String> steps =
        List.of("kernels", "parity", "invariance", "codellama-34b", "products", "llama-7b");
    for (int i = 1; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--parity" -> parity = Path.of(arguments[++i]);
        case "--seconds" -> limit = Double.parseDouble(arguments[++i]);
        case "--small" -> small = true;
        case "--steps" -> steps = List.of(arguments[++i].split(","));
        default -> throw new IllegalArgumentException("unknown: " + arguments[i]);
      }
    }
    var report = new CheckReport(folder, System.out);
    try (DeviceSession session = DeviceSession.open(0)) {
      report.fact("device", session.device().name());
      report.fact("capability", session.device().capability());
      report.fact("multiprocessors", session.device().multiprocessors());
      report.fact("memory GB", session.device().memoryBytes() / 1e9);
      report.fact("free GB", session.context().freeBytes() / 1e9);
      report.fact("driver", session.driver().version());
      report.fact("processors", Runtime.getRuntime().availableProcessors());
      report.fact("host", System.getProperty("os.name") + " " + System.getProperty("os.version"));
      var check = new GpuCheck(session, report, small, limit);
      Path folders = parity;
      for (String step : steps) {
        check.step(step, () -> check.run(step, folders));
      }
      report.fact("left on the device", session.context().allocatedBytes());
    } catch (RuntimeException e) {
      report.failed("device", e);
    }
    report.fact(
        "start to end of JVM s",
        (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) / 1e3);
    System.out.printf("%d failures%n", report.failures());
    System.exit(report.failures() == 0 ? 0 : 1);
  }

  private interface Step {
    void run() throws Exception;
  }

  private void step(String name, Step step) {
    if (report.seconds() > limit) {
      report.row("failures", "step", name, "error", "no time left");
      return;
    }
    try {
      step.run();
    } catch (Exception | Error e) {
      report.failed(name, e);
    }
  }

  private void run(String step, @Nullable Path parity) throws IOException {
    switch (step) {
      case "kernels" -> kernels();
      case "parity" -> {
        if (parity != null) {
          parity(parity);
        }
      }
      case "layers" -> layers();
      case "invariance" -> invariance();
      case "products" -> {
        ceilings();
        if (!small) {
          products();
        }
      }
      case "use" -> use();
      case "tiny" -> {
        ceilings();
        shape("tiny", tiny(), true);
      }
      default -> {
        ceilings();
        shape(step, ModelShape.of(step).config(), step.equals("codellama-34b"));
      }
    }
  }

  // --- 1. Right ----------------------------------------------------------------------------------

  private void kernels() {
    var checks = new KernelChecks(session);
    int[] rows = small ? new int[] {1, 17} : new int[] {1, 2, 8, 9, 16, 17, 33, 64, 100, 300};
    for (Linear linear : KernelChecks.matrices(small ? 1 : 4)) {
      double worst = 0;
      boolean good = true;
      KernelChecks.Finding last = null;
      for (int m : rows) {
        last = checks.product(linear, m);
        worst = Math.max(worst, last.error());
        good &= last.good();
        if (!last.good()) {
          report.check("kernels", last);
        }
      }
      if (last != null && good) {
        report.check("kernels", new KernelChecks.Finding(last.name(), worst, true));
      }
      if (warpgroups()
          && linear instanceof Linear.Dense dense
          && dense.weight().dtype() == Tensor.DType.F16) {
        report.check("kernels", checks.yardstick(dense, small ? 20 : 300));
      }
    }
    Linear.Gptq right = GptqMatrix.gptq(3, 640, 320, 64, false);
    report.check(
        "kernels",
        checks.control("zero point off by one", right, GptqMatrix.zeroOffByOne(right), 4));
    report.check(
        "kernels", checks.control("permuted nibbles", right, GptqMatrix.nibblesReversed(right), 4));
  }

  /** The quantiser's arithmetic beside the processor's. */
  private void layers() {
    int scale = small ? 1 : 4;
    try (var workers = new Workers(Runtime.getRuntime().availableProcessors())) {
      var checks = new LayerChecks(session, workers);
      report.check("layers", checks.products(200 * scale, 1100, 256));
      for (boolean symmetric : new boolean[] {true, false}) {
        for (int group : new int[] {32, 64, 128, -1}) {
          report.check(
              "layers",
              checks.layer(
                  256 * scale,
                  72 * scale,
                  new Scheme(4, group, symmetric),
                  symmetric ? ActOrder.GROUP_AWARE : ActOrder.STATIC_GROUPS,
                  ClipSearch.FULL));
        }
      }
    }
    report.row(
        "layers speed",
        "products of inputs",
        small ? 256 : 8192,
        "TFLOP/s",
        benchmark.outerProductRate(small ? 256 : 8192) / 1e12);
  }

  private void parity(Path parity) throws IOException {
    for (Path folder : ParityFolder.in(parity)) {
      String name = folder.getFileName().toString();
      boolean bfloat = name.endsWith("bf16");
      try (CudaExecutor executor = ParityFolder.executor(session, folder, 8, 256)) {
        ParityFolder.Distance found = ParityFolder.measure(executor, folder, 256);
        report.check(
            "parity",
            new KernelChecks.Finding(
                "%s logits, greedy %d of %d".formatted(name, found.greedyEqual(), found.greedy()),
                found.worst(),
                found.worst() < (bfloat ? BF16_LOGITS : F16_LOGITS)
                    && found.greedyEqual() >= found.greedy() * (bfloat ? 0.8 : 0.95)));
      } catch (RuntimeException e) {
        report.failed("parity " + name, e);
      }
    }
    Path plain = parity.resolve("llama-gqa-fp16");
    if (java.nio.file.Files.isDirectory(plain)) {
      try (CudaExecutor executor = wrongTheta(plain)) {
        double worst = ParityFolder.measure(executor, plain, 256).worst();
        report.check(
            "parity",
            new KernelChecks.Finding("control: wrong theta", worst, worst > 2 * F16_LOGITS));
      }
    }
  }

  /** The checkpoint with a tenth of its rotary base. */
  private CudaExecutor wrongTheta(Path folder) {
    try (Checkpoint right = Checkpoints.open(folder)) {
      ModelConfig c = right.config();
      var config =
          new ModelConfig(
              c.modelType(),
              c.vocabularySize(),
              c.hiddenSize(),
              c.intermediateSize(),
              c.layers(),
              c.heads(),
              c.keyValueHeads(),
              c.headSize(),
              c.contextLength(),
              c.rmsNormEpsilon(),
              new Rope.Default(c.rope().theta() / 10),
              c.queryKeyNorm(),
              c.tiedEmbeddings(),
              c.slidingWindow(),
              c.bosId(),
              c.eosIds());
      DeviceModel model =
          DeviceModel.load(
              session.context(),
              session.kernels(),
              session.stream(),
              new OtherConfig(right, config),
              "wrong theta");
      var plan = new MemoryPlan("--gpu-memory", model.bytes(), 1, Forward.pageBytes(config), 8);
      return new CudaExecutor(
          session.context(), session.kernels(), session.stream(), model, plan, 256, true);
    }
  }

  private static ModelConfig tiny() {
    return new ModelConfig(
        "llama",
        1000,
        256,
        640,
        2,
        8,
        2,
        64,
        1024,
        1e-5,
        new Rope.Default(1e4),
        false,
        false,
        OptionalInt.empty(),
        OptionalInt.empty(),
        List.of());
  }

  private void invariance() {
    var checks = new KernelChecks(session);
    ModelConfig config =
        small
            ? tiny()
            : new ModelConfig(
                "llama",
                32000,
                2048,
                5504,
                4,
                16,
                4,
                128,
                4096,
                1e-5,
                new Rope.Default(1e4),
                false,
                false,
                OptionalInt.empty(),
                OptionalInt.empty(),
                List.of());
    int[] batches = small ? new int[] {1, 2, 9, 33} : IntStream.rangeClosed(1, 256).toArray();
    for (WeightFormat format : WeightFormat.values()) {
      try (CudaExecutor executor = benchmark.generated(config, format, 260, 128, true)) {
        report.check("invariance", checks.invariance(format.suffix(), executor, config, batches));
        if (warpgroups()) {
          executor.forward().product().byWarpgroups(false);
          report.check(
              "invariance",
              checks.invariance(format.suffix() + ", no warpgroups", executor, config, batches));
        }
      }
    }
  }

  // --- 2. Fast -----------------------------------------------------------------------------------

  private boolean warpgroups() {
    return Product.hasWarpgroups(session.device(), session.kernels());
  }

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

  private void shape(String name, ModelConfig config, boolean thorough) {
    for (WeightFormat format : List.of(WeightFormat.I4G64, WeightFormat.F16)) {
      long begun = System.nanoTime();
      int positions = small ? 128 : 1024 + 2 * STEPS;
      long weights = DeviceModel.bytes(config, format);
      if (weights > session.context().freeBytes() - (2L << 30)) {
        report.row("decode", "shape", name, "weights", format.suffix(), "batch", "does not fit");
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
          decode(name, format, benchmark.decode(executor, model, batch, context, steps, 2));
        }
        prefill(name, format, benchmark.prefill(executor, model, small ? 128 : 2048, 2));
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
  }

  /** The same without products by warpgroups, for more than 32 rows. */
  private void withoutWarpgroups(
      String name, WeightFormat format, CudaExecutor executor, DeviceModel model, int positions) {
    executor.forward().product().byWarpgroups(false);
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
    executor.forward().product().byWarpgroups(true);
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
  private void products() {
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
                "w64n256")) {
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

  /** What each kernel takes of a multiprocessor. */
  private void use() {
    var names = new ArrayList<String>();
    session.kernels().specs().forEach(spec -> names.add(spec.name()));
    for (String name : names) {
      var kernel = session.kernels().kernel(name);
      report.row(
          "kernel use",
          "kernel",
          name,
          "registers",
          kernel.registers(),
          "spilled bytes",
          kernel.spilledBytes(),
          "blocks a multiprocessor",
          kernel.blocksPerMultiprocessor());
    }
  }
}
