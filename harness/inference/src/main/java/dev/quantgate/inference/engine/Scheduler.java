package dev.quantgate.inference.engine;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.engine.PrefixTree.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * Runs sequences of token ids on a device: as a tree of shared prefixes, computed in steps of a
 * bounded number of rows that mix whatever is ready, pieces of prompts and one row of each answer
 * being written.
 *
 * <p>A sequence is admitted only once all the pages it can ever need are set aside, so an admitted
 * one always finishes. A prefix is kept while an admitted sequence, or the next one in line, passes
 * through it; as sequences are admitted in the tree's order, none that came together is ever
 * computed twice. One thread at a time uses it.
 */
final class Scheduler {

  /** A sequence to be computed. */
  sealed interface Job {}

  /**
   * Asks for the log-probability of each of {@code tokens[from ..]} given all tokens before it.
   *
   * @param from at least 1 and at most {@code tokens.length}
   */
  record ScoreJob(int[] tokens, int from, ScoreReader reader) implements Job {}

  /** Asks for a continuation of {@code prompt} by at most {@code maxNewTokens} tokens. */
  record GenerateJob(int[] prompt, int maxNewTokens, Writer writer) implements Job {}

  /** Takes one text's scores, by the thread that runs; each method answers whether to go on. */
  interface ScoreReader {
    /**
     * @param logProbabilities of the tokens asked for
     * @param greedy whether each was the most likely one at its place
     */
    boolean scored(double[] logProbabilities, boolean[] greedy);

    boolean faulted(Fault fault, String message);
  }

  /** Chooses the tokens of one answer. All but {@link #choose} by the thread that runs. */
  interface Writer {
    /** Whether the most likely token is always taken; then {@link #choose} is never called. */
    boolean greedy();

    /** Takes the next token from finite logits; called by one thread at a time, but any. */
    Choice choose(float[] logits, int at, int argmax);

    /**
     * Adds a token to the answer; answers whether that ended it.
     *
     * @param margin its logit less the largest of all others
     */
    boolean append(int token, float margin);

    /** Whether the answer is to end before its next token. */
    boolean cancelled();

    /** The answer is done; answers whether to go on. */
    boolean done();

    /** The answer ends where it is, as it was {@link #cancelled}; answers whether to go on. */
    boolean stopped();

    /** There is no answer; answers whether to go on. */
    boolean faulted(Fault fault, String message);
  }

  /**
   * A token that was drawn.
   *
   * @param margin its logit less the largest of all others: below 0 where it is not the likeliest
   */
  record Choice(int token, float margin) {}

  /** Gives jobs as they come. */
  @FunctionalInterface
  interface Feed {
    /**
     * The jobs that came since the last call, which share their prefixes.
     *
     * @param wait whether to wait for some; then none means that no more will come
     */
    List<? extends Job> take(boolean wait);

    /** Some jobs that are known from the start. */
    static Feed of(List<? extends Job> jobs) {
      Iterator<List<? extends Job>> once = List.<List<? extends Job>>of(jobs).iterator();
      return wait -> once.hasNext() ? once.next() : List.of();
    }
  }

  private final StepExecutor device;
  private final Pages pages;
  private final Admission admission;
  private final Batching batching;
  private long promptTokens;
  private long promptNanos;
  private long generatedTokens;
  private long generationNanos;

  Scheduler(StepExecutor device, Batching batching) {
    this.device = device;
    this.pages = new Pages(device);
    this.admission = new Admission(pages);
    this.batching = batching;
  }

  Work work() {
    return new Work(pages.peak(), promptTokens, promptNanos, generatedTokens, generationNanos);
  }

  /**
   * Refuses jobs of which one could never be held, before anything is computed.
   *
   * @throws InferenceException of kind OUT_OF_MEMORY that says how much is needed
   */
  void requireRoom(List<? extends Job> jobs) {
    device
        .memory()
        .requirePages(
            "the longest text needs",
            jobs.stream()
                .mapToInt(job ->
                    switch (job) {
                      case ScoreJob score -> pages.covering(score.tokens().length - 1);
                      case GenerateJob generate ->
                          pages.covering(generate.prompt().length - 1) + ownPages(generate);
                    })
                .max()
                .orElse(0));
  }

  /**
   * Pages that an answer can take beyond its prompt's. It begins with the prompt's last token, and
   * its own last one is never computed.
   */
  private int ownPages(GenerateJob job) {
    int prompt = job.prompt().length;
    return pages.covering(prompt + job.maxNewTokens() - 1) - (prompt - 1) / device.pageTokens();
  }

  /**
   * Runs jobs until no more come, or a reader or writer says that it has enough. An exception of
   * one, or of the device, ends the run as well; then and after it the scheduler can be used again
   * if the device can.
   *
   * @return false if somebody had enough
   * @throws InferenceException of kind INTERRUPTED if the thread is interrupted between two steps
   */
  boolean run(Feed feed) {
    Deque<Task> line = new ArrayDeque<>();
    List<Task> running = new ArrayList<>();
    try {
      while (true) {
        boolean idle = running.isEmpty() && line.isEmpty();
        List<? extends Job> jobs = feed.take(idle);
        if (idle && jobs.isEmpty()) {
          return true;
        }
        enter(jobs, line);
        if (!dropCancelled(line) || !dropCancelled(running)) {
          return false;
        }
        admission.admit(line, running);
        if (running.isEmpty()) {
          continue;
        }
        step(running);
        if (!deliver(running)) {
          return false;
        }
      }
    } finally {
      running.forEach(admission::leave);
      line.forEach(admission::letGo);
    }
  }

  /** Puts jobs that came together at the end of the line, in the order that shares most. */
  private void enter(List<? extends Job> jobs, Deque<Task> line) {
    if (jobs.isEmpty()) {
      return;
    }
    requireRoom(jobs);
    int[] neededFrom = new int[jobs.size()];
    var sequences = new ArrayList<int[]>(jobs.size());
    for (Job job : jobs) {
      neededFrom[sequences.size()] =
          job instanceof ScoreJob score ? score.from() : Integer.MAX_VALUE;
      sequences.add(
          switch (job) {
            case ScoreJob score -> score.tokens();
            case GenerateJob generate -> generate.prompt();
          });
    }
    var tree = new PrefixTree(sequences, neededFrom);
    int answers = Math.min(batching.answers(), device.stepRows());
    for (int index : tree.order()) {
      line.add(
          switch (jobs.get(index)) {
            case ScoreJob score -> new Task.Scoring(tree, index, score, batching.texts());
            case GenerateJob generate ->
                new Task.Answer(tree, index, generate, ownPages(generate), answers);
          });
    }
  }

  private boolean dropCancelled(Iterable<Task> tasks) {
    for (Iterator<Task> each = tasks.iterator(); each.hasNext(); ) {
      if (each.next() instanceof Task.Answer answer && answer.writer.cancelled()) {
        each.remove();
        admission.leave(answer);
        if (!answer.writer.stopped()) {
          return false;
        }
      }
    }
    return true;
  }

  /** Rows of a node to be computed in a step. */
  private record Piece(Node node, Slice slice) {}

  /** One step: a row of each answer whose prompt is done, and prompts in the room left. */
  private void step(List<Task> running) {
    if (Thread.interrupted()) {
      throw new InferenceException(
          InferenceException.Kind.INTERRUPTED, "the model was interrupted between two steps");
    }
    long begun = System.nanoTime();
    var slices = new ArrayList<Slice>();
    var waiting = new ArrayList<Task>();
    for (Task task : running) {
      if (task instanceof Task.Answer answer && begun(answer)) {
        int last = answer.length - 1;
        Pages.Sequence own = own(answer);
        own.reserve(last + 1);
        slices.add(new Slice(own.table(), answer.tokens, last, last + 1, List.of(answer.ask())));
      } else {
        waiting.add(task);
      }
    }
    int written = slices.size();
    List<Piece> pieces = ready(waiting, device.stepRows() - written);
    int prompts = 0;
    for (Piece piece : pieces) {
      slices.add(piece.slice());
      prompts += piece.slice().rows();
    }
    if (!slices.isEmpty()) {
      device.step(slices);
    }
    pieces.forEach(piece -> piece.node().computed = piece.slice().to());
    long nanos = System.nanoTime() - begun;
    // A mixed step's time is shared by rows.
    long share = prompts + written == 0 ? 0 : nanos * prompts / (prompts + written);
    promptTokens += prompts;
    promptNanos += share;
    generationNanos += nanos - share;
  }

  /** Whether the answer's prompt is computed, so that it is written in this step. */
  private static boolean begun(Task.Answer answer) {
    return answer.own != null || answer.computed();
  }

  private Pages.Sequence own(Task.Answer answer) {
    Pages.Sequence own = answer.own;
    if (own == null) {
      Pages.Sequence prompt = null;
      for (Node node : answer.path) {
        prompt = node.cache == null ? prompt : node.cache;
      }
      own = prompt == null ? pages.sequence() : prompt.fork(answer.shared.length - 1);
      answer.own = own;
    }
    return own;
  }

  /** Rows of the tasks' nodes that can be computed now, up to a budget; one piece of a node. */
  private List<Piece> ready(List<Task> tasks, int budget) {
    var pieces = new LinkedHashMap<Node, Piece>();
    for (Task task : tasks) {
      if (budget == 0) {
        break;
      }
      for (Node node : task.path) {
        if (node.complete()) {
          continue;
        }
        if (!pieces.containsKey(node)) {
          int to = Math.min(node.computeEnd, node.computed + budget);
          Pages.Sequence sequence = open(node);
          sequence.reserve(to);
          var slice = new Slice(sequence.table(), node.tokens, node.computed, to, asks(node, to));
          pieces.put(node, new Piece(node, slice));
          budget -= to - node.computed;
        }
        break;
      }
    }
    return List.copyOf(pieces.values());
  }

  private Pages.Sequence open(Node node) {
    Pages.Sequence own = node.cache;
    if (own == null) {
      Node parent = node.parent;
      Pages.Sequence from = parent == null ? null : parent.cache;
      own = from == null ? pages.sequence() : from.fork(node.start);
      node.cache = own;
    }
    return own;
  }

  /** Who wants to know what follows positions {@code node.computed .. to - 1}. */
  private static List<Ask> asks(Node node, int to) {
    var asks = new ArrayList<Ask>();
    for (int position = Math.max(node.computed, node.neededFrom - 1); position < to; position++) {
      int next = position + 1;
      List<Node> readers =
          next < node.end
              ? List.of(node)
              : node.children.stream().filter(child -> child.neededFrom <= next).toList();
      if (!readers.isEmpty()) {
        int[] tokens = readers.stream().mapToInt(reader -> reader.tokens[next]).toArray();
        asks.add(
            new Ask.OfTokens(
                position,
                tokens,
                distribution -> {
                  for (int i = 0; i < tokens.length; i++) {
                    Node reader = readers.get(i);
                    reader.logProbabilities[next - reader.start] =
                        distribution.logProbabilities()[i];
                    reader.greedy[next - reader.start] = distribution.argmax() == tokens[i];
                  }
                }));
      }
    }
    return asks;
  }

  /** Takes the tokens that were chosen and hands over what is done. */
  private boolean deliver(List<Task> running) {
    for (Iterator<Task> each = running.iterator(); each.hasNext(); ) {
      Task task = each.next();
      boolean ended =
          switch (task) {
            case Task.Scoring scoring -> scoring.computed();
            case Task.Answer answer -> answer.own != null && ended(answer);
          };
      if (ended) {
        each.remove();
        try {
          if (!report(task)) {
            return false;
          }
        } finally {
          admission.leave(task);
        }
      }
    }
    return true;
  }

  private boolean ended(Task.Answer answer) {
    if (answer.chosen < 0) {
      return true;
    }
    generatedTokens++;
    return !answer.advance();
  }

  private static boolean report(Task task) {
    return switch (task) {
      case Task.Scoring scoring -> scoring.report();
      case Task.Answer answer when answer.chosen < 0 ->
          answer.writer.faulted(Fault.NON_FINITE, Task.nonFinite(answer.length - 1));
      case Task.Answer answer -> answer.writer.done();
    };
  }
}
