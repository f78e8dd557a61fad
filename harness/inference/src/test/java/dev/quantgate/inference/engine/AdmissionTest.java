package dev.quantgate.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.engine.Scheduler.ScoreJob;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final int PAGE = 4;

  private static final Scheduler.ScoreReader NOBODY =
      new Scheduler.ScoreReader() {
        @Override
        public boolean scored(double[] logProbabilities, boolean[] greedy) {
          return true;
        }

        @Override
        public boolean faulted(Fault fault, String message) {
          return true;
        }
      };

  /** A device that is asked for its measures only. */
  private record Measures(int pages) implements StepExecutor {
    @Override
    public int pageTokens() {
      return PAGE;
    }

    @Override
    public int stepRows() {
      return 8;
    }

    @Override
    public MemoryPlan memory() {
      return new MemoryPlan("--memory", 0, 0, 1, pages);
    }

    @Override
    public void copyPage(int from, int to) {
      throw new AssertionError("nothing is copied before a task runs");
    }

    @Override
    public void step(List<Slice> slices) {
      throw new AssertionError("admission computes nothing");
    }

    @Override
    public void close() {}
  }

  private final List<Task> running = new ArrayList<>();

  private static Deque<Task> line(int most, int[]... texts) {
    int[] from = new int[texts.length];
    java.util.Arrays.setAll(from, i -> texts[i].length - 1);
    var tree = new PrefixTree(List.of(texts), from);
    Deque<Task> line = new ArrayDeque<>();
    for (int index : tree.order()) {
      line.add(
          new Task.Scoring(tree, index, new ScoreJob(texts[index], from[index], NOBODY), most));
    }
    return line;
  }

  /** So many tokens, the first 8 of them the same for all. */
  private static int[] text(int last, int length) {
    int[] tokens = new int[length];
    java.util.Arrays.fill(tokens, 8, length, last);
    return tokens;
  }

  @Test
  void aSharedPrefixIsSetAsideOnce() {
    var admission = new Admission(new Pages(new Measures(100)));
    Deque<Task> line = line(8, text(1, 13), text(2, 13));

    admission.admit(line, running);

    assertThat(running).hasSize(2);
    // Two pages of the prefix, one of each text's own four computed positions.
    assertThat(admission.committed()).isEqualTo(2 + 1 + 1);
  }

  @Test
  void whatHasNoRoomWaitsUntilAnotherLeavesAndEverythingIsGivenBack() {
    var admission = new Admission(new Pages(new Measures(3)));
    Deque<Task> line = line(8, text(1, 13), text(2, 13));

    admission.admit(line, running);
    assertThat(running).hasSize(1);
    assertThat(line).hasSize(1);

    admission.leave(running.removeFirst());
    admission.admit(line, running);
    assertThat(running).hasSize(1);
    assertThat(line).isEmpty();
    assertThat(admission.committed()).isEqualTo(3);

    admission.leave(running.removeFirst());
    assertThat(admission.committed()).isZero();
  }

  @Test
  void aPathThatBranchesCostMoreThanThereIsGivesWayToOneOfItsOwn() {
    // Branches in the middle of pages: 3 + 3 pages by the tree, 3 by itself.
    var admission = new Admission(new Pages(new Measures(3)));
    int[] one = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1};
    int[] other = {0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2};
    Deque<Task> line = line(8, one, other);

    admission.admit(line, running);

    assertThat(running).hasSize(1);
    assertThat(running.getFirst().path).hasSize(1);
    assertThat(admission.committed()).isEqualTo(3);
  }

  @Test
  void noMoreRunTogetherThanATaskAllows() {
    var admission = new Admission(new Pages(new Measures(100)));
    Deque<Task> line = line(2, text(1, 10), text(2, 10), text(3, 10));

    admission.admit(line, running);

    assertThat(running).hasSize(2);
    assertThat(line).hasSize(1);
  }
}
