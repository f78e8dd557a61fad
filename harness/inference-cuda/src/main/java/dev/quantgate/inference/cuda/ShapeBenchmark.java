package dev.quantgate.inference.cuda;

import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.ShapePlan;
import dev.quantgate.inference.ShapePlan.Passage;
import dev.quantgate.inference.ShapeReport;
import dev.quantgate.inference.ShapeReport.Column;
import dev.quantgate.inference.ShapeReport.Decode;
import dev.quantgate.inference.ShapeReport.Prefill;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.driver.CublasLt;
import dev.quantgate.inference.cuda.driver.CudaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Memory and speed of models of a shape, their weights made up on the device. */
final class ShapeBenchmark {
  private static final List<WeightFormat> FORMATS = List.of(WeightFormat.I4G64, WeightFormat.F16);
  private static final int MATRIX_ROWS = 4096;
  private static final int MATRIX_WIDTH = 8192;

  private final DeviceSession session;
  private final DeviceBenchmark benchmark;

  ShapeBenchmark(DeviceSession session, EngineOptions options) {
    this.session = session;
    this.benchmark =
        new DeviceBenchmark(session, options.device().memoryBytes().orElse(Long.MAX_VALUE));
  }

  static List<String> shapes() {
    return Arrays.stream(ModelShape.values()).map(ModelShape::shapeName).toList();
  }

  /**
   * The shape of that name, or of the config.json in that folder.
   *
   * @throws InferenceException if there is neither
   */
  static ModelConfig config(String shape) {
    if (shapes().contains(shape)) {
      return ModelShape.of(shape).config();
    }
    Path folder = Path.of(shape);
    if (Files.isDirectory(folder)) {
      return Checkpoints.config(folder);
    }
    throw new InferenceException(
        Kind.UNSUPPORTED,
        "unknown shape \"%s\"; known: %s, or a folder with a config.json"
            .formatted(shape, String.join(", ", shapes())));
  }

  ShapeReport run(String shape, ModelConfig config, ShapePlan plan) {
    int longest =
        plan.passages().stream()
            .mapToInt(each -> each.promptTokens() + each.newTokens())
            .max()
            .orElse(0);
    if (longest >= config.contextLength()) {
      throw new InferenceException(
          Kind.UNSUPPORTED,
          "%s has a context of %d, %d tokens are to be measured; take fewer with --prompt and --generate"
              .formatted(shape, config.contextLength(), longest));
    }
    double bandwidth = benchmark.readBandwidth();
    int width = Math.min(MATRIX_WIDTH, Math.ceilDiv(config.hiddenSize(), 256) * 256 * 2);
    int rows = Math.min(MATRIX_ROWS, width / 2);
    double rate = matrixRate(rows, width);
    ShapeReport.Peer peer = peer(rows, width);
    var columns = new ArrayList<Column>();
    for (WeightFormat format : FORMATS) {
      columns.add(column(config, format, plan));
    }
    return new ShapeReport(shape, session.describe(), bandwidth, rate, peer, columns);
  }

  /** Of the best kernel, at a size that any shape's products stay below, but for small shapes. */
  private double matrixRate(int rows, int width) {
    double best = benchmark.matrixRate(Product.LARGE_TILES, rows, width, width);
    if (Product.hasWarpgroups(session.device(), session.kernels())) {
      best = Math.max(best, benchmark.matrixRate(Product.YARDSTICK, rows, width, width));
    }
    return best;
  }

  /** What NVIDIA's library reaches there, if this machine has it. */
  private ShapeReport.Peer peer(int rows, int width) {
    try (var library = new CublasLt(session.context())) {
      return new ShapeReport.Peer(
          "cuBLASLt %s".formatted(library.version()),
          OptionalDouble.of(benchmark.matrixRate(library, rows, width, width)));
    } catch (CudaException e) {
      return new ShapeReport.Peer(String.valueOf(e.getMessage()), OptionalDouble.empty());
    }
  }

  private Column column(ModelConfig config, WeightFormat format, ShapePlan plan) {
    long weights = DeviceModel.bytes(config, format);
    int positions =
        Math.max(
            plan.context() + 2 * plan.steps(),
            plan.passages().stream()
                    .mapToInt(each -> each.promptTokens() + each.newTokens())
                    .max()
                    .orElse(0)
                + 2);
    long needed =
        weights
            + Workspace.bytes(
                config,
                DeviceBenchmark.stepRows(config),
                format.int4() ? Workspace.largestDense(config) : 0)
            + Forward.pageBytes(config) * (Math.ceilDiv(positions, Workspace.PAGE) + 1L);
    if (needed > benchmark.freeBytes()) {
      return refused(
          format,
          weights,
          "needs %.1f GB, %.1f are free"
              .formatted(needed / 1e9, Math.max(0, benchmark.freeBytes()) / 1e9));
    }
    DeviceModel model =
        DeviceModel.generate(
            session.context(), session.kernels(), session.stream(), config, format);
    int sequences = plan.batches().stream().mapToInt(Integer::intValue).max().orElse(1);
    try (CudaExecutor executor = benchmark.executor(model, sequences, positions, true)) {
      return new Column(
          name(format),
          model.bytes(),
          session.context().allocatedBytes(),
          Optional.empty(),
          plan.passages().stream()
              .map(Passage::promptTokens)
              .distinct()
              .map(tokens -> prefill(benchmark.prefill(executor, model, tokens, plan.rounds())))
              .toList(),
          Optional.of(prefill(benchmark.texts(executor, model, plan.rounds()))),
          plan.passages().stream().map(each -> passage(executor, model, each)).toList(),
          plan.batches().stream().map(batch -> batch(executor, model, batch, plan)).toList());
    }
  }

  private static Column refused(WeightFormat format, long weights, String why) {
    return new Column(
        name(format),
        weights,
        0,
        Optional.of(why),
        List.of(),
        Optional.empty(),
        List.of(),
        List.of());
  }

  private static String name(WeightFormat format) {
    return format.int4() ? "int4, groups of 64" : "fp16";
  }

  private static Prefill prefill(DeviceBenchmark.Prefill found) {
    return new Prefill(found.tokens(), found.tokensPerSecond(), found.flopsPerSecond());
  }

  /** All new tokens of a passage, each seeing one position more than the one before. */
  private Decode passage(CudaExecutor executor, DeviceModel model, Passage passage) {
    return decode(
        passage.promptTokens(),
        benchmark.decode(executor, model, 1, passage.promptTokens(), passage.newTokens(), 1));
  }

  private Decode batch(CudaExecutor executor, DeviceModel model, int batch, ShapePlan plan) {
    int room = DeviceBenchmark.room(executor, batch) - 2 * plan.steps();
    int context = Math.min(plan.context(), room);
    return context < 1 || batch > Math.min(executor.stepRows(), Workspace.LOGIT_ROWS)
        ? new Decode(batch, 0, plan.steps(), 0, 0)
        : decode(
            context,
            benchmark.decode(executor, model, batch, context, plan.steps(), plan.rounds()));
  }

  private static Decode decode(int context, DeviceBenchmark.Decode found) {
    return new Decode(
        found.batch(), context, found.steps(), found.tokensPerSecond(), found.bandwidth());
  }
}
