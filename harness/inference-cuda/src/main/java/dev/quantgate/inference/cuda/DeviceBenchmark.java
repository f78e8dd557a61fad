package dev.quantgate.inference.cuda;

import dev.quantgate.inference.LayerArithmetic;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.Product.Into;
import dev.quantgate.inference.cuda.driver.CublasLt;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Event;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.Slice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Measures what a device gives and what a model on it takes. Decoding reads every weight for every
 * step, so its bound is memory, and what it reached is told as a share of a plain read stream;
 * prefill's bound is arithmetic, and its share is that of the largest matrix product. All are
 * measured in the same run, the best of some rounds.
 */
final class DeviceBenchmark {
  private static final long STREAM_BYTES = 4L << 30;
  private static final int STREAM_ROUNDS = 8;
  private static final int STREAM_BLOCKS = 16;
  private static final int MATRIX_ROUNDS = 5;

  /** Tokens of a short text, about what one of CMNLI has. */
  private static final int TEXT_TOKENS = 96;

  private final DeviceSession session;
  private final long limit;

  DeviceBenchmark(DeviceSession session) {
    this(session, Long.MAX_VALUE);
  }

  /**
   * @param limit the most bytes of device memory that a model and all beside it may take
   */
  DeviceBenchmark(DeviceSession session, long limit) {
    this.session = session;
    this.limit = limit;
  }

  /** Bytes of device memory that can still be taken, but for what is left to the driver. */
  long freeBytes() {
    long free = session.context().freeBytes();
    return Math.min(
        free - CudaEngineProvider.reserve(free), limit - session.context().allocatedBytes());
  }

  /**
   * What one sequence or some together reached.
   *
   * @param context positions that a new token saw in the middle of it
   * @param bytesPerStep bytes of weights, keys and values that a step reads
   */
  record Decode(int batch, int context, int steps, double seconds, double bytesPerStep) {
    double tokensPerSecond() {
      return batch * steps / seconds;
    }

    double bandwidth() {
      return bytesPerStep * steps / seconds;
    }
  }

  /**
   * What a prompt reached, or texts together.
   *
   * @param tokens of the prompt, or of each text
   * @param rows tokens in all
   */
  record Prefill(int tokens, int rows, double seconds, double flops) {
    double tokensPerSecond() {
      return rows / seconds;
    }

    double flopsPerSecond() {
      return flops / seconds;
    }
  }

  /** Bytes a second of a plain read stream over more memory than caches hold. */
  double readBandwidth() {
    long bytes = Math.min(STREAM_BYTES, freeBytes() / 4) / 4096 * 4096;
    int blocks = STREAM_BLOCKS * session.device().multiprocessors();
    try (var data = new DeviceMemory(session.context(), bytes);
        var sums = new DeviceMemory(session.context(), 4L * blocks)) {
      session.stream().fill(data, 1);
      double best =
          best(
              STREAM_ROUNDS,
              () ->
                  session
                      .kernels()
                      .kernel("read_stream")
                      .pointer(data)
                      .pointer(sums)
                      .wide(bytes)
                      .launch(session.stream(), blocks, 1, 1));
      return bytes / best;
    }
  }

  /**
   * Floating-point operations a second of a 16-bit product.
   *
   * @param size the kernel's size, {@link Product#LARGE_TILES} or {@link Product#YARDSTICK}
   */
  double matrixRate(String size, int rows, int inputs, int outputs) {
    try (var owned = new Owned()) {
      DeviceMemory data = noise(owned, PackedMatrix.bytes(WeightFormat.F16, inputs, outputs));
      DeviceMemory x = noise(owned, 2L * rows * inputs);
      DeviceMemory arranged = noise(owned, 2L * Math.ceilDiv(rows, 256) * 256 * inputs);
      DeviceMemory out = owned.add(new DeviceMemory(session.context(), 2L * rows * outputs));
      var matrix = new PackedMatrix(WeightFormat.F16, data, inputs, outputs, null, null);
      var product = product(new Product.Scratch(x, x, x, arranged));
      product.force(size);
      session.stream().synchronize();
      double best =
          best(
              MATRIX_ROUNDS, () -> product.run(matrix, x, inputs, rows, out, outputs, Into.NARROW));
      return 2.0 * rows * inputs * outputs / best;
    }
  }

  /** The same of NVIDIA's library. */
  double matrixRate(CublasLt library, int rows, int inputs, int outputs) {
    try (var owned = new Owned()) {
      DeviceMemory weights = noise(owned, 2L * inputs * outputs);
      DeviceMemory x = noise(owned, 2L * rows * inputs);
      DeviceMemory out = owned.add(new DeviceMemory(session.context(), 2L * rows * outputs));
      CublasLt.HalfProduct product = owned.add(library.product(rows, inputs, outputs));
      session.stream().synchronize();
      double best = best(MATRIX_ROUNDS, () -> product.run(session.stream(), weights, x, out));
      return 2.0 * rows * inputs * outputs / best;
    }
  }

  /** Floating-point operations a second of the products that a Hessian is the sum of. */
  double outerProductRate(int inputs) {
    int rows = LayerArithmetic.TOKENS_AT_ONCE;
    try (var owned = new Owned()) {
      DeviceMemory x = noise(owned, 2L * rows * inputs);
      var products = new OuterProducts(session, inputs, inputs, owned);
      double best = best(MATRIX_ROUNDS, () -> products.add(x, rows));
      return (double) rows * inputs * inputs / best;
    }
  }

  private Product product(Product.Scratch scratch) {
    return new Product(session.kernels(), session.stream(), session.device(), scratch);
  }

  /** Memory full of small numbers: constant data would take less power, and so run faster. */
  private DeviceMemory noise(Owned owned, long bytes) {
    int tiles = Math.toIntExact(Math.ceilDiv(bytes, WeightFormat.F16.tileBytes()));
    DeviceMemory memory =
        owned.add(new DeviceMemory(session.context(), (long) tiles * WeightFormat.F16.tileBytes()));
    session
        .kernels()
        .kernel("generate_f16")
        .pointer(memory)
        .integer(tiles)
        .real(0.01f)
        .launch(session.stream(), tiles, 1, 1);
    return memory;
  }

  /**
   * Bytes a second at which one product reads its weights.
   *
   * @param size the kernel's size, such as "r8n64"
   */
  double productBandwidth(WeightFormat format, String size, int rows, int inputs, int outputs) {
    // More copies than the second-level cache holds, as a model's layers are.
    long each = PackedMatrix.bytes(format, inputs, outputs);
    int copies = (int) Math.clamp(4L * session.device().cacheBytes() / each + 1, 2, 64);
    int tiles = Math.ceilDiv(outputs, 256) * 256;
    var matrices = new ArrayList<PackedMatrix>();
    try (var owned = new Owned()) {
      DeviceMemory x =
          owned.add(new DeviceMemory(session.context(), 2L * Math.max(rows, 128) * inputs));
      DeviceMemory out =
          owned.add(new DeviceMemory(session.context(), 2L * Math.max(rows, 128) * outputs));
      DeviceMemory partials = owned.add(new DeviceMemory(session.context(), 16L * 256 * tiles));
      DeviceMemory counters = owned.add(new DeviceMemory(session.context(), 4L * tiles));
      for (DeviceMemory memory : List.of(x, counters)) {
        session.stream().fill(memory, 0);
      }
      for (int i = 0; i < copies; i++) {
        DeviceMemory data =
            format.int4()
                ? owned.add(new DeviceMemory(session.context(), each))
                : noise(owned, each);
        if (format.int4()) {
          session.stream().fill(data, 0x2c182c97);
        }
        matrices.add(new PackedMatrix(format, data, inputs, outputs, null, null));
      }
      session.stream().synchronize();
      var product = product(new Product.Scratch(partials, counters, x, x));
      product.force(size);
      // All zeros, in any order. A step's activations are arranged by what makes them.
      var given =
          new Product.Rows(
              x, Product.wide(size) ? Product.arrangedRows(rows) : inputs, Product.wide(size));
      double best =
          best(
              MATRIX_ROUNDS,
              () ->
                  matrices.forEach(
                      matrix -> product.run(matrix, given, rows, out, outputs, Into.NARROW)));
      return copies * matrices.getFirst().readBytes() / best;
    }
  }

  private double best(int rounds, Runnable work) {
    work.run();
    double best = Double.POSITIVE_INFINITY;
    try (var begin = new Event(session.context());
        var end = new Event(session.context())) {
      for (int i = 0; i < rounds; i++) {
        begin.record(session.stream());
        work.run();
        end.record(session.stream());
        end.synchronize();
        best = Math.min(best, end.secondsSince(begin));
      }
    }
    return best;
  }

  /**
   * A model of that shape with pages for {@code sequences} of {@code positions}, as many as fit.
   */
  CudaExecutor generated(
      ModelConfig config, WeightFormat format, int sequences, int positions, boolean graphs) {
    DeviceModel model =
        DeviceModel.generate(
            session.context(), session.kernels(), session.stream(), config, format);
    return executor(model, sequences, positions, graphs);
  }

  /** Rows of a step of a model of that shape. */
  static int stepRows(ModelConfig config) {
    return Math.min(CudaExecutor.STEP_ROWS, config.contextLength());
  }

  /** The same over a model, which is closed with it, or if there is no memory for it. */
  CudaExecutor executor(DeviceModel model, int sequences, int positions, boolean graphs) {
    var owned = new Owned();
    owned.add(model);
    try {
      return executorOf(model, sequences, positions, graphs);
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
  }

  private CudaExecutor executorOf(DeviceModel model, int sequences, int positions, boolean graphs) {
    ModelConfig config = model.config();
    boolean int4 = model.blocks().getFirst().down().format().int4();
    int rows = stepRows(config);
    long working = Workspace.bytes(config, rows, int4 ? Workspace.largestDense(config) : 0);
    long page = Forward.pageBytes(config);
    long free = freeBytes();
    int wanted = sequences * Math.ceilDiv(positions, Workspace.PAGE);
    int pages = (int) Math.min(wanted, (free - working) / page - 1);
    var plan = new MemoryPlan("--gpu-memory", model.bytes(), working, page, Math.max(pages, 1));
    var executor =
        new CudaExecutor(
            session.context(), session.kernels(), session.stream(), model, plan, rows, graphs);
    executor.clearPages();
    return executor;
  }

  /** One prompt, in steps of as many rows as the executor takes. */
  Prefill prefill(CudaExecutor executor, DeviceModel model, int tokens, int rounds) {
    int[] ids = tokens(model.config(), tokens, 1);
    int[] pages = IntStream.range(0, Math.ceilDiv(tokens, Workspace.PAGE)).toArray();
    double best = Double.POSITIVE_INFINITY;
    for (int round = 0; round <= rounds; round++) {
      long begun = System.nanoTime();
      for (int from = 0; from < tokens; from += executor.stepRows()) {
        int to = Math.min(tokens, from + executor.stepRows());
        List<Ask> asks =
            to == tokens
                ? List.of(new Ask.OfTokens(to - 1, new int[0], distribution -> {}))
                : List.of();
        executor.step(List.of(new Slice(pages, ids, from, to, asks)));
      }
      if (round > 0) {
        best = Math.min(best, (System.nanoTime() - begun) / 1e9);
      }
    }
    return new Prefill(
        tokens,
        tokens,
        best,
        tokens * (2 * model.blockWeights() + attention(model.config(), tokens / 2.0)));
  }

  /** One step of short texts, as many as there is room for, whose every position is read. */
  Prefill texts(CudaExecutor executor, DeviceModel model, int rounds) {
    ModelConfig config = model.config();
    int pages = executor.memory().pages();
    int tokens = Math.min(Math.min(TEXT_TOKENS, executor.stepRows()), pages * Workspace.PAGE);
    int each = Math.ceilDiv(tokens, Workspace.PAGE);
    int texts = Math.min(executor.stepRows() / tokens, pages / each);
    var slices = new ArrayList<Slice>();
    for (int i = 0; i < texts; i++) {
      int[] ids = tokens(config, tokens, i);
      int first = i * each;
      slices.add(
          new Slice(
              IntStream.range(first, first + each).toArray(),
              ids,
              0,
              tokens,
              IntStream.range(0, tokens)
                  .<Ask>mapToObj(
                      at -> new Ask.OfTokens(at, new int[] {ids[at]}, distribution -> {}))
                  .toList()));
    }
    double best = Double.POSITIVE_INFINITY;
    for (int round = 0; round <= rounds; round++) {
      long begun = System.nanoTime();
      executor.step(slices);
      if (round > 0) {
        best = Math.min(best, (System.nanoTime() - begun) / 1e9);
      }
    }
    double weights = model.blockWeights() + (double) config.vocabularySize() * config.hiddenSize();
    return new Prefill(
        tokens,
        texts * tokens,
        best,
        texts * tokens * (2 * weights + attention(config, tokens / 2.0)));
  }

  /** Floating-point operations that one row's attention takes at a context. */
  static double attention(ModelConfig config, double context) {
    return 4.0 * config.layers() * config.heads() * config.headSize() * context;
  }

  /** The most positions that so many sequences have room for. */
  static int room(CudaExecutor executor, int sequences) {
    return executor.memory().pages() / sequences * Workspace.PAGE;
  }

  private List<Slice> decoded(
      CudaExecutor executor, DeviceModel model, int batch, int context, int steps) {
    int each = Math.ceilDiv(context + steps + 1, Workspace.PAGE);
    if ((long) each * batch > executor.memory().pages()) {
      throw new IllegalArgumentException(
          "%d sequences of %d positions do not fit %d pages"
              .formatted(batch, context + steps, executor.memory().pages()));
    }
    var slices = new ArrayList<Slice>();
    for (int i = 0; i < batch; i++) {
      int first = i * each;
      int[] pages = IntStream.range(first, first + each).toArray();
      int[] ids = tokens(model.config(), context + 1, i);
      slices.add(
          new Slice(
              pages,
              ids,
              context,
              context + 1,
              List.of(new Ask.OfTokens(context, new int[0], distribution -> {}))));
    }
    return slices;
  }

  /** Sequences continued together, the graph replayed without the host. */
  Decode decode(
      CudaExecutor executor, DeviceModel model, int batch, int context, int steps, int rounds) {
    List<Slice> slices = decoded(executor, model, batch, context, steps);
    double best = Double.POSITIVE_INFINITY;
    executor.decodeWithoutHost(slices, 2);
    for (int round = 0; round < rounds; round++) {
      best = Math.min(best, executor.decodeWithoutHost(slices, steps));
    }
    ModelConfig config = model.config();
    int middle = context + steps / 2;
    double cache = (double) Forward.pageBytes(config) / Workspace.PAGE * middle * batch;
    return new Decode(batch, middle, steps, best, model.readBytes() + cache);
  }

  /** Sequences continued together by steps as a run makes them: the host reads every token. */
  Decode decodeBySteps(
      CudaExecutor executor, DeviceModel model, int batch, int context, int steps) {
    List<Slice> slices = decoded(executor, model, batch, context, steps);
    executor.step(slices);
    executor.step(slices);
    long begun = System.nanoTime();
    for (int i = 0; i < steps; i++) {
      executor.step(slices);
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    double cache = (double) Forward.pageBytes(model.config()) / Workspace.PAGE * context * batch;
    return new Decode(batch, context, steps, seconds, model.readBytes() + cache);
  }

  /** Seconds that each part of one step takes on the device, its kernels launched one by one. */
  Map<String, Double> profile(CudaExecutor executor, DeviceModel model, int batch, int context) {
    List<Slice> slices = decoded(executor, model, batch, context, 4);
    return profile(executor, slices);
  }

  /** The same for a prompt. */
  Map<String, Double> profilePrefill(CudaExecutor executor, DeviceModel model, int tokens) {
    int[] pages = IntStream.range(0, Math.ceilDiv(tokens, Workspace.PAGE)).toArray();
    return profile(
        executor,
        List.of(new Slice(pages, tokens(model.config(), tokens, 1), 0, tokens, List.of())));
  }

  private Map<String, Double> profile(CudaExecutor executor, List<Slice> slices) {
    try (var profile = new Profile(session.context(), session.stream())) {
      executor.forward().profile(profile);
      profile.begin();
      executor.stepWithoutGraph(slices);
      return profile.seconds();
    } finally {
      executor.forward().profile(null);
    }
  }

  private static int[] tokens(ModelConfig config, int count, int seed) {
    return new java.util.SplittableRandom(seed).ints(count, 0, config.vocabularySize()).toArray();
  }
}
