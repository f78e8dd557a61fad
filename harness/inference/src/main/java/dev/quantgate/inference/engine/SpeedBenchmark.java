package dev.quantgate.inference.engine;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.SpeedPlan;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.inference.SpeedReport.Decode;
import dev.quantgate.inference.SpeedReport.Prefill;
import dev.quantgate.inference.checkpoint.ModelConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Measures how fast a device runs a checkpoint, beside what its memory gives.
 *
 * <p>Decoding reads every weight for every step, so its bound is memory: the report sets the bytes
 * that a token needs against the bandwidth of a plain read stream, measured in the same run. Each
 * figure is the best of some rounds, as anything else on the machine only ever slows one down. In a
 * decoding round all prompts are computed before the clock starts, so however short the answers
 * are, all sequences are written together from the first token to the last.
 */
public final class SpeedBenchmark {
  private static final int WARM_UP_PROMPT = 512;
  private static final int WARM_UP_ANSWER = 64;

  /**
   * What a report says of the device and the loading.
   *
   * @param threads worker threads
   * @param weightFormat for people
   * @param checkpointBytes bytes of the weights in the files
   * @param loadTime from opening the folder to being ready
   * @param readBandwidth bytes a second of a plain read stream over more memory than caches hold
   * @param stepBytes bytes of weights read in one step
   */
  public record Machine(
      int threads,
      String weightFormat,
      long checkpointBytes,
      Duration loadTime,
      double readBandwidth,
      long stepBytes) {}

  private final StepExecutor device;
  private final ModelConfig config;
  private final SpeedPlan plan;
  private final Pages pages;

  private SpeedBenchmark(StepExecutor device, ModelConfig config, SpeedPlan plan) {
    this.device = device;
    this.config = config;
    this.plan = plan;
    this.pages = new Pages(device);
  }

  /**
   * Runs a plan.
   *
   * @throws InferenceException if the plan does not fit the device, the model's context or the
   *     memory
   */
  public static SpeedReport run(
      StepExecutor device, ModelConfig config, Machine machine, SpeedPlan plan) {
    var benchmark = new SpeedBenchmark(device, config, plan);
    benchmark.check();
    benchmark.round(
        2,
        Math.min(plan.promptTokens(), WARM_UP_PROMPT),
        Math.min(plan.newTokens(), WARM_UP_ANSWER));
    Prefill prefill = benchmark.prefill();
    var decodes = new ArrayList<Decode>();
    for (int batch : plan.batches()) {
      decodes.add(benchmark.decode(batch, machine));
    }
    return new SpeedReport(
        machine.threads(),
        machine.weightFormat(),
        machine.checkpointBytes(),
        device.memory().weightBytes(),
        device.memory().pageBytes()
            * benchmark.pages.covering(plan.promptTokens() + plan.newTokens()),
        machine.loadTime(),
        machine.readBandwidth(),
        prefill,
        decodes);
  }

  private void check() {
    long length = (long) plan.promptTokens() + plan.newTokens();
    if (length > config.contextLength()) {
      throw new InferenceException(
          Kind.ITEM,
          "%d prompt tokens and %d new ones do not fit the model's context of %d"
              .formatted(plan.promptTokens(), plan.newTokens(), config.contextLength()));
    }
    for (int batch : plan.batches()) {
      if (batch > device.stepRows()) {
        throw new InferenceException(
            Kind.UNSUPPORTED,
            "this engine decodes at most %d sequences together, not %d"
                .formatted(device.stepRows(), batch));
      }
      device
          .memory()
          .requirePages(
              "%d sequences of %d tokens need".formatted(batch, length),
              (long) batch * pages.covering((int) length));
    }
  }

  private Prefill prefill() {
    double best = 0;
    for (int round = 0; round < plan.rounds(); round++) {
      best = Math.max(best, rate(plan.promptTokens(), round(1, plan.promptTokens(), 1).prompts()));
    }
    double each = 2.0 * blockWeights() + attentionFlops(plan.promptTokens() / 2.0);
    return new Prefill(plan.promptTokens(), best, best * each);
  }

  private Decode decode(int batch, Machine machine) {
    double best = 0;
    for (int round = 0; round < plan.rounds(); round++) {
      Times times = round(batch, plan.promptTokens(), plan.newTokens());
      best = Math.max(best, rate((long) batch * plan.newTokens(), times.answers()));
    }
    int context = plan.promptTokens() + plan.newTokens() / 2;
    long cache = device.memory().pageBytes() / device.pageTokens() * context;
    long bytes = machine.stepBytes() / batch + cache;
    double each =
        2.0 * (blockWeights() + (double) config.vocabularySize() * config.hiddenSize())
            + attentionFlops(context);
    return new Decode(
        batch, context, best, bytes, best * bytes / machine.readBandwidth(), best * each);
  }

  private static double rate(long tokens, long nanos) {
    return 1e9 * tokens / Math.max(1, nanos);
  }

  private double blockWeights() {
    double hidden = config.hiddenSize();
    double queries = (double) config.heads() * config.headSize();
    double keys = (double) config.keyValueHeads() * config.headSize();
    return config.layers() * hidden * (2 * queries + 2 * keys + 3.0 * config.intermediateSize());
  }

  private double attentionFlops(double context) {
    return 4.0 * config.layers() * config.heads() * config.headSize() * context;
  }

  /** Nanoseconds of the prompts but for each one's last token, and of the answers. */
  private record Times(long prompts, long answers) {}

  /** A sequence under way. */
  private record Text(Pages.Sequence pages, int[] tokens) {}

  private Times round(int batch, int promptTokens, int newTokens) {
    var texts = new ArrayList<Text>();
    try {
      for (int i = 0; i < batch; i++) {
        int[] tokens =
            new SplittableRandom(i)
                .ints(promptTokens + newTokens, 0, config.vocabularySize())
                .toArray();
        texts.add(new Text(pages.sequence(), tokens));
      }
      long begun = System.nanoTime();
      for (Text text : texts) {
        int to;
        // An answer's first token follows from its prompt's last one, which belongs to its time.
        for (int from = 0; from < promptTokens - 1; from = to) {
          to = Math.min(promptTokens - 1, from + device.stepRows());
          step(List.of(slice(text, from, to, List.of())));
        }
      }
      long written = System.nanoTime();
      for (int position = promptTokens - 1; position < promptTokens + newTokens - 1; position++) {
        int at = position;
        step(
            texts.stream()
                .map(text ->
                    slice(
                        text,
                        at,
                        at + 1,
                        List.of(
                            new Ask.OfTokens(
                                at,
                                new int[0],
                                distribution -> text.tokens[at + 1] = distribution.argmax()))))
                .toList());
        if (texts.stream().anyMatch(text -> text.tokens[at + 1] < 0)) {
          throw new InferenceException(
              Kind.BAD_CHECKPOINT,
              "a logit that follows position %d is NaN or infinite".formatted(at));
        }
      }
      long ended = System.nanoTime();
      return new Times(written - begun, ended - written);
    } finally {
      texts.forEach(text -> text.pages().close());
    }
  }

  private static Slice slice(Text text, int from, int to, List<Ask> asks) {
    text.pages().reserve(to);
    return new Slice(text.pages().table(), text.tokens(), from, to, asks);
  }

  private void step(List<Slice> slices) {
    if (Thread.interrupted()) {
      throw new InferenceException(Kind.INTERRUPTED, "the measurement was interrupted");
    }
    device.step(slices);
  }
}
