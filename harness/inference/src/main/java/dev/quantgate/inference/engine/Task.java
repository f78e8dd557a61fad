package dev.quantgate.inference.engine;

import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.engine.PrefixTree.Node;
import dev.quantgate.inference.engine.Scheduler.GenerateJob;
import dev.quantgate.inference.engine.Scheduler.ScoreJob;
import dev.quantgate.inference.engine.Scheduler.Writer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A job on its way: the path of nodes from the tree's root to where it ends. */
abstract sealed class Task {
  private final PrefixTree tree;
  private final int index;
  final int[] shared;
  private final int neededFrom;
  final int ownPages;
  final int most;
  boolean admitted;
  List<Node> path = List.of();

  /**
   * @param shared the tokens that other tasks may have in common
   * @param most how many such tasks may run together
   */
  Task(PrefixTree tree, int index, int[] shared, int neededFrom, int ownPages, int most) {
    this.tree = tree;
    this.index = index;
    this.shared = shared;
    this.neededFrom = neededFrom;
    this.ownPages = ownPages;
    this.most = most;
  }

  boolean computed() {
    return path.stream().allMatch(Node::complete);
  }

  void hold() {
    if (path.isEmpty()) {
      path = tree.path(index);
      path.forEach(node -> node.users++);
    }
  }

  /**
   * Takes a path of its own, for a shared one (a partly filled page at each branch) that takes too
   * many pages. So whether a sequence fits does not depend on what else is in the call.
   */
  void isolate() {
    path = List.of(Node.alone(shared, neededFrom));
    path.forEach(node -> node.users++);
  }

  static final class Scoring extends Task {
    final ScoreJob job;

    Scoring(PrefixTree tree, int index, ScoreJob job, int most) {
      super(tree, index, job.tokens(), job.from(), 0, most);
      this.job = job;
    }

    boolean report() {
      int n = job.tokens().length - job.from();
      double[] logProbabilities = new double[n];
      boolean[] greedy = new boolean[n];
      for (Node node : path) {
        int from = Math.max(node.start, job.from());
        for (int position = from; position < node.end; position++) {
          double logProbability = node.logProbabilities[position - node.start];
          if (Double.isNaN(logProbability)) {
            return job.reader().faulted(Fault.NON_FINITE, nonFinite(position - 1));
          }
          logProbabilities[position - job.from()] = logProbability;
          greedy[position - job.from()] = node.greedy[position - node.start];
        }
      }
      return job.reader().scored(logProbabilities, greedy);
    }
  }

  /**
   * An answer being written: the path of its prompt but for the last token, then, from that token
   * on, a sequence of its own. So any number of answers can begin at one prompt at any time.
   */
  static final class Answer extends Task {
    final Writer writer;
    final int[] tokens;
    int length;
    int chosen;
    float margin;
    Pages.@Nullable Sequence own;

    Answer(PrefixTree tree, int index, GenerateJob job, int ownPages, int most) {
      super(tree, index, job.prompt(), Integer.MAX_VALUE, ownPages, most);
      this.writer = job.writer();
      this.length = job.prompt().length;
      this.tokens = Arrays.copyOf(job.prompt(), length + job.maxNewTokens());
    }

    Ask ask() {
      int position = length - 1;
      return writer.greedy()
          ? new Ask.OfTokens(
              position,
              NO_TOKENS,
              distribution -> {
                chosen = distribution.argmax();
                margin = distribution.margin();
              })
          : new Ask.WholeRow(position, this::choose);
    }

    private void choose(float[] logits, int at, int argmax) {
      if (argmax < 0) {
        chosen = -1;
        return;
      }
      Scheduler.Choice choice = writer.choose(logits, at, argmax);
      chosen = choice.token();
      margin = choice.margin();
    }

    /** Takes the token chosen in the step before; answers whether the answer goes on. */
    boolean advance() {
      tokens[length++] = chosen;
      return !writer.append(chosen, margin) && length < tokens.length;
    }
  }

  private static final int[] NO_TOKENS = {};

  static String nonFinite(int position) {
    return "a logit that follows position %d is NaN or infinite".formatted(position);
  }
}
