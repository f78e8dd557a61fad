package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cpu.Projection.Into;
import dev.quantgate.inference.cpu.Projection.Rows;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.Slice;
import dev.quantgate.inference.engine.StepExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** Steps on the processor, all threads of a team on each. */
final class CpuStepExecutor implements StepExecutor {
  /** Rows of a step: enough to spread the widening of weights thin, few enough to stay in cache. */
  static final int STEP_ROWS = 256;

  /** Answers that are best written together where the user leaves the choice. */
  static final int ANSWERS_AT_ONCE = 32;

  private static final long LOGIT_BYTES = 32L << 20;

  private final LoadedModel model;
  private final ModelConfig config;
  private final SpinTeam team;
  private final MemoryPlan memory;
  private final KeyValuePages pages;
  private final Transformer transformer;
  private final float[] hidden;
  private final int logitRows;
  private final int logitStride;
  private float[] logits = new float[0];

  private CpuStepExecutor(LoadedModel model, SpinTeam team, MemoryPlan memory) {
    this.model = model;
    this.config = model.config();
    this.team = team;
    this.memory = memory;
    this.pages = new KeyValuePages(config, config.layers());
    this.transformer = new Transformer(config, pages, team);
    this.hidden = new float[STEP_ROWS * transformer.hiddenStride()];
    this.logitRows = logitRows(config);
    this.logitStride = Lanes.pad(config.vocabularySize());
  }

  /**
   * A device with a checkpoint's weights, which stays the caller's to close behind it.
   *
   * @param plan the memory plan for so many resident bytes of weights
   */
  static CpuStepExecutor open(Checkpoint checkpoint, int threads, LongFunction<MemoryPlan> plan) {
    var team = new SpinTeam(threads);
    try {
      var model = new LoadedModel(checkpoint, team);
      try {
        return new CpuStepExecutor(model, team, plan.apply(model.residentBytes()));
      } catch (RuntimeException | Error e) {
        model.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      team.close();
      throw e;
    }
  }

  SpinTeam team() {
    return team;
  }

  /** Bytes of weights read in one step. */
  long stepBytes() {
    return model.readBytes();
  }

  private static int logitRows(ModelConfig config) {
    return (int) Math.clamp(LOGIT_BYTES / (4L * config.vocabularySize()), 16L, STEP_ROWS);
  }

  /** Bytes of everything but weights, keys and values. */
  static long workingBytes(ModelConfig config) {
    return Transformer.activationBytes(config, STEP_ROWS)
        + 4L * logitRows(config) * Lanes.pad(config.vocabularySize());
  }

  /** Bytes of one page. */
  static long pageBytes(ModelConfig config) {
    return KeyValuePages.pageBytes(config, config.layers());
  }

  @Override
  public int pageTokens() {
    return KeyValuePages.PAGE;
  }

  @Override
  public int stepRows() {
    return STEP_ROWS;
  }

  @Override
  public MemoryPlan memory() {
    return memory;
  }

  @Override
  public void copyPage(int from, int to) {
    pages.copy(from, to);
  }

  @Override
  public void step(List<Slice> slices) {
    var spans = new ArrayList<Transformer.Span>(slices.size());
    var asks = new ArrayList<Ask>();
    int[] tokens = new int[STEP_ROWS];
    int[] askRows = new int[STEP_ROWS];
    int rows = 0;
    for (Slice slice : slices) {
      spans.add(
          new Transformer.Span(pages.table(slice.pages(), slice.to()), slice.from(), slice.rows()));
      System.arraycopy(slice.tokens(), slice.from(), tokens, rows, slice.rows());
      for (Ask ask : slice.asks()) {
        askRows[asks.size()] = rows + ask.position() - slice.from();
        asks.add(ask);
      }
      rows += slice.rows();
    }
    transformer.begin(spans);
    transformer.embed(model.embedding(), tokens, rows, hidden);
    int layer = 0;
    for (Transformer.Block block : model.blocks()) {
      transformer.run(block, layer++, hidden, spans, null);
    }
    for (int from = 0; from < asks.size(); from += logitRows) {
      int first = from;
      int count = Math.min(logitRows, asks.size() - from);
      if (logits.length < count * logitStride) {
        logits = new float[count * logitStride];
      }
      Rows normed = transformer.finalNorm(hidden, askRows, from, count, model.finalNorm());
      transformer
          .projection()
          .project(
              normed,
              count,
              new Weights[] {model.head()},
              new Rows[] {new Rows(logits, logitStride)},
              Into.SET);
      team.forEach(count, (i, thread) -> answer(asks.get(first + i), i * logitStride));
    }
  }

  private void answer(Ask ask, int at) {
    int vocabulary = config.vocabularySize();
    switch (ask) {
      case Ask.WholeRow row ->
          row.reader().read(logits, at, LogSoftmax.peak(logits, at, vocabulary).argmax());
      case Ask.OfTokens of when of.tokens().length == 0 -> {
        LogSoftmax.Peak peak = LogSoftmax.peak(logits, at, vocabulary);
        of.reader().read(new Ask.Distribution(peak.argmax(), peak.margin(), new double[0]));
      }
      case Ask.OfTokens of -> {
        LogSoftmax softmax = LogSoftmax.of(logits, at, vocabulary);
        double[] logProbabilities = new double[of.tokens().length];
        for (int i = 0; i < logProbabilities.length; i++) {
          logProbabilities[i] =
              softmax.finite() ? softmax.of(logits[at + of.tokens()[i]]) : Double.NaN;
        }
        of.reader()
            .read(new Ask.Distribution(softmax.argmax(), softmax.margin(), logProbabilities));
      }
    }
  }

  @Override
  public void close() {
    pages.close();
    model.close();
    team.close();
  }
}
