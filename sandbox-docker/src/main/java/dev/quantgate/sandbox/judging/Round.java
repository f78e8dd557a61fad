package dev.quantgate.sandbox.judging;

import dev.quantgate.sandbox.CodeSandbox.ResultSink;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.RedTeam;
import dev.quantgate.sandbox.judging.Attempt.Mode;
import dev.quantgate.sandbox.judging.Execution.Time;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * One call of {@link JudgingSandbox#run}: from jobs to results.
 *
 * <p>First all slots work off the jobs. What was put aside then gets the sandbox for itself: a
 * timeout, because a busy machine is not the program's fault, and counts when it happens again; and
 * a job that has cost its workers. If that one ends another worker of its own, and a program known
 * to be right then passes in its place, the job is what ends workers, and is judged for it. Only
 * where that program fails as well is it the sandbox's fault.
 */
final class Round {
  private final Slots slots;
  private final List<Mode> modes;
  private final ResultSink sink;
  private final Deque<Turn> waiting = new ConcurrentLinkedDeque<>();
  private final Deque<Turn> again = new ArrayDeque<>();
  private final List<Turn> suspects = new ArrayList<>();
  private volatile boolean stopped;

  Round(Slots slots, List<Mode> modes, ResultSink sink) {
    this.slots = slots;
    this.modes = modes;
    this.sink = sink;
  }

  /** A job with the results that it has so far. */
  private record Task(ExecutionJob job, Map<Mode, ExecutionResult> results) {}

  /** An attempt that has to be made, and what came of it so far. */
  private static final class Turn {
    final Task task;
    final Attempt attempt;
    int losses;
    int executions;

    Turn(Task task, Mode mode) {
      this.task = task;
      this.attempt = new Attempt(task.job, mode);
    }

    Execution execute(Slot slot) throws Lost {
      executions++;
      return slot.execute(attempt);
    }
  }

  void run(List<ExecutionJob> jobs) {
    for (ExecutionJob job : jobs) {
      Task task = new Task(job, new EnumMap<>(Mode.class));
      modes.forEach(mode -> waiting.add(new Turn(task, mode)));
    }
    SlotThreads.forEach(slots.all(), this::stop, slot -> work(slot, false));
    if (again.isEmpty() && suspects.isEmpty()) {
      return;
    }
    waiting.addAll(again);
    SlotThreads.forEach(
        slots.all().subList(0, 1),
        this::stop,
        slot -> {
          work(slot, true);
          suspects.forEach(suspect -> tryAlone(suspect, slot));
        });
  }

  private void stop() {
    stopped = true;
    slots.stop();
  }

  private void work(Slot slot, boolean alone) {
    for (Turn turn = waiting.poll(); turn != null && !stopped; turn = waiting.poll()) {
      try {
        settle(turn, turn.execute(slot), alone);
      } catch (Lost e) {
        turn.losses++;
        putAside(turn);
      }
    }
  }

  private synchronized void putAside(Turn turn) {
    if (turn.losses >= slots.lossesBeside()) {
      suspects.add(turn);
    } else {
      waiting.addFirst(turn);
    }
  }

  private synchronized void settle(Turn turn, Execution execution, boolean alone) {
    ExecutionResult result = execution.result();
    Time time = execution.time();
    if (result.outcome() != Outcome.TIMEOUT || time == Time.SPENT) {
      finish(turn, result);
    } else if (!alone) {
      turn.losses = 0;
      again.add(turn);
    } else if (time == Time.STARVED) {
      finish(
          turn,
          new ExecutionResult(
              result.id(),
              Outcome.SANDBOX_ERROR,
              "it had too little of a processor twice; the machine is too busy to judge it",
              0,
              result.usage()));
    } else {
      finish(turn, result);
    }
  }

  private synchronized void finish(Turn turn, ExecutionResult result) {
    Task task = turn.task;
    task.results.put(turn.attempt.mode(), result.withExecutions(turn.executions));
    if (task.results.size() == modes.size()) {
      sink.accept(merged(task.results));
    }
  }

  /** Where both judged, the split verdict counts, and the other stands beside it. */
  private static ExecutionResult merged(Map<Mode, ExecutionResult> results) {
    @Nullable ExecutionResult split = results.get(Mode.SPLIT);
    @Nullable ExecutionResult official = results.get(Mode.OFFICIAL);
    if (split == null || official == null) {
      return Objects.requireNonNull(split == null ? official : split);
    }
    return split.comparedWith(official);
  }

  /** Judges a job that has cost workers by what it does to one that is its own. */
  private void tryAlone(Turn turn, Slot slot) {
    if (stopped) {
      return;
    }
    slot.renew();
    try {
      settle(turn, turn.execute(slot), true);
    } catch (Lost e) {
      if (!stopped) {
        finish(turn, sentinelPasses(slot) ? endsWorkers(turn, e) : lost(turn, e));
      }
    }
  }

  /** Whether a fresh worker judges a program well that is known to be right. */
  private static boolean sentinelPasses(Slot slot) {
    try {
      Attempt sentinel = new Attempt(RedTeam.sentinel("a lost worker"), Mode.SPLIT);
      return slot.execute(sentinel).result().outcome() == Outcome.PASSED;
    } catch (Lost e) {
      return false;
    }
  }

  private static ExecutionResult endsWorkers(Turn turn, Lost loss) {
    return new ExecutionResult(
        turn.task.job.id(),
        loss.outOfMemory() ? Outcome.MEMORY : Outcome.CRASHED,
        loss.outOfMemory()
            ? "ended its worker each time: out of memory"
            : "ended its worker each time");
  }

  private static ExecutionResult lost(Turn turn, Lost loss) {
    return new ExecutionResult(
        turn.task.job.id(), Outcome.SANDBOX_ERROR, "each time: %s".formatted(loss.getMessage()));
  }
}
