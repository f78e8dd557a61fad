package dev.quantgate.inference.cpu;

import static dev.quantgate.inference.cpu.CpuEngineProvider.mebibytes;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cpu.PrefixTree.Node;
import dev.quantgate.inference.cpu.Projection.Into;
import dev.quantgate.inference.cpu.Projection.Rows;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fast engine: sequences as a tree of shared prefixes, computed in steps of a bounded number of
 * rows that mix whatever is ready: pieces of prompts, and one row of each answer being written.
 *
 * <p>A sequence is admitted only once all the pages it can ever need are set aside, so an admitted
 * one always finishes. A prefix is kept while an admitted sequence, or the next one in line, passes
 * through it; as sequences are admitted in the tree's order, none is ever computed twice.
 */
final class BatchEngine implements TokenEngine {
  /** Rows of a step: enough to spread the widening of weights thin, few enough to stay in cache. */
  static final int STEP_ROWS = 256;

  private static final int GENERATED_AT_ONCE = 32;
  private static final int SCORED_AT_ONCE = 256;
  private static final long LOGIT_BYTES = 32L << 20;

  private final LoadedModel model;
  private final ModelConfig config;
  private final Team team;
  private final KeyValueCache cache;
  private final Transformer transformer;
  private final int maxBatch;
  private final boolean share;
  private final float[] hidden;
  private final int logitRows;
  private final int logitStride;
  private float[] logits = new float[0];

  private int committedPages;
  private long promptTokens;
  private long promptNanos;
  private long generatedTokens;
  private long generationNanos;

  /**
   * @param cachePages the most pages of keys and values to hold at one time
   * @param maxBatch the most sequences to run together, 0 for this engine's choice
   */
  BatchEngine(LoadedModel model, Team team, int cachePages, int maxBatch, boolean share) {
    this.model = model;
    this.config = model.config();
    this.team = team;
    this.cache = new KeyValueCache(config, config.layers(), cachePages);
    this.transformer = new Transformer(config, cache, team);
    this.maxBatch = maxBatch;
    this.share = share;
    this.hidden = new float[(STEP_ROWS) * transformer.hiddenStride()];
    this.logitRows = logitRows(config);
    this.logitStride = Lanes.pad(config.vocabularySize());
  }

  private static int logitRows(ModelConfig config) {
    return (int) Math.clamp(LOGIT_BYTES / (4L * config.vocabularySize()), 16L, STEP_ROWS);
  }

  /** Bytes of everything but weights, keys and values. */
  static long workingBytes(ModelConfig config) {
    return Transformer.activationBytes(config, STEP_ROWS)
        + 4L * logitRows(config) * Lanes.pad(config.vocabularySize());
  }

  /** Tokens of one sequence to be computed in a step, and whose logits are asked for. */
  private record Slice(
      KeyValueCache.Sequence sequence, int[] tokens, int from, int to, List<Ask> asks) {}

  /**
   * Reads the logits that follow a position. Called by any thread; touches only what is its own.
   */
  @FunctionalInterface
  private interface Reader {
    void read(float[] logits, int at);
  }

  private record Ask(int position, Reader reader) {}

  /** Computes some slices, at most {@link #STEP_ROWS} rows, and has their logits read. */
  private void step(List<Slice> slices) {
    if (Thread.interrupted()) {
      throw new InferenceException(
          InferenceException.Kind.INTERRUPTED, "the model was interrupted between two steps");
    }
    var spans = new ArrayList<Transformer.Span>(slices.size());
    var asks = new ArrayList<Ask>();
    int[] tokens = new int[STEP_ROWS];
    int[] askRows = new int[STEP_ROWS];
    int rows = 0;
    for (Slice slice : slices) {
      int n = slice.to() - slice.from();
      slice.sequence().reserve(slice.to());
      spans.add(new Transformer.Span(slice.sequence(), slice.from(), n));
      System.arraycopy(slice.tokens(), slice.from(), tokens, rows, n);
      for (Ask ask : slice.asks()) {
        askRows[asks.size()] = rows + ask.position() - slice.from();
        asks.add(ask);
      }
      rows += n;
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
      team.forEach(
          count, (i, thread) -> asks.get(first + i).reader().read(logits, i * logitStride));
    }
  }

  /**
   * The logits that follow each position of a sequence computed in pieces of at most {@code piece}
   * tokens: what reference numbers are given for.
   */
  float[][] logits(int[] tokens, int piece) {
    int vocabulary = config.vocabularySize();
    float[][] all = new float[tokens.length][];
    try (KeyValueCache.Sequence sequence = cache.sequence()) {
      int to;
      for (int from = 0; from < tokens.length; from = to) {
        to = Math.min(tokens.length, from + Math.min(piece, STEP_ROWS));
        var asks = new ArrayList<Ask>();
        for (int position = from; position < to; position++) {
          int at = position;
          asks.add(
              new Ask(
                  at,
                  (row, offset) -> all[at] = Arrays.copyOfRange(row, offset, offset + vocabulary)));
        }
        step(List.of(new Slice(sequence, tokens, from, to, asks)));
      }
    }
    return all;
  }

  // --- Admission ---------------------------------------------------------------------------------

  private int uncommittedPages(List<Node> path) {
    int pages = 0;
    for (Node node : path) {
      pages += node.committed ? 0 : node.pages();
    }
    return pages;
  }

  private static int pathPages(List<Node> path) {
    int pages = 0;
    for (Node node : path) {
      pages += node.pages();
    }
    return pages;
  }

  private void hold(List<Node> path) {
    path.forEach(node -> node.users++);
  }

  /**
   * A path of its own for a sequence whose shared path (a partly filled page at each branch) takes
   * too many pages. So whether a sequence fits does not depend on what else is in the call.
   */
  private List<Node> alone(int[] tokens, int neededFrom) {
    List<Node> path = List.of(Node.alone(tokens, neededFrom));
    hold(path);
    return path;
  }

  private void commit(List<Node> path) {
    for (Node node : path) {
      if (!node.committed) {
        node.committed = true;
        committedPages += node.pages();
      }
    }
  }

  private void letGo(List<Node> path) {
    for (Node node : path.reversed()) {
      if (--node.users == 0 && node.committed) {
        node.committed = false;
        committedPages -= node.pages();
        if (node.cache != null) {
          node.cache.close();
          node.cache = null;
        }
      }
    }
  }

  private KeyValueCache.Sequence open(Node node) {
    KeyValueCache.Sequence own = node.cache;
    if (own == null) {
      Node parent = node.parent;
      KeyValueCache.Sequence from = parent == null ? null : parent.cache;
      own = from == null ? cache.sequence() : from.fork(node.start);
      node.cache = own;
    }
    return own;
  }

  /**
   * Refuses a call with a sequence that could never be held, before anything is computed. It is no
   * fault of that sequence: what a run answers must not depend on the memory it was given.
   *
   * @param pages of the longest sequence by itself
   */
  private void requireRoom(int pages) {
    if (pages > cache.capacity()) {
      long page = KeyValueCache.pageBytes(config, config.layers());
      long least = model.residentBytes() + workingBytes(config) + pages * page;
      throw new InferenceException(
          InferenceException.Kind.OUT_OF_MEMORY,
          "the longest text needs "
              + mebibytes(pages * page)
              + " MiB of keys and values, the memory given leaves "
              + mebibytes(cache.capacity() * page)
              + " MiB; give more --memory, at least "
              + mebibytes(least)
              + "M");
    }
  }

  /** Rows of a node to be computed in a step. */
  private record Piece(Node node, Slice slice) {}

  /**
   * Rows of the paths' nodes that can be computed now, up to {@code budget}; one piece of a node.
   */
  private List<Piece> ready(Iterable<List<Node>> paths, int budget) {
    var pieces = new LinkedHashMap<Node, Piece>();
    for (List<Node> path : paths) {
      if (budget == 0) {
        break;
      }
      for (Node node : path) {
        if (node.complete()) {
          continue;
        }
        if (!pieces.containsKey(node)) {
          int to = Math.min(node.computeEnd, node.computed + budget);
          var slice = new Slice(open(node), node.tokens, node.computed, to, asks(node, to));
          pieces.put(node, new Piece(node, slice));
          budget -= to - node.computed;
        }
        break;
      }
    }
    return List.copyOf(pieces.values());
  }

  private static void advance(List<Piece> pieces) {
    pieces.forEach(piece -> piece.node().computed = piece.slice().to());
  }

  /** Who wants to know what follows positions {@code node.computed .. to - 1}. */
  private List<Ask> asks(Node node, int to) {
    var asks = new ArrayList<Ask>();
    for (int position = Math.max(node.computed, node.neededFrom - 1); position < to; position++) {
      int at = position;
      if (position + 1 < node.end) {
        asks.add(
            new Ask(
                position,
                (row, offset) -> record(node, at + 1, normalise(row, offset), row, offset)));
      } else if (!node.children.isEmpty()) {
        asks.add(
            new Ask(
                position,
                (row, offset) -> {
                  LogSoftmax softmax = normalise(row, offset);
                  for (Node child : node.children) {
                    if (child.neededFrom <= child.start) {
                      record(child, child.start, softmax, row, offset);
                    }
                  }
                }));
      }
    }
    return asks;
  }

  private LogSoftmax normalise(float[] logits, int at) {
    return LogSoftmax.of(logits, at, config.vocabularySize());
  }

  private static void record(Node node, int position, LogSoftmax softmax, float[] logits, int at) {
    int token = node.tokens[position];
    node.logProbabilities[position - node.start] =
        softmax.finite() ? softmax.of(logits[at + token]) : Double.NaN;
    node.greedy[position - node.start] = softmax.argmax() == token;
  }

  // --- Scoring -----------------------------------------------------------------------------------

  @Override
  public void score(List<ScoreJob> jobs, Results<Scored> results) {
    requireRoom(
        jobs.stream()
            .mapToInt(job -> KeyValueCache.pages(job.tokens().length - 1))
            .max()
            .orElse(0));
    int[] neededFrom = jobs.stream().mapToInt(ScoreJob::from).toArray();
    var tree = new PrefixTree(jobs.stream().map(ScoreJob::tokens).toList(), neededFrom, share);
    int most = maxBatch > 0 ? maxBatch : SCORED_AT_ONCE;
    Iterator<Integer> line = tree.order().iterator();
    var admitted = new ArrayList<Admitted>();
    @Nullable Admitted next = null;
    try {
      while (true) {
        while (admitted.size() < most) {
          if (next == null) {
            next = line.hasNext() ? hold(tree, line.next()) : null;
          }
          if (next == null) {
            break;
          }
          if (pathPages(next.path()) > cache.capacity()) {
            ScoreJob job = jobs.get(next.job());
            letGo(next.path());
            next = new Admitted(next.job(), alone(job.tokens(), job.from()));
          }
          if (committedPages + uncommittedPages(next.path()) > cache.capacity()) {
            break;
          }
          commit(next.path());
          admitted.add(next);
          next = null;
        }
        if (admitted.isEmpty()) {
          return;
        }
        // What comes next keeps its prefixes alive while those before it finish.
        if (next == null && line.hasNext()) {
          next = hold(tree, line.next());
        }
        long begun = System.nanoTime();
        List<Piece> pieces = ready(admitted.stream().map(Admitted::path).toList(), STEP_ROWS);
        if (!pieces.isEmpty()) {
          List<Slice> slices = pieces.stream().map(Piece::slice).toList();
          step(slices);
          advance(pieces);
          promptTokens += rows(slices);
          promptNanos += System.nanoTime() - begun;
        }
        for (Iterator<Admitted> each = admitted.iterator(); each.hasNext(); ) {
          Admitted one = each.next();
          if (one.path().stream().allMatch(Node::complete)) {
            each.remove();
            try {
              report(one, jobs.get(one.job()), results);
            } finally {
              letGo(one.path());
            }
          }
        }
      }
    } finally {
      admitted.forEach(one -> letGo(one.path()));
      if (next != null) {
        letGo(next.path());
      }
    }
  }

  private record Admitted(int job, List<Node> path) {}

  private Admitted hold(PrefixTree tree, int job) {
    List<Node> path = tree.path(job);
    hold(path);
    return new Admitted(job, path);
  }

  private static int rows(List<Slice> slices) {
    return slices.stream().mapToInt(slice -> slice.to() - slice.from()).sum();
  }

  private static void report(Admitted one, ScoreJob job, Results<Scored> results) {
    int n = job.tokens().length - job.from();
    double[] logProbabilities = new double[n];
    boolean[] greedy = new boolean[n];
    for (Node node : one.path()) {
      int from = Math.max(node.start, job.from());
      for (int position = from; position < node.end; position++) {
        double logProbability = node.logProbabilities[position - node.start];
        if (Double.isNaN(logProbability)) {
          results.faulted(one.job(), Fault.NON_FINITE, nonFinite(position - 1));
          return;
        }
        logProbabilities[position - job.from()] = logProbability;
        greedy[position - job.from()] = node.greedy[position - node.start];
      }
    }
    results.done(one.job(), new Scored(logProbabilities, greedy));
  }

  static String nonFinite(int position) {
    return "a logit that follows position " + position + " is NaN or infinite";
  }

  // --- Generation --------------------------------------------------------------------------------

  /**
   * An answer being written: the path of its prompt but for the last token, then, from that token
   * on, a sequence of its own. So any number of answers can begin at one prompt at any time.
   */
  private final class Answer {
    final int job;
    final List<Node> path;
    final GenerateJob request;
    final int pages;
    final int[] tokens;
    int length;
    boolean ended;
    int chosen;
    KeyValueCache.@Nullable Sequence own;

    Answer(int job, List<Node> path, GenerateJob request) {
      this.job = job;
      this.path = path;
      this.request = request;
      this.pages = answerPages(request);
      this.length = request.prompt().length;
      this.tokens = Arrays.copyOf(request.prompt(), length + request.maxNewTokens());
    }

    void read(float[] row, int at) {
      chosen =
          LogSoftmax.argmax(row, at, config.vocabularySize()) < 0
              ? -1
              : request.writer().choose(row, at, config.vocabularySize());
    }

    /** Takes the token that was chosen in the step before. */
    void advance(Results<Writer> results) {
      if (chosen < 0) {
        ended = true;
        results.faulted(job, Fault.NON_FINITE, nonFinite(length - 1));
        return;
      }
      tokens[length++] = chosen;
      generatedTokens++;
      ended = request.writer().append(chosen) || length == tokens.length;
      if (ended) {
        results.done(job, request.writer());
      }
    }
  }

  /**
   * Pages that an answer can take beyond its prompt's. It begins with the prompt's last token, and
   * its own last one is never computed.
   */
  private static int answerPages(GenerateJob job) {
    int prompt = job.prompt().length;
    return KeyValueCache.pages(prompt + job.maxNewTokens() - 1) - (prompt - 1) / KeyValueCache.PAGE;
  }

  @Override
  public void generate(List<GenerateJob> jobs, Results<Writer> results) {
    requireRoom(
        jobs.stream()
            .mapToInt(job -> KeyValueCache.pages(job.prompt().length - 1) + answerPages(job))
            .max()
            .orElse(0));
    int[] never = new int[jobs.size()];
    Arrays.fill(never, Integer.MAX_VALUE);
    var tree = new PrefixTree(jobs.stream().map(GenerateJob::prompt).toList(), never, share);
    int most = Math.min(maxBatch > 0 ? maxBatch : GENERATED_AT_ONCE, STEP_ROWS);
    Iterator<Integer> line = tree.order().iterator();
    Deque<Answer> answers = new ArrayDeque<>();
    @Nullable Answer next = null;
    try {
      while (true) {
        while (answers.size() < most) {
          if (next == null) {
            next = line.hasNext() ? answer(tree, line.next(), jobs) : null;
          }
          if (next == null) {
            break;
          }
          if (pathPages(next.path) + next.pages > cache.capacity()) {
            letGo(next.path);
            GenerateJob job = jobs.get(next.job);
            next = new Answer(next.job, alone(job.prompt(), Integer.MAX_VALUE), job);
          }
          if (committedPages + uncommittedPages(next.path) + next.pages > cache.capacity()) {
            break;
          }
          commit(next.path);
          committedPages += next.pages;
          answers.add(next);
          next = null;
        }
        if (answers.isEmpty()) {
          return;
        }
        if (next == null && line.hasNext()) {
          next = answer(tree, line.next(), jobs);
        }
        write(answers, results);
      }
    } finally {
      answers.forEach(this::close);
      if (next != null) {
        letGo(next.path);
      }
    }
  }

  private Answer answer(PrefixTree tree, int job, List<GenerateJob> jobs) {
    List<Node> path = tree.path(job);
    hold(path);
    return new Answer(job, path, jobs.get(job));
  }

  /**
   * One step: a row of each answer whose prompt is done, and prompts of others in the room left.
   */
  private void write(Deque<Answer> answers, Results<Writer> results) {
    long begun = System.nanoTime();
    var slices = new ArrayList<Slice>();
    var writing = new ArrayList<Answer>();
    var waiting = new ArrayList<List<Node>>();
    for (Answer answer : answers) {
      KeyValueCache.Sequence own = own(answer);
      if (own == null) {
        waiting.add(answer.path);
        continue;
      }
      int last = answer.length - 1;
      slices.add(
          new Slice(own, answer.tokens, last, last + 1, List.of(new Ask(last, answer::read))));
      writing.add(answer);
    }
    int written = slices.size();
    List<Piece> pieces = ready(waiting, STEP_ROWS - written);
    pieces.forEach(piece -> slices.add(piece.slice()));
    step(slices);
    advance(pieces);
    int prompts = rows(slices) - written;
    long nanos = System.nanoTime() - begun;
    // A mixed step's time is shared by rows.
    long share = prompts == 0 ? 0 : nanos * prompts / (prompts + written);
    promptTokens += prompts;
    promptNanos += share;
    generationNanos += nanos - share;
    for (Answer answer : writing) {
      answer.advance(results);
      if (answer.ended) {
        answers.remove(answer);
        close(answer);
      }
    }
  }

  /** The answer's own sequence, once its prompt is computed. */
  private KeyValueCache.@Nullable Sequence own(Answer answer) {
    if (answer.own == null && answer.path.stream().allMatch(Node::complete)) {
      int shared = answer.request.prompt().length - 1;
      KeyValueCache.Sequence prompt = null;
      for (Node node : answer.path) {
        prompt = node.cache == null ? prompt : node.cache;
      }
      answer.own = prompt == null ? cache.sequence() : prompt.fork(shared);
    }
    return answer.own;
  }

  private void close(Answer answer) {
    if (answer.own != null) {
      answer.own.close();
      answer.own = null;
    }
    committedPages -= answer.pages;
    letGo(answer.path);
  }

  @Override
  public Work work() {
    return new Work(
        model.residentBytes(),
        cache.peakBytes(),
        promptTokens,
        promptNanos,
        generatedTokens,
        generationNanos);
  }

  @Override
  public void close() {
    cache.close();
  }
}
