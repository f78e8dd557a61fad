package dev.quantgate.inference.cpu;

import com.sun.management.OperatingSystemMXBean;
import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseProvider;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.ModelPreview;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.SpeedPlan;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.engine.Batching;
import dev.quantgate.inference.engine.FolderPreview;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.SpeedBenchmark;
import dev.quantgate.inference.engine.StepExecutor;
import dev.quantgate.inference.engine.TokenModel;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Function;

/**
 * The engine of kind "cpu": runs wherever there is a little-endian processor with float vectors.
 */
public final class CpuEngineProvider implements BlockwiseProvider {
  /**
   * Changes whenever a kernel's order of operations does: then numbers are not the same any more.
   * In an identity the vectors' width stands behind it, as sums are kept one a lane.
   */
  private static final String REVISION = "cpu/1";

  /** What a user types to bound main memory. */
  static final String MEMORY_OPTION = "--memory";

  /** Found by {@link java.util.ServiceLoader}. */
  public CpuEngineProvider() {}

  @Override
  public String kind() {
    return "cpu";
  }

  @Override
  public int preference() {
    return 0;
  }

  @Override
  public Optional<String> unavailable() {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      return Optional.of("the processor is big-endian, checkpoints are not");
    }
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return Optional.of("Java was started without --add-modules jdk.incubator.vector");
    }
    return Lanes.COUNT < 4 ? Optional.of("the processor has no float vectors") : Optional.empty();
  }

  @Override
  public boolean opens(ModelReference reference) {
    return reference instanceof ModelReference.Folder;
  }

  @Override
  public LanguageModel load(ModelReference reference, EngineOptions options) {
    Path folder = folder(reference);
    return open(
        folder,
        options,
        revision(),
        "CPU, %d thread%s, %d-bit vectors"
            .formatted(options.threads(), options.threads() == 1 ? "" : "s", width()),
        Batching.of(options.maxBatch(), CpuStepExecutor.ANSWERS_AT_ONCE),
        checkpoint -> device(checkpoint, folder, options));
  }

  private static String revision() {
    return "%s %d-bit".formatted(REVISION, width());
  }

  @Override
  public Optional<ModelPreview> preview(ModelReference reference) {
    return Optional.of(FolderPreview.of(folder(reference)));
  }

  @Override
  public Optional<ModelIdentity> identify(ModelReference reference) {
    return identify(folder(reference), revision());
  }

  static Optional<ModelIdentity> identify(Path folder, String engine) {
    Checkpoints.Sums sums = Checkpoints.sums(folder);
    return Optional.of(
        new ModelIdentity(
            engine,
            Optional.empty(),
            Optional.of(sums.weightsSha256()),
            Optional.of(sums.configSha256()),
            Optional.of(Tokenizers.sha256(folder)),
            Optional.empty()));
  }

  /** Opens a folder's checkpoint and tokenizer around a device. */
  static LanguageModel open(
      Path folder,
      EngineOptions options,
      String engine,
      String device,
      Batching batching,
      Function<Checkpoint, StepExecutor> maker) {
    long begun = System.nanoTime();
    var cleanup = new Cleanup();
    try {
      Checkpoint checkpoint = Checkpoints.open(folder);
      cleanup.add(checkpoint::close);
      Tokenizer tokenizer = Tokenizers.open(folder, options.chatDate());
      cleanup.add(tokenizer::close);
      StepExecutor executor = maker.apply(checkpoint);
      cleanup.add(executor::close);
      var identity =
          new ModelIdentity(
              engine,
              Optional.of(checkpoint.config().modelType()),
              Optional.of(checkpoint.weightsSha256()),
              Optional.of(checkpoint.configSha256()),
              Optional.of(tokenizer.sha256()),
              Optional.of(checkpoint.weightFormat()));
      return new TokenModel(
          new TokenModel.Loaded(
              identity,
              checkpoint.config(),
              device,
              checkpoint.weightBytes(),
              Duration.ofNanos(System.nanoTime() - begun),
              cleanup::run),
          tokenizer,
          executor,
          batching);
    } catch (RuntimeException | Error e) {
      cleanup.run();
      throw e;
    }
  }

  private static CpuStepExecutor device(Checkpoint checkpoint, Path folder, EngineOptions options) {
    // Before anything is taken: the weights as stored, which are at most a few percent off.
    plan(checkpoint, folder, options, checkpoint.weightBytes());
    return CpuStepExecutor.open(
        checkpoint,
        options.threads(),
        weightBytes -> plan(checkpoint, folder, options, weightBytes));
  }

  private static MemoryPlan plan(
      Checkpoint checkpoint, Path folder, EngineOptions options, long weightBytes) {
    return MemoryPlan.within(
        memory(options),
        folder.toString(),
        MEMORY_OPTION,
        weightBytes,
        CpuStepExecutor.workingBytes(checkpoint.config()),
        CpuStepExecutor.pageBytes(checkpoint.config()));
  }

  /** What the user allows, else three quarters of what the machine or its container has. */
  static long memory(EngineOptions options) {
    return options
        .memoryBytes()
        .orElseGet(() ->
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize()
                / 4
                * 3);
  }

  /** Bits of a vector. Asked late: without the Vector API's module this class must still load. */
  private static int width() {
    return Lanes.SPECIES.vectorBitSize();
  }

  @Override
  public BlockwiseModel openBlockwise(Path folder, EngineOptions options) {
    var cleanup = new Cleanup();
    try {
      Checkpoint checkpoint = Checkpoints.open(folder);
      cleanup.add(checkpoint::close);
      var team = new SpinTeam(options.threads());
      cleanup.add(team::close);
      return new CpuBlockwiseModel(checkpoint, team, cleanup::run);
    } catch (RuntimeException | Error e) {
      cleanup.run();
      throw e;
    }
  }

  @Override
  public SpeedReport measure(ModelReference reference, EngineOptions options, SpeedPlan plan) {
    Path folder = folder(reference);
    long begun = System.nanoTime();
    try (Checkpoint checkpoint = Checkpoints.open(folder);
        CpuStepExecutor device = device(checkpoint, folder, options)) {
      var machine =
          new SpeedBenchmark.Machine(
              options.threads(),
              checkpoint.weightFormat(),
              checkpoint.weightBytes(),
              Duration.ofNanos(System.nanoTime() - begun),
              ReadBandwidth.measure(device.team()),
              device.stepBytes());
      return SpeedBenchmark.run(device, checkpoint.config(), machine, plan);
    }
  }

  /** Closes what was opened, the last first, once. */
  private static final class Cleanup {
    private final Deque<Runnable> actions = new ArrayDeque<>();

    void add(Runnable action) {
      actions.push(action);
    }

    void run() {
      while (!actions.isEmpty()) {
        actions.pop().run();
      }
    }
  }
}
