package dev.quantgate.inference.engine;

import dev.quantgate.inference.engine.PrefixTree.Node;
import java.util.Deque;
import java.util.List;

/**
 * Which tasks may run: those for which every page that they can ever need is set aside, so that
 * whatever was admitted can be finished. A prefix that several share is counted once.
 */
final class Admission {
  private final Pages pages;
  private int committed;

  Admission(Pages pages) {
    this.pages = pages;
  }

  /** Pages set aside for what runs. */
  int committed() {
    return committed;
  }

  /** Admits from the line what has room; the first that has none keeps its prefixes alive. */
  void admit(Deque<Task> line, List<Task> running) {
    for (Task next = line.peek(); next != null; next = line.peek()) {
      next.hold();
      if (running.size() >= next.most) {
        return;
      }
      if (count(next.path, false) + next.ownPages > pages.capacity()) {
        letGo(next);
        next.isolate();
      }
      if (committed + count(next.path, true) + next.ownPages > pages.capacity()) {
        return;
      }
      for (Node node : next.path) {
        if (!node.committed) {
          node.committed = true;
          committed += node.pages(pages);
        }
      }
      committed += next.ownPages;
      next.admitted = true;
      running.add(line.remove());
    }
  }

  private int count(List<Node> path, boolean uncommittedOnly) {
    int sum = 0;
    for (Node node : path) {
      sum += uncommittedOnly && node.committed ? 0 : node.pages(pages);
    }
    return sum;
  }

  /** Gives back what a task that runs has set aside. */
  void leave(Task task) {
    if (task instanceof Task.Answer answer && answer.own != null) {
      answer.own.close();
      answer.own = null;
    }
    if (task.admitted) {
      task.admitted = false;
      committed -= task.ownPages;
    }
    letGo(task);
  }

  void letGo(Task task) {
    for (Node node : task.path.reversed()) {
      if (--node.users == 0 && node.committed) {
        node.committed = false;
        committed -= node.pages(pages);
        if (node.cache != null) {
          node.cache.close();
          node.cache = null;
        }
        // Who passes through it later (one before it in line went a way of its own) begins anew.
        node.computed = node.start;
      }
    }
    task.path = List.of();
  }
}
