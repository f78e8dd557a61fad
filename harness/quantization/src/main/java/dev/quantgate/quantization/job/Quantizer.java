package dev.quantgate.quantization.job;

import dev.quantgate.base.Version;
import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.ProgressListener;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.QuantizationMethod;
import dev.quantgate.quantization.QuantizationReport;
import dev.quantgate.quantization.QuantizationRequest;
import dev.quantgate.quantization.StepProgress;
import dev.quantgate.quantization.calibration.CalibrationSet;
import dev.quantgate.quantization.file.Json;
import dev.quantgate.quantization.format.CheckpointWriter;
import dev.quantgate.quantization.format.Widening;
import dev.quantgate.quantization.solve.Hessian;
import dev.quantgate.quantization.solve.LayerSolver;
import dev.quantgate.quantization.solve.QuantizedLayer;
import dev.quantgate.quantization.solve.RoundToNearest;
import dev.quantgate.quantization.solve.Shapes;
import dev.quantgate.quantization.solve.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Turns a 16- or 32-bit checkpoint folder into one in the GPTQ format, block by block.
 *
 * <p>In a block, layers that share an input are quantised together, in the order in which the model
 * computes them; each stage's inputs come from what was quantised before it (true sequential
 * order). In memory are one block's weights, one stage's Hessian and the hidden states of the
 * calibration tokens. Embeddings, norms and head stay as they are.
 *
 * <p>A job works in {@code OUT.partial} and moves the finished folder to its name in one step.
 * Killed at any time, the same request goes on behind the last finished block and gives the same
 * bytes.
 */
public final class Quantizer {

  /** Hidden states are kept on disk no more often than this; re-running some blocks costs less. */
  private static final Duration SNAPSHOT_EVERY = Duration.ofSeconds(60);

  private final QuantizationRequest request;
  private final ProgressListener progress;
  private final Function<QuantizationRequest, BlockwiseModel> models;
  private final Duration snapshotEvery;

  private Quantizer(
      QuantizationRequest request,
      ProgressListener progress,
      Function<QuantizationRequest, BlockwiseModel> models,
      Duration snapshotEvery) {
    this.request = request;
    this.progress = progress;
    this.models = models;
    this.snapshotEvery = snapshotEvery;
  }

  /**
   * Quantises a model, or goes on where a killed run of the same request was.
   *
   * @throws QuantizationException if it cannot be done as asked; nothing is written under the final
   *     name
   * @throws dev.quantgate.inference.InferenceException if the model cannot be read or run
   */
  public static QuantizationReport quantize(
      QuantizationRequest request, ProgressListener progress) {
    return quantize(
        request,
        progress,
        asked ->
            Engines.findBlockwise(asked.engine())
                .openBlockwise(asked.model(), asked.engineOptions()),
        SNAPSHOT_EVERY);
  }

  static QuantizationReport quantize(
      QuantizationRequest request,
      ProgressListener progress,
      Function<QuantizationRequest, BlockwiseModel> models,
      Duration snapshotEvery) {
    try {
      return new Quantizer(request, progress, models, snapshotEvery).run();
    } catch (IOException e) {
      throw new QuantizationException(
          "cannot quantise into %s: %s".formatted(request.out(), describe(e)), e);
    } catch (UncheckedIOException e) {
      throw new QuantizationException(
          "cannot quantise into %s: %s".formatted(request.out(), e.getMessage()), e);
    }
  }

  private static String describe(IOException e) {
    String message = e.getMessage();
    String name = e.getClass().getSimpleName();
    return message == null ? name : "%s: %s".formatted(name, message);
  }

  private QuantizationReport run() throws IOException {
    long start = System.nanoTime();
    try (Checkpoint source = Checkpoints.open(request.model());
        WorkFolder work = WorkFolder.open(request.out());
        Workers workers = new Workers(request.engineOptions().threads())) {
      checkLayers(source);
      work.checkIdentity(identity(source));
      BlockStore store = new BlockStore(work.path().resolve("blocks"));
      CalibrationSet calibration = CalibrationSet.none();
      if (request.method() == QuantizationMethod.GPTQ) {
        calibration = CalibrationSet.prepare(request, work.path(), progress);
        quantizeBlocks(source, calibration, store, workers);
      } else {
        roundBlocks(source, store, workers);
      }
      return finish(source, calibration, store, work, start);
    }
  }

  /** Everything that cannot work is refused before the first second of work. */
  private void checkLayers(Checkpoint source) {
    for (Checkpoint.Block block : source.blocks()) {
      for (Linear linear : block.linears()) {
        if (linear instanceof Linear.Gptq) {
          throw new QuantizationException(
              "%s is quantised already (%s); give the 16-bit folder that it was made from"
                  .formatted(request.model(), source.weightFormat()));
        }
        Shapes.check(linear.name(), linear.outputs(), linear.inputs(), request.scheme());
      }
    }
  }

  /** What must be equal for a killed job to be gone on with. */
  private Map<String, String> identity(Checkpoint source) throws IOException {
    Map<String, String> identity = new LinkedHashMap<>();
    identity.put("program", Version.program());
    identity.put("weights", source.weightsSha256());
    identity.put("config", source.configSha256());
    identity.put("method", request.method().name());
    identity.put("scheme", request.scheme().toString());
    identity.put("format", request.format().id());
    identity.put("shardBytes", Long.toString(request.shardBytes()));
    if (request.method() == QuantizationMethod.GPTQ) {
      identity.put("actOrder", request.actOrder().name());
      identity.put("clip", request.clip().name());
      identity.put("damping", Double.toString(request.damping()));
      identity.put("engine", request.engine());
      identity.putAll(CalibrationSet.identity(request.calibration()));
    }
    return identity;
  }

  private void roundBlocks(Checkpoint source, BlockStore store, Workers workers)
      throws IOException {
    StepProgress step = new StepProgress("quantising blocks", source.blocks().size(), progress);
    for (int b = 0; b < source.blocks().size(); b++) {
      if (store.load(b, request.scheme()).isPresent()) {
        step.skip();
        continue;
      }
      List<QuantizedLayer> layers = new ArrayList<>();
      List<QuantizationReport.Layer> reports = new ArrayList<>();
      for (Linear linear : source.blocks().get(b).linears()) {
        long start = System.nanoTime();
        Matrix weight = Widening.weight(linear);
        requireFinite(linear.name(), weight);
        QuantizedLayer layer =
            RoundToNearest.quantize(linear.name(), weight, request.scheme(), workers);
        layers.add(layer);
        reports.add(
            new QuantizationReport.Layer(
                linear.name(),
                linear.outputs(),
                linear.inputs(),
                QuantizationMethod.RTN,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                relativeError(weight, layer.dequantised()),
                OptionalDouble.empty(),
                0,
                "",
                since(start)));
      }
      store.save(b, new BlockStore.Block(layers, reports));
      step.done();
    }
  }

  private void quantizeBlocks(
      Checkpoint source, CalibrationSet calibration, BlockStore store, Workers workers)
      throws IOException {
    int blocks = source.blocks().size();
    StepProgress step = new StepProgress("quantising blocks", blocks, progress);
    int whole = store.countLeading(blocks, request.scheme());
    if (whole == blocks) {
      return;
    }
    try (BlockwiseModel model = models.apply(request)) {
      List<Integer> lengths =
          calibration.sequences().stream().map(ids -> ids.size() * model.hiddenSize()).toList();
      OptionalInt snapshot = store.snapshot(whole);
      Optional<List<float[]>> keptStates =
          snapshot.isPresent() ? store.loadHidden(snapshot.getAsInt(), lengths) : Optional.empty();
      int first = keptStates.isPresent() ? snapshot.getAsInt() : 0;
      List<float[]> hidden =
          keptStates.orElseGet(() -> calibration.sequences().stream().map(model::embed).toList());
      for (int b = 0; b < first; b++) {
        step.skip();
      }
      long saved = System.nanoTime();
      for (int b = first; b < blocks; b++) {
        var kept = store.load(b, request.scheme());
        if (kept.isPresent()) {
          for (QuantizedLayer layer : kept.get().layers()) {
            model.replace(layer.name(), layer.dequantised());
          }
          step.skip();
        } else {
          store.save(b, quantizeBlock(source, model, b, hidden, workers));
          step.done();
        }
        if (b + 1 < blocks) {
          hidden = model.run(b, hidden);
          if (kept.isEmpty() && since(saved).compareTo(snapshotEvery) > 0) {
            store.saveHidden(b + 1, hidden);
            saved = System.nanoTime();
          }
        }
        model.release(b);
      }
    }
  }

  private BlockStore.Block quantizeBlock(
      Checkpoint source, BlockwiseModel model, int block, List<float[]> hidden, Workers workers) {
    Map<String, QuantizedLayer> layers = new HashMap<>();
    Map<String, QuantizationReport.Layer> reports = new HashMap<>();
    List<List<String>> stages = model.linearStages(block);
    for (int s = 0; s < stages.size(); s++) {
      LayerSolver solver =
          new LayerSolver(
              Hessian.of(model, block, hidden, s, workers),
              request.scheme(),
              request.actOrder(),
              request.clip(),
              request.damping(),
              workers,
              model.arithmetic());
      for (String name : stages.get(s)) {
        long start = System.nanoTime();
        Matrix weight = model.weight(name);
        requireFinite(name, weight);
        LayerSolver.Solution solution = solver.solve(name, weight);
        Matrix replaced = solution.layer().dequantised();
        model.replace(name, replaced);
        layers.put(name, solution.layer());
        reports.put(
            name,
            new QuantizationReport.Layer(
                name,
                weight.rows(),
                weight.columns(),
                solution.chosen(),
                OptionalDouble.of(solution.rtnLoss()),
                solution.gptqLoss(),
                relativeError(weight, replaced),
                solver.damping(),
                solver.deadInputs(),
                solver.note(),
                since(start)));
      }
    }
    List<String> names = source.blocks().get(block).linears().stream().map(Linear::name).toList();
    if (!layers.keySet().equals(java.util.Set.copyOf(names))) {
      throw new IllegalStateException(
          "the engine walks %s where the checkpoint has %s".formatted(layers.keySet(), names));
    }
    return new BlockStore.Block(
        names.stream().map(layers::get).toList(), names.stream().map(reports::get).toList());
  }

  private QuantizationReport finish(
      Checkpoint source, CalibrationSet calibration, BlockStore store, WorkFolder work, long start)
      throws IOException {
    int blocks = source.blocks().size();
    List<QuantizationReport.Layer> layers = new ArrayList<>();
    for (int b = 0; b < blocks; b++) {
      layers.addAll(finished(store, b).reports());
    }
    Path folder = work.emptyResult();
    StepProgress step = new StepProgress("writing blocks", blocks, progress);
    long bytesAfter =
        CheckpointWriter.write(
            source,
            request.model(),
            folder,
            request.scheme(),
            request.format(),
            CheckpointWriter.quantizationConfig(request.scheme(), request.format(), meta()),
            b -> {
              step.done();
              return finished(store, b).layers();
            },
            request.shardBytes());
    boolean rounding = request.method() == QuantizationMethod.RTN;
    QuantizationReport report =
        new QuantizationReport(
            Version.program(),
            new QuantizationReport.Source(
                source.weightFormat(), source.weightsSha256(), source.configSha256()),
            new QuantizationReport.Settings(
                request.method(),
                request.scheme().bits(),
                request.scheme().groupSize(),
                request.scheme().symmetric(),
                rounding ? ActOrder.NONE : request.actOrder(),
                rounding ? ClipSearch.NONE : request.clip(),
                rounding ? 0 : request.damping(),
                request.format().id()),
            calibration.sequences().size(),
            calibration.tokens(),
            calibration.sha256(),
            source.weightBytes(),
            bytesAfter,
            layers,
            since(start));
    Json.write(folder.resolve("quantization-report.json"), report);
    Map<String, Object> timings = new LinkedHashMap<>();
    timings.put("seconds", report.time().toMillis() / 1000.0);
    Map<String, Double> seconds = new LinkedHashMap<>();
    layers.forEach(layer -> seconds.put(layer.name(), layer.time().toMillis() / 1000.0));
    timings.put("layers", seconds);
    Json.write(folder.resolve("quantization-timings.json"), timings);
    Path aligned = work.path().resolve(CalibrationSet.ALIGNED_FILE);
    if (Files.exists(aligned)) {
      Files.copy(
          aligned,
          folder.resolve(CalibrationSet.ALIGNED_FILE),
          StandardCopyOption.REPLACE_EXISTING);
    }
    work.publish();
    return report;
  }

  private BlockStore.Block finished(BlockStore store, int block) throws IOException {
    return store
        .load(block, request.scheme())
        .orElseThrow(() -> new IllegalStateException("block %d is gone".formatted(block)));
  }

  private Map<String, Object> meta() {
    Map<String, Object> meta = new LinkedHashMap<>();
    meta.put("quantizer", List.of(Version.program().replace(' ', ':')));
    meta.put("method", request.method().name().toLowerCase(java.util.Locale.ROOT));
    if (request.method() == QuantizationMethod.GPTQ) {
      meta.put("damp_percent", request.damping());
      meta.put("act_order", request.actOrder().name().toLowerCase(java.util.Locale.ROOT));
      meta.put("clip", request.clip().name().toLowerCase(java.util.Locale.ROOT));
      meta.put("true_sequential", true);
    }
    return meta;
  }

  private static void requireFinite(String name, Matrix weight) {
    for (int i = 0; i < weight.values().length; i++) {
      if (!Float.isFinite(weight.values()[i])) {
        throw new QuantizationException(
            ("%s has a weight that is %s at output %d, input %d; the checkpoint cannot be "
                    + "quantised")
                .formatted(name, weight.values()[i], i / weight.columns(), i % weight.columns()));
      }
    }
  }

  private static double relativeError(Matrix before, Matrix after) {
    double error = 0;
    double all = 0;
    for (int i = 0; i < before.values().length; i++) {
      double difference = before.values()[i] - after.values()[i];
      error += difference * difference;
      all += (double) before.values()[i] * before.values()[i];
    }
    return all == 0 ? 0 : error / all;
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
