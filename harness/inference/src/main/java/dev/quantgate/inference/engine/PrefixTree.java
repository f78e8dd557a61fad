package dev.quantgate.inference.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some sequences of token ids, with what they have in common kept once: a tree whose node is a run
 * of tokens, found by sorting the sequences.
 */
final class PrefixTree {

  /** A run of tokens; its positions are those of every sequence that passes through it. */
  static final class Node {
    final @Nullable Node parent;
    final int start;
    final int end;

    /** A sequence that passes through; positions {@code start .. end - 1} are this node's. */
    final int[] tokens;

    final List<Node> children = new ArrayList<>();

    /** The least position whose token's log-probability one of the sequences asks for. */
    int neededFrom = Integer.MAX_VALUE;

    /** Where computing ends: {@link #end}, or in a leaf before the last token. */
    int computeEnd;

    /** Positions below are computed. */
    int computed;

    /** Admitted sequences that pass through, and the next one to be admitted. */
    int users;

    boolean committed;
    Pages.@Nullable Sequence cache;

    /** By position less {@link #start}, set where asked for; NaN where a logit was not finite. */
    double[] logProbabilities = new double[0];

    boolean[] greedy = new boolean[0];

    Node(@Nullable Node parent, int start, int end, int[] tokens) {
      this.parent = parent;
      this.start = start;
      this.end = end;
      this.tokens = tokens;
      this.computed = start;
    }

    /** A sequence by itself, for one whose shared path takes more pages than there are. */
    static Node alone(int[] tokens, int neededFrom) {
      var node = new Node(null, 0, tokens.length, tokens);
      node.neededFrom = neededFrom;
      node.finish();
      return node;
    }

    private void finish() {
      computeEnd = children.isEmpty() ? end - 1 : end;
      logProbabilities = new double[end - start];
      greedy = new boolean[end - start];
    }

    private boolean ready() {
      return parent == null || parent.computed == parent.end;
    }

    /** Whether every position that can be asked for is computed. */
    boolean complete() {
      return ready() && computed == computeEnd;
    }

    /** Pages that this node adds to its parent's. */
    int pages(Pages all) {
      return all.beyond(start, computeEnd);
    }
  }

  private final List<Integer> order;
  private final Node[] leaves;

  /**
   * @param sequences token ids, none empty
   * @param neededFrom for each the first position whose log-probability is asked for
   */
  PrefixTree(List<int[]> sequences, int[] neededFrom) {
    int n = sequences.size();
    leaves = new Node[n];
    var sorted = new ArrayList<Integer>(n);
    for (int i = 0; i < n; i++) {
      sorted.add(i);
    }
    sorted.sort(Comparator.comparing(sequences::get, Arrays::compare));
    order = List.copyOf(sorted);
    var nodes = new ArrayList<Node>();
    Deque<Group> open = new ArrayDeque<>();
    split(sequences, new Group(null, 0, 0, n), open);
    while (!open.isEmpty()) {
      Group group = open.pop();
      int[] first = sequences.get(order.get(group.from()));
      int[] last = sequences.get(order.get(group.to() - 1));
      int mismatch = Arrays.mismatch(first, last);
      var node =
          new Node(group.parent(), group.start(), mismatch < 0 ? first.length : mismatch, first);
      nodes.add(node);
      if (group.parent() != null) {
        group.parent().children.add(node);
      }
      int i = group.from();
      for (; i < group.to() && sequences.get(order.get(i)).length == node.end; i++) {
        leaves[order.get(i)] = node;
      }
      split(sequences, new Group(node, node.end, i, group.to()), open);
    }
    for (int i = 0; i < n; i++) {
      for (Node node = leaves[i]; node != null; node = node.parent) {
        node.neededFrom = Math.min(node.neededFrom, neededFrom[i]);
      }
    }
    nodes.forEach(Node::finish);
  }

  /** Sequences {@code from .. to - 1} of the order, which agree before position {@code start}. */
  private record Group(@Nullable Node parent, int start, int from, int to) {}

  /**
   * Cuts a group, whose sequences are all longer than {@code start}, by the token at that position.
   */
  private void split(List<int[]> sequences, Group group, Deque<Group> open) {
    for (int i = group.from(); i < group.to(); ) {
      int token = sequences.get(order.get(i))[group.start()];
      int next = i + 1;
      while (next < group.to() && sequences.get(order.get(next))[group.start()] == token) {
        next++;
      }
      open.push(new Group(group.parent(), group.start(), i, next));
      i = next;
    }
  }

  /** The sequences' indices in the order in which they are best computed: neighbours share most. */
  List<Integer> order() {
    return order;
  }

  /** The nodes of a sequence, root first. */
  List<Node> path(int sequence) {
    var path = new ArrayList<Node>();
    for (Node node = leaves[sequence]; node != null; node = node.parent) {
      path.add(node);
    }
    Collections.reverse(path);
    return path;
  }
}
