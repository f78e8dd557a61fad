package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.ModelConfig.Rope;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.solve.Workers;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

  private final DeviceSession session;
  private final CheckReport report;
  private final DeviceBenchmark benchmark;
  private final GpuSpeed speed;
  private final boolean small;
  private final double limit;

  private GpuCheck(DeviceSession session, CheckReport report, boolean small, double limit) {
    this.session = session;
    this.report = report;
    this.benchmark = new DeviceBenchmark(session);
    this.speed = new GpuSpeed(session, report, benchmark, small);
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
    try (DeviceSession session = DeviceSession.open(OptionalInt.of(0))) {
      report.fact("device", session.device().name());
      report.fact("capability", session.device().capability());
      report.fact("multiprocessors", session.device().multiprocessors());
      report.fact("memory GB", session.device().memoryBytes() / 1e9);
      report.fact("free GB", session.context().freeBytes() / 1e9);
      report.fact("driver", session.driver().version());
      report.fact("launches overlap", session.kernels().kernel("embed").overlaps());
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
      case "products" -> speed.products();
      case "use" -> use();
      case "tiny" -> speed.shape("tiny", tiny(), true);
      default -> speed.shape(step, ModelShape.of(step).config(), step.equals("codellama-34b"));
    }
  }

  // --- 1. Right ----------------------------------------------------------------------------------

  private void kernels() {
    var checks = new KernelChecks(session);
    int[] rows = small ? new int[] {1, 17} : new int[] {1, 2, 8, 9, 16, 17, 33, 64, 100, 300};
    for (WeightFormat format : WeightFormat.values()) {
      report.fact(
          "product kernels of %s".formatted(format.suffix()),
          String.join(" ", checks.sizes(format)));
    }
    for (Linear linear : KernelChecks.matrices(small ? 1 : 4)) {
      double worst = 0;
      boolean good = true;
      for (int m : rows) {
        KernelChecks.Finding found = checks.product(linear, m);
        worst = Math.max(worst, found.error());
        good &= found.good();
        if (!found.good()) {
          report.check("kernels", found);
        }
      }
      if (good) {
        report.check(
            "kernels",
            new KernelChecks.Finding(
                KernelChecks.name(linear, Arrays.toString(rows)), worst, true));
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
      ModelConfig config = TinyConfig.withRope(c, new Rope.Default(c.rope().theta() / 10));
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
    return TinyConfig.llama(1000, 256, 640, 2, 8, 2, 64, 1024);
  }

  private void invariance() {
    var checks = new KernelChecks(session);
    ModelConfig config = small ? tiny() : TinyConfig.llama(32_000, 2048, 5504, 4, 16, 4, 128, 4096);
    int[] batches = small ? new int[] {1, 2, 9, 33} : IntStream.rangeClosed(1, 256).toArray();
    for (WeightFormat format : WeightFormat.values()) {
      try (CudaExecutor executor = benchmark.generated(config, format, 260, 128, true)) {
        report.check("readout", checks.readout(format.suffix(), executor, config));
        report.check("invariance", checks.invariance(format.suffix(), executor, config, batches));
        if (warpgroups()) {
          executor.byWarpgroups(false);
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
