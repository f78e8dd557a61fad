package dev.quantgate.inference.cuda;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseProvider;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.ModelPreview;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.ShapePlan;
import dev.quantgate.inference.ShapeReport;
import dev.quantgate.inference.SpeedPlan;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.CudaDriver;
import dev.quantgate.inference.cuda.driver.CudaException;
import dev.quantgate.inference.cuda.driver.Device;
import dev.quantgate.inference.engine.Batching;
import dev.quantgate.inference.engine.FolderPreview;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.SpeedBenchmark;
import dev.quantgate.inference.engine.TokenModel;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The engine of kind "cuda": runs where there is an NVIDIA device and its driver. */
public final class CudaEngineProvider implements BlockwiseProvider {
  /**
   * Changes whenever a kernel's order of operations does: then numbers are not the same any more.
   * Bits do not depend on the device.
   */
  private static final String REVISION = "cuda/1";

  private static final int PREFERENCE = 10;
  private static final String MEMORY_OPTION = "--gpu-memory";

  /** What is left to the driver: its own needs, and graphs. */
  private static final long RESERVE_BYTES = 512L << 20;

  private static final int RESERVE_SHARE = 16;

  /** Bytes of a parameter, and of what a step works in with keys and values of a few texts. */
  private static final double FP16_BYTES = 2;

  private static final double INT4_BYTES = 0.56;
  private static final long TYPICAL_WORK_BYTES = 3L << 30;

  /** Found by {@link java.util.ServiceLoader}. */
  public CudaEngineProvider() {}

  @Override
  public String kind() {
    return "cuda";
  }

  @Override
  public int preference() {
    return PREFERENCE;
  }

  @Override
  public boolean hasDevice() {
    return true;
  }

  @Override
  public Optional<String> unavailable() {
    try {
      CudaDriver driver = CudaDriver.open();
      Kernels.requireDriver(driver);
      List<Device> devices = driver.devices();
      if (devices.isEmpty()) {
        return Optional.of("the driver shows no device: see nvidia-smi and CUDA_VISIBLE_DEVICES");
      }
      return devices.stream().anyMatch(Kernels::run)
          ? Optional.empty()
          : Optional.of(Kernels.tooOld(devices.getFirst()));
    } catch (CudaException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public List<String> details() {
    CudaDriver driver = CudaDriver.open();
    var lines = new ArrayList<String>();
    lines.add("driver %s, serving CUDA %s".formatted(driver.path(), driver.version()));
    for (Device device : driver.devices()) {
      lines.add(details(driver, device));
    }
    return lines;
  }

  private static String details(CudaDriver driver, Device device) {
    String name =
        "device %d: %s, compute capability %s"
            .formatted(device.ordinal(), device.name(), device.capability());
    if (!Kernels.run(device)) {
      return "%s: %s".formatted(name, Kernels.tooOld(device));
    }
    try (var context = new Context(driver, device)) {
      long free = context.freeBytes();
      double rest = Math.max(0, free - reserve(free) - TYPICAL_WORK_BYTES) / 1e9;
      return "%s, %.1f of %.1f GB free: fits weights of about %.0f billion parameters in fp16, %.0f in int4"
          .formatted(
              name, free / 1e9, device.memoryBytes() / 1e9, rest / FP16_BYTES, rest / INT4_BYTES);
    } catch (CudaException e) {
      return "%s: %s".formatted(name, e.getMessage());
    }
  }

  /** What of the free memory is left to the driver. */
  static long reserve(long free) {
    return Math.min(RESERVE_BYTES, free / RESERVE_SHARE);
  }

  @Override
  public boolean opens(ModelReference reference) {
    return reference instanceof ModelReference.Folder;
  }

  @Override
  public Optional<ModelPreview> preview(ModelReference reference) {
    return Optional.of(FolderPreview.of(folder(reference)));
  }

  @Override
  public Optional<ModelIdentity> identify(ModelReference reference) {
    Path folder = folder(reference);
    Checkpoints.Sums sums = Checkpoints.sums(folder);
    return Optional.of(
        new ModelIdentity(
            REVISION,
            Optional.empty(),
            Optional.of(sums.weightsSha256()),
            Optional.of(sums.configSha256()),
            Optional.of(Tokenizers.sha256(folder)),
            Optional.empty()));
  }

  @Override
  public LanguageModel load(ModelReference reference, EngineOptions options) {
    Path folder = folder(reference);
    long begun = System.nanoTime();
    var owned = new Owned();
    try {
      Tokenizer tokenizer = owned.add(Tokenizers.open(folder, options.chatDate()));
      Loaded loaded = load(folder, options, session(options, owned), owned);
      var identity =
          new ModelIdentity(
              REVISION,
              Optional.of(loaded.config().modelType()),
              Optional.of(loaded.weightsSha256()),
              Optional.of(loaded.configSha256()),
              Optional.of(tokenizer.sha256()),
              Optional.of(loaded.weightFormat()));
      var model =
          new TokenModel(
              new TokenModel.Loaded(
                  identity,
                  loaded.config(),
                  loaded.device(),
                  loaded.checkpointBytes(),
                  Duration.ofNanos(System.nanoTime() - begun),
                  owned::close),
              tokenizer,
              loaded.executor(),
              Batching.of(options.maxBatch(), Workspace.LOGIT_ROWS));
      return model;
    } catch (CudaException e) {
      owned.closeAfter(e);
      throw refusal(e);
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
  }

  @Override
  public BlockwiseModel openBlockwise(Path folder, EngineOptions options) {
    var owned = new Owned();
    try {
      DeviceSession session = session(options, owned);
      Checkpoint checkpoint = Checkpoints.open(folder);
      owned.add(checkpoint);
      MemoryPlan.within(
          limit(session, options),
          folder.toString(),
          MEMORY_OPTION,
          0,
          CudaBlockwiseModel.bytes(checkpoint),
          1);
      return new CudaBlockwiseModel(checkpoint, session, owned, folder.toString());
    } catch (CudaException e) {
      owned.closeAfter(e);
      throw refusal(e);
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
  }

  @Override
  public SpeedReport measure(ModelReference reference, EngineOptions options, SpeedPlan plan) {
    long begun = System.nanoTime();
    try (var owned = new Owned()) {
      DeviceSession session = session(options, owned);
      double bandwidth = new DeviceBenchmark(session, limit(session, options)).readBandwidth();
      Loaded loaded = load(folder(reference), options, session, owned);
      var machine =
          new SpeedBenchmark.Machine(
              options.threads(),
              loaded.weightFormat(),
              loaded.checkpointBytes(),
              Duration.ofNanos(System.nanoTime() - begun),
              bandwidth,
              loaded.readBytes());
      return SpeedBenchmark.run(loaded.executor(), loaded.config(), machine, plan);
    } catch (CudaException e) {
      throw refusal(e);
    }
  }

  @Override
  public List<String> shapes() {
    return ShapeBenchmark.shapes();
  }

  @Override
  public ShapeReport measureShape(String shape, EngineOptions options, ShapePlan plan) {
    ModelConfig config = ShapeBenchmark.config(shape);
    try (var owned = new Owned()) {
      return new ShapeBenchmark(session(options, owned), options).run(shape, config, plan);
    } catch (CudaException e) {
      throw refusal(e);
    }
  }

  /**
   * A checkpoint on a device. The checkpoint itself is closed: nothing of it is needed any more.
   */
  private record Loaded(
      CudaExecutor executor,
      ModelConfig config,
      String device,
      long checkpointBytes,
      long readBytes,
      String weightFormat,
      String weightsSha256,
      String configSha256) {}

  private static DeviceSession session(EngineOptions options, Owned owned) {
    return owned.add(DeviceSession.open(options.device().index()));
  }

  private static Loaded load(
      Path folder, EngineOptions options, DeviceSession session, Owned owned) {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      // Before anything is taken.
      plan(session, checkpoint, folder, options, DeviceModel.bytes(checkpoint));
      DeviceModel model =
          DeviceModel.load(
              session.context(),
              session.kernels(),
              session.stream(),
              checkpoint,
              folder.toString());
      CudaExecutor executor;
      try {
        executor =
            executor(session, model, plan(session, checkpoint, folder, options, model.bytes()));
      } catch (RuntimeException | Error e) {
        var taken = new Owned();
        taken.add(model);
        taken.closeAfter(e);
        throw e;
      }
      owned.add(executor);
      return new Loaded(
          executor,
          checkpoint.config(),
          session.describe(),
          checkpoint.weightBytes(),
          model.readBytes(),
          checkpoint.weightFormat(),
          checkpoint.weightsSha256(),
          checkpoint.configSha256());
    }
  }

  /**
   * Takes fewer pages where others have taken memory meanwhile: smaller batches, the same numbers.
   */
  private static CudaExecutor executor(DeviceSession session, DeviceModel model, MemoryPlan plan) {
    MemoryPlan wanted = plan;
    while (true) {
      try {
        return new CudaExecutor(
            session.context(),
            session.kernels(),
            session.stream(),
            model,
            wanted,
            CudaExecutor.STEP_ROWS,
            true);
      } catch (CudaException e) {
        if (!e.isOutOfMemory() || wanted.pages() == 1) {
          throw e;
        }
        wanted = pages(wanted, Math.max(1, wanted.pages() / 2));
      }
    }
  }

  /** How the device's memory is shared out; {@code weightBytes} may be on it already. */
  private static MemoryPlan plan(
      DeviceSession session,
      Checkpoint checkpoint,
      Path folder,
      EngineOptions options,
      long weightBytes) {
    ModelConfig config = checkpoint.config();
    long limit = limit(session, options);
    MemoryPlan all =
        MemoryPlan.within(
            limit,
            folder.toString(),
            MEMORY_OPTION,
            weightBytes,
            Workspace.bytes(config, CudaExecutor.STEP_ROWS, Workspace.largestInt4(checkpoint)),
            Forward.pageBytes(config));
    // No more than the most sequences of the longest context can use.
    long useful = 2L * Workspace.LOGIT_ROWS * Math.ceilDiv(config.contextLength(), Workspace.PAGE);
    return pages(all, (int) Math.min(all.pages(), useful));
  }

  /** The most bytes that all may take together, what is taken already among them. */
  private static long limit(DeviceSession session, EngineOptions options) {
    long free = session.context().freeBytes() + session.context().allocatedBytes();
    return Math.min(free - reserve(free), options.device().memoryBytes().orElse(Long.MAX_VALUE));
  }

  private static MemoryPlan pages(MemoryPlan plan, int pages) {
    return new MemoryPlan(
        plan.option(), plan.weightBytes(), plan.workingBytes(), plan.pageBytes(), pages);
  }

  private static InferenceException refusal(CudaException e) {
    return new InferenceException(
        e.isOutOfMemory() ? Kind.OUT_OF_MEMORY : Kind.NO_ENGINE, String.valueOf(e.getMessage()), e);
  }
}
