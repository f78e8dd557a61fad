package dev.quantgate.inference.cpu;

import com.sun.management.OperatingSystemMXBean;
import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.SpeedPlan;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The engine of kind "cpu": runs wherever there is a little-endian processor with float vectors.
 */
public final class CpuEngineProvider implements EngineProvider {
  /**
   * Changes whenever a kernel's order of operations does: then numbers are not the same any more.
   * In an identity the vectors' width stands behind it, as sums are kept one a lane.
   */
  private static final String REVISION = "cpu/1";

  private static final String REFERENCE_REVISION = "cpu-reference/1";

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
  public LanguageModel load(Path folder, EngineOptions options) {
    long begun = System.nanoTime();
    var open = new Cleanup();
    try {
      Checkpoint checkpoint = Checkpoints.open(folder);
      open.add(checkpoint::close);
      ModelConfig config = checkpoint.config();
      long budget = memory(options);
      // Before anything is taken: the weights as stored, which are at most a few percent off.
      requireRoom(folder, config, budget, checkpoint.weightBytes());
      Tokenizer tokenizer = Tokenizers.open(folder);
      open.add(tokenizer::close);
      TokenEngine engine;
      String device;
      if (options.reference()) {
        engine = new ReferenceEngine(checkpoint);
        device = "CPU, scalar reference, 1 thread";
      } else {
        var team = new Team(options.threads());
        open.add(team::close);
        var model = new LoadedModel(checkpoint, team);
        open.add(model::close);
        int pages = requireRoom(folder, config, budget, model.residentBytes());
        engine = new BatchEngine(model, team, pages, options.maxBatch(), options.sharePrefixes());
        device =
            "CPU, "
                + options.threads()
                + " thread"
                + (options.threads() == 1 ? "" : "s")
                + ", "
                + width()
                + "-bit vectors";
      }
      var identity =
          new ModelIdentity(
              options.reference() ? REFERENCE_REVISION : REVISION + " " + width() + "-bit",
              config.modelType(),
              checkpoint.weightsSha256(),
              checkpoint.configSha256(),
              tokenizer.sha256(),
              checkpoint.weightFormat());
      var loaded =
          new CpuModel.Loaded(
              identity,
              config,
              device,
              checkpoint.weightBytes(),
              Duration.ofNanos(System.nanoTime() - begun),
              open::run);
      return new CpuModel(loaded, tokenizer, engine);
    } catch (RuntimeException | Error e) {
      open.run();
      throw e;
    }
  }

  /** Bits of a vector. Asked late: without the Vector API's module this class must still load. */
  private static int width() {
    return Lanes.SPECIES.vectorBitSize();
  }

  @Override
  public BlockwiseModel openBlockwise(Path folder, EngineOptions options) {
    var open = new Cleanup();
    try {
      Checkpoint checkpoint = Checkpoints.open(folder);
      open.add(checkpoint::close);
      var team = new Team(options.threads());
      open.add(team::close);
      return new CpuBlockwiseModel(checkpoint, team, open::run);
    } catch (RuntimeException | Error e) {
      open.run();
      throw e;
    }
  }

  @Override
  public SpeedReport measure(Path folder, EngineOptions options, SpeedPlan plan) {
    return SpeedBenchmark.run(folder, options, plan);
  }

  /** Pages of keys and values that fit beside the weights. */
  static int requireRoom(Path folder, ModelConfig config, long budget, long weightBytes) {
    long page = KeyValueCache.pageBytes(config, config.layers());
    long rest = budget - weightBytes - BatchEngine.workingBytes(config);
    if (rest < page) {
      throw new InferenceException(
          InferenceException.Kind.OUT_OF_MEMORY,
          folder
              + " needs "
              + mebibytes(budget - rest + page)
              + " MiB ("
              + mebibytes(weightBytes)
              + " of them weights), the limit is "
              + mebibytes(budget)
              + " MiB; give more with --memory, or use a machine that has more");
    }
    return (int) Math.min(Integer.MAX_VALUE, rest / page);
  }

  static long mebibytes(long bytes) {
    return Math.ceilDiv(bytes, 1L << 20);
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

  /** Closes what was opened, the last first, once. */
  private static final class Cleanup implements Runnable {
    private final Deque<Runnable> actions = new ArrayDeque<>();

    void add(Runnable action) {
      actions.push(action);
    }

    @Override
    public void run() {
      while (!actions.isEmpty()) {
        actions.pop().run();
      }
    }
  }
}
