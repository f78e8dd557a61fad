package dev.quantgate.inference.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.CudaException;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Event;
import dev.quantgate.inference.cuda.driver.Graph;
import dev.quantgate.inference.cuda.driver.PinnedMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.Slice;
import dev.quantgate.inference.engine.StepExecutor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Steps on a device. A step's tokens, positions and page numbers are copied there, its kernels
 * launched, and what was asked for is copied back.
 *
 * <p>A step that only decodes is a graph, recorded for a number of rows and of pages that is
 * rounded up, and replayed. The rows that rounding adds compute on a page that nobody owns.
 */
final class CudaExecutor implements StepExecutor {
  /** Rows of a step: enough that a product is bound by arithmetic. */
  static final int STEP_ROWS = 2048;

  private static final int[] ROW_BUCKETS = {
    1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256
  };
  private static final int PAGE_BUCKET = 8;
  private static final int MOST_GRAPHS = 32;

  /** A decode step's rows and pages, rounded up. */
  private record Bucket(int rows, int pages) {}

  private final Context context;
  private final Stream stream;
  private final DeviceModel model;
  private final ModelConfig config;
  private final MemoryPlan memory;
  private final int stepRows;
  private final Owned owned = new Owned();
  private final Workspace work;
  private final DeviceMemory pool;
  private final StepPlan plan;
  private final PinnedMemory pinnedResults;
  private final PinnedMemory pinnedRow;
  private final Forward forward;
  private boolean graphs;
  private final float[] row;
  private final Set<Bucket> seen = new HashSet<>();
  private final Map<Bucket, Graph> recorded =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Bucket, Graph> eldest) {
          if (size() > MOST_GRAPHS) {
            eldest.getValue().close();
            return true;
          }
          return false;
        }
      };

  /**
   * Takes working memory, and all pages that the plan has.
   *
   * @param model is closed with this
   * @param graphs whether decode steps are recorded and replayed
   */
  CudaExecutor(
      Context context,
      Kernels kernels,
      Stream stream,
      DeviceModel model,
      MemoryPlan memory,
      int stepRows,
      boolean graphs) {
    this.context = context;
    this.stream = stream;
    this.model = model;
    this.config = model.config();
    this.memory = memory;
    this.stepRows = stepRows;
    this.graphs = graphs;
    this.row = new float[config.vocabularySize()];
    try {
      this.work = owned.add(new Workspace(context, stream, model, stepRows));
      // One page more, for rows that belong to nobody.
      this.pool = owned.add(new DeviceMemory(context, (memory.pages() + 1L) * memory.pageBytes()));
      this.plan = owned.add(new StepPlan(context, stream, config, work));
      this.pinnedResults =
          owned.add(new PinnedMemory(context, 8L * Workspace.LOOKUPS + 8L * Workspace.LOGIT_ROWS));
      this.pinnedRow = owned.add(new PinnedMemory(context, 4L * config.vocabularySize()));
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
    this.forward = new Forward(model, kernels, stream, context.device(), work, pool);
  }

  @Override
  public int pageTokens() {
    return Workspace.PAGE;
  }

  @Override
  public int stepRows() {
    return stepRows;
  }

  @Override
  public MemoryPlan memory() {
    return memory;
  }

  Forward forward() {
    return forward;
  }

  @Override
  public void copyPage(int from, int to) {
    guarded(() ->
        stream.copy(
            pool, to * memory.pageBytes(), pool, from * memory.pageBytes(), memory.pageBytes()));
  }

  @Override
  public void step(List<Slice> slices) {
    guarded(() -> compute(slices));
  }

  private void guarded(Runnable work) {
    try {
      context.makeCurrent();
      work.run();
    } catch (CudaException e) {
      throw new InferenceException(
          e.isOutOfMemory()
              ? InferenceException.Kind.OUT_OF_MEMORY
              : InferenceException.Kind.NO_ENGINE,
          String.valueOf(e.getMessage()),
          e);
    }
  }

  /**
   * A step's slices, those of one row first.
   *
   * @param pages the most pages that a slice of one row sees
   * @param stride the most pages of any slice
   */
  private record Ordered(List<Slice> slices, int decodeRows, int pages, int stride) {}

  private static Ordered order(List<Slice> slices) {
    var ordered = new ArrayList<Slice>(slices.size());
    slices.stream().filter(slice -> slice.rows() == 1).forEach(ordered::add);
    int decodeRows = ordered.size();
    slices.stream().filter(slice -> slice.rows() > 1).forEach(ordered::add);
    int pages = 1;
    int stride = 1;
    for (Slice slice : ordered) {
      int needed = Math.ceilDiv(slice.to(), Workspace.PAGE);
      pages = slice.rows() == 1 ? Math.max(pages, needed) : pages;
      stride = Math.max(stride, needed);
    }
    return new Ordered(ordered, decodeRows, pages, stride);
  }

  private void compute(List<Slice> slices) {
    Ordered ordered = order(slices);
    boolean decodes =
        ordered.decodeRows() == slices.size()
            && slices.size() <= Math.min(stepRows, Workspace.LOGIT_ROWS)
            && slices.stream().allMatch(slice -> slice.asks().size() == 1);
    if (decodes) {
      decode(ordered.slices(), new Bucket(rowBucket(slices.size()), pageBucket(ordered.pages())));
    } else {
      mixed(ordered);
    }
  }

  private int rowBucket(int rows) {
    for (int bucket : ROW_BUCKETS) {
      if (bucket >= rows) {
        return Math.min(bucket, stepRows);
      }
    }
    return rows;
  }

  private int pageBucket(int pages) {
    int bucket = PAGE_BUCKET;
    while (pages > 8 * bucket) {
      bucket *= 2;
    }
    return Math.min(Math.ceilDiv(pages, bucket) * bucket, Math.max(pages, work.widths.mostPages()));
  }

  private void decode(List<Slice> slices, Bucket bucket) {
    Forward.Shape shape = plan.decode(slices, bucket.rows(), bucket.pages(), memory.pages());
    Runnable launches =
        () -> {
          forward.blocks(shape);
          forward.head(-1, shape.rows());
        };
    replay(bucket, launches);
    answer(slices.stream().map(slice -> slice.asks().getFirst()).toList());
  }

  /**
   * Runs launches the first time, records them the second, and replays them from then on. Where
   * there is no memory for one more graph, the launches are made one by one from then on.
   */
  private void replay(Bucket bucket, Runnable launches) {
    Graph graph = recorded.get(bucket);
    if (graph == null && graphs && !seen.add(bucket)) {
      try {
        graph = stream.capture(launches);
        recorded.put(bucket, graph);
      } catch (CudaException e) {
        if (!e.isOutOfMemory()) {
          throw e;
        }
        graphs = false;
      }
    }
    if (graph == null) {
      launches.run();
    } else {
      graph.launch(stream);
    }
  }

  private void forgetGraphs() {
    seen.clear();
    var graphsOf = new Owned();
    recorded.values().forEach(graphsOf::add);
    recorded.clear();
    graphsOf.close();
  }

  private void mixed(Ordered step) {
    StepPlan.Mixed mixed =
        plan.mixed(step.slices(), step.decodeRows(), step.pages(), step.stride());
    forward.blocks(mixed.shape());
    List<Ask> asked = mixed.asks();
    for (int from = 0; from < asked.size(); from += Workspace.LOGIT_ROWS) {
      int count = Math.min(Workspace.LOGIT_ROWS, asked.size() - from);
      forward.head(from, count);
      answer(asked.subList(from, from + count));
    }
    // The plan's memory is free again once the device has read it.
    stream.synchronize();
  }

  // --- Answers -----------------------------------------------------------------------------------

  /** Answers asks whose logits are in the workspace, row by row. */
  private void answer(List<Ask> asked) {
    int rows = asked.size();
    MemorySegment peaks =
        pinnedResults.segment().asSlice(8L * Workspace.LOOKUPS, work.marginsAt + 4L * rows);
    stream.copyOut(peaks, work.peaks, 0);
    stream.synchronize();
    double[][] found = lookUp(asked);
    for (int r = 0; r < rows; r++) {
      answer(asked.get(r), r, peaks, found[r]);
    }
  }

  /**
   * Log-probabilities of the tokens that each ask names, as many at a time as there is room for.
   */
  private double[][] lookUp(List<Ask> asked) {
    double[][] found = new double[asked.size()][];
    int count = 0;
    var pending = new ArrayList<Wanted>();
    for (int r = 0; r < found.length; r++) {
      int[] tokens = tokens(asked.get(r));
      found[r] = new double[tokens.length];
      for (int from = 0; from < tokens.length; ) {
        int to = Math.min(tokens.length, from + Workspace.LOOKUPS - count);
        for (int i = from; i < to; i++) {
          plan.lookUp(count++, r, tokens[i]);
        }
        pending.add(new Wanted(found[r], from, to));
        from = to;
        if (count == Workspace.LOOKUPS) {
          take(pending, count);
          count = 0;
        }
      }
    }
    take(pending, count);
    return found;
  }

  /** Where log-probabilities go: {@code to[from .. until - 1]}. */
  private record Wanted(double[] to, int from, int until) {}

  private void take(List<Wanted> pending, int count) {
    if (count > 0) {
      plan.sendLookups(count);
      forward.lookUp(count);
      MemorySegment results = pinnedResults.segment().asSlice(0, 8L * count);
      stream.copyOut(results, work.results, 0);
      stream.synchronize();
      int at = 0;
      for (Wanted each : pending) {
        int length = each.until() - each.from();
        MemorySegment.copy(results, JAVA_DOUBLE, 8L * at, each.to(), each.from(), length);
        at += length;
      }
    }
    pending.clear();
  }

  private static int[] tokens(Ask ask) {
    return ask instanceof Ask.OfTokens of ? of.tokens() : new int[0];
  }

  private void answer(Ask ask, int logitRow, MemorySegment peaks, double[] logProbabilities) {
    int argmax = peaks.getAtIndex(JAVA_INT, logitRow);
    switch (ask) {
      case Ask.OfTokens of -> {
        if (argmax < 0) {
          Arrays.fill(logProbabilities, Double.NaN);
        }
        float margin = peaks.get(JAVA_FLOAT, work.marginsAt + 4L * logitRow);
        of.reader().read(new Ask.Distribution(argmax, margin, logProbabilities));
      }
      case Ask.WholeRow whole -> {
        MemorySegment pinned = pinnedRow.segment();
        stream.copyOut(pinned, work.logits, 4L * logitRow * work.widths.logits());
        stream.synchronize();
        MemorySegment.copy(pinned, JAVA_FLOAT, 0, row, 0, row.length);
        whole.reader().read(row, 0, argmax);
      }
    }
  }

  // --- Measuring ---------------------------------------------------------------------------------

  /**
   * Whether warpgroup kernels are taken where they are faster and the device has them. What was
   * recorded with others is forgotten.
   */
  void byWarpgroups(boolean wanted) {
    guarded(this::forgetGraphs);
    forward.product().byWarpgroups(wanted);
  }

  /** Makes every page all zeros: for measurements that decode without having computed a prompt. */
  void clearPages() {
    guarded(() -> stream.fill(pool, 0));
  }

  /** Computes a step, its kernels launched one by one. */
  void stepWithoutGraph(List<Slice> slices) {
    guarded(() -> mixed(order(slices)));
  }

  /**
   * Decodes greedily on the device alone, each row from the token that the step before chose, as a
   * measurement: the graph is replayed without the host in between.
   *
   * @param slices one row each, whose pages reach as far as {@code steps} go
   * @return seconds that the steps took
   */
  double decodeWithoutHost(List<Slice> slices, int steps) {
    double[] seconds = new double[1];
    guarded(() -> seconds[0] = decodeAlone(slices, steps));
    return seconds[0];
  }

  private double decodeAlone(List<Slice> slices, int steps) {
    int rows = slices.size();
    int last = slices.stream().mapToInt(Slice::from).max().orElseThrow() + steps;
    int pages = pageBucket(last / Workspace.PAGE + 1);
    Forward.Shape shape = plan.decode(slices, rows, pages, memory.pages());
    Runnable launches =
        () -> {
          forward.blocks(shape);
          forward.head(-1, rows);
          forward.advance(rows);
        };
    // Loads the kernels, which a capture must not.
    launches.run();
    stream.synchronize();
    plan.decode(slices, rows, pages, memory.pages());
    try (Graph graph = stream.capture(launches);
        var begin = new Event(context);
        var end = new Event(context)) {
      graph.launch(stream);
      begin.record(stream);
      for (int i = 0; i < steps; i++) {
        graph.launch(stream);
      }
      end.record(stream);
      end.synchronize();
      return end.secondsSince(begin);
    }
  }

  @Override
  public void close() {
    var all = new Owned();
    all.add(model);
    all.add(owned);
    all.add(this::forgetGraphs);
    // Nothing may be under way to what is freed.
    all.add(stream::synchronize);
    all.add(context::makeCurrent);
    all.close();
  }
}
