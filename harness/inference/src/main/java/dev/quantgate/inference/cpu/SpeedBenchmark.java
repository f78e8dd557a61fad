package dev.quantgate.inference.cpu;

import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.SpeedPlan;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.inference.SpeedReport.Decode;
import dev.quantgate.inference.SpeedReport.Prefill;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cpu.TokenEngine.GenerateJob;
import dev.quantgate.inference.cpu.TokenEngine.Results;
import dev.quantgate.inference.cpu.TokenEngine.Writer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import jdk.incubator.vector.LongVector;

/**
 * Measures how fast this machine runs a checkpoint, beside what its memory gives.
 *
 * <p>Decoding reads every weight for every step, so its bound is memory: the report sets the bytes
 * that a token needs against the bandwidth of a plain read stream, measured in the same run with
 * the same threads. Each figure is the best of some rounds, as anything else on the machine only
 * ever slows one down.
 */
final class SpeedBenchmark {
  private static final long STREAM_BYTES = 256L << 20;
  private static final int CHUNK = 1 << 20;
  private static final int STREAM_ROUNDS = 12;

  private SpeedBenchmark() {}

  /** See {@link dev.quantgate.inference.EngineProvider#measure}. */
  static SpeedReport run(Path folder, EngineOptions options, SpeedPlan plan) {
    for (int batch : plan.batches()) {
      if (batch > BatchEngine.STEP_ROWS) {
        throw new InferenceException(
            InferenceException.Kind.UNSUPPORTED,
            "this engine decodes at most "
                + BatchEngine.STEP_ROWS
                + " sequences together, not "
                + batch);
      }
    }
    long begun = System.nanoTime();
    try (Checkpoint checkpoint = Checkpoints.open(folder);
        var team = new Team(options.threads());
        var model = new LoadedModel(checkpoint, team)) {
      Duration loadTime = Duration.ofNanos(System.nanoTime() - begun);
      ModelConfig config = checkpoint.config();
      long length = (long) plan.promptTokens() + plan.newTokens();
      if (length > config.contextLength()) {
        throw new InferenceException(
            InferenceException.Kind.ITEM,
            plan.promptTokens()
                + " prompt tokens and "
                + plan.newTokens()
                + " new ones do not fit the model's context of "
                + config.contextLength());
      }
      int pages =
          CpuEngineProvider.requireRoom(
              folder, config, CpuEngineProvider.memory(options), model.residentBytes());
      double bandwidth = readBandwidth(team);
      try (var engine = new BatchEngine(model, team, pages, BatchEngine.STEP_ROWS, false)) {
        // Compiles the kernels.
        generate(
            engine, config, 2, Math.min(plan.promptTokens(), 512), Math.min(plan.newTokens(), 64));
        Prefill prefill = prefill(engine, model, plan);
        var decodes = new ArrayList<Decode>();
        for (int batch : plan.batches()) {
          decodes.add(decode(engine, model, plan, batch, bandwidth));
        }
        return new SpeedReport(
            options.threads(),
            checkpoint.weightFormat(),
            checkpoint.weightBytes(),
            model.residentBytes(),
            loadTime,
            bandwidth,
            prefill,
            decodes);
      }
    }
  }

  private static Prefill prefill(BatchEngine engine, LoadedModel model, SpeedPlan plan) {
    double best = 0;
    for (int round = 0; round < plan.rounds(); round++) {
      TokenEngine.Work before = engine.work();
      generate(engine, model.config(), 1, plan.promptTokens(), 1);
      TokenEngine.Work after = engine.work();
      best =
          Math.max(
              best,
              1e9
                  * (after.promptTokens() - before.promptTokens())
                  / (after.promptNanos() - before.promptNanos()));
    }
    double each =
        2.0 * blockWeights(model) + attentionFlops(model.config(), plan.promptTokens() / 2.0);
    return new Prefill(plan.promptTokens(), best, best * each);
  }

  private static Decode decode(
      BatchEngine engine, LoadedModel model, SpeedPlan plan, int batch, double bandwidth) {
    double best = 0;
    for (int round = 0; round < plan.rounds(); round++) {
      best =
          Math.max(
              best, generate(engine, model.config(), batch, plan.promptTokens(), plan.newTokens()));
    }
    ModelConfig config = model.config();
    int context = plan.promptTokens() + plan.newTokens() / 2;
    long cache = KeyValueCache.pageBytes(config, config.layers()) / KeyValueCache.PAGE * context;
    long bytes = model.readBytes() / batch + cache;
    double each =
        2.0 * (blockWeights(model) + (double) config.vocabularySize() * config.hiddenSize())
            + attentionFlops(config, context);
    return new Decode(batch, context, best, bytes, best * bytes / bandwidth, best * each);
  }

  private static double blockWeights(LoadedModel model) {
    double weights = 0;
    for (Transformer.Block block : model.blocks()) {
      for (Weights w : block.linears()) {
        weights += (double) w.outputs() * w.inputs();
      }
    }
    return weights;
  }

  private static double attentionFlops(ModelConfig config, double context) {
    return 4.0 * config.layers() * config.heads() * config.headSize() * context;
  }

  /** Notes when each token of an answer came. */
  private static final class Clock implements Writer {
    private final List<Long> times = new ArrayList<>();

    @Override
    public int choose(float[] logits, int at, int vocabulary) {
      return LogSoftmax.argmax(logits, at, vocabulary);
    }

    @Override
    public boolean append(int token) {
      times.add(System.nanoTime());
      return false;
    }
  }

  /** Tokens a second of all sequences, from when all have begun until the first has ended. */
  private static double generate(
      BatchEngine engine, ModelConfig config, int batch, int promptTokens, int newTokens) {
    var jobs = new ArrayList<GenerateJob>();
    var clocks = new ArrayList<Clock>();
    for (int i = 0; i < batch; i++) {
      int[] prompt =
          new SplittableRandom(i).ints(promptTokens, 0, config.vocabularySize()).toArray();
      var clock = new Clock();
      clocks.add(clock);
      jobs.add(new GenerateJob(prompt, newTokens, clock));
    }
    engine.generate(
        jobs,
        new Results<>() {
          @Override
          public void done(int job, Writer result) {}

          @Override
          public void faulted(int job, Outcome.Fault fault, String message) {
            throw new InferenceException(InferenceException.Kind.BAD_CHECKPOINT, message);
          }
        });
    long from = Long.MIN_VALUE;
    long to = Long.MAX_VALUE;
    for (Clock clock : clocks) {
      from = Math.max(from, clock.times.getFirst());
      to = Math.min(to, clock.times.getLast());
    }
    long count = 0;
    for (Clock clock : clocks) {
      for (long time : clock.times) {
        count += time > from && time <= to ? 1 : 0;
      }
    }
    return to > from ? 1e9 * count / (to - from) : 0;
  }

  /** Bytes a second that all threads read together from memory, each a megabyte at a time. */
  static double readBandwidth(Team team) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(STREAM_BYTES, 64);
      data.fill((byte) 1);
      var sum = new AtomicLong();
      double best = 0;
      for (int round = 0; round < STREAM_ROUNDS; round++) {
        long begun = System.nanoTime();
        team.forEach(
            (int) (STREAM_BYTES / CHUNK),
            (item, thread) -> sum.addAndGet(read(data, (long) item * CHUNK)));
        best = Math.max(best, 1e9 * STREAM_BYTES / (System.nanoTime() - begun));
      }
      if (sum.get() == 0) {
        throw new AssertionError("nothing was read");
      }
      return best;
    }
  }

  private static long read(MemorySegment data, long at) {
    var species = LongVector.SPECIES_PREFERRED;
    int step = species.vectorByteSize();
    LongVector a = LongVector.zero(species);
    LongVector b = a;
    for (long i = at; i < at + CHUNK; i += 2 * step) {
      a = a.add(LongVector.fromMemorySegment(species, data, i, ByteOrder.LITTLE_ENDIAN));
      b = b.add(LongVector.fromMemorySegment(species, data, i + step, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).reduceLanes(jdk.incubator.vector.VectorOperators.ADD);
  }
}
