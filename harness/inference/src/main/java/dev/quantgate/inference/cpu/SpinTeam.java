package dev.quantgate.inference.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The caller and some persistent worker threads that share the items of one phase after another.
 *
 * <p>A decode step is some hundred phases of a few microseconds each; an executor costs as much as
 * the shortest of them. Here a phase is opened by one store that spinning workers see, items are
 * taken from one counter, and the caller waits only for workers that have entered: one that the
 * system has not scheduled holds nobody up. A worker that has seen no phase for a while parks.
 *
 * <p>Which thread computes an item is left to chance, so an item's result must not depend on it.
 */
final class SpinTeam implements AutoCloseable {
  /**
   * Spins before a worker parks: some hundred microseconds, longer than any pause inside a step.
   */
  private static final int SPINS = 1 << 14;

  /**
   * Closed phases carry this bit; below it, how many workers are inside; above it, the phase's
   * number.
   */
  private static final long CLOSED = 1L << 16;

  private static final long PHASE = 1L << 17;
  private static final long INSIDE = CLOSED - 1;

  /** One item of a phase. {@code thread} is in {@code 0 .. size - 1} and picks scratch memory. */
  @FunctionalInterface
  interface Task {
    void run(int item, int thread);
  }

  private final List<Worker> workers = new ArrayList<>();
  private final AtomicLong state = new AtomicLong(CLOSED);
  private final AtomicInteger next = new AtomicInteger();
  private @Nullable Task task;
  private int items;
  private boolean runs;
  private volatile @Nullable Throwable failure;
  private volatile boolean stopped;

  SpinTeam(int size) {
    if (size < 1 || size > INSIDE) {
      throw new IllegalArgumentException(
          "a team has 1..%d threads, not %d".formatted(INSIDE, size));
    }
    for (int i = 1; i < size; i++) {
      workers.add(new Worker(i));
    }
    workers.forEach(Thread::start);
  }

  int size() {
    return workers.size() + 1;
  }

  /**
   * Runs {@code task} for each of {@code 0 .. items - 1} and returns when all are done; what they
   * wrote is then visible to the caller. The first exception of an item is thrown here.
   */
  void forEach(int items, Task task) {
    share(items, task, false);
  }

  /**
   * {@link #forEach} for items that read neighbouring memory: a thread takes runs of them, half its
   * share of what is left each time, so that a run is long enough for the processor to read ahead
   * and the last runs are short enough to end together.
   */
  void forEachInRuns(int items, Task task) {
    share(items, task, true);
  }

  private void share(int items, Task task, boolean runs) {
    if (items <= 0) {
      return;
    }
    if (workers.isEmpty() || items == 1) {
      for (int i = 0; i < items; i++) {
        task.run(i, 0);
      }
      return;
    }
    this.task = task;
    this.items = items;
    this.runs = runs;
    next.setPlain(0);
    long opened = (state.getPlain() & -PHASE) + PHASE;
    state.set(opened);
    for (Worker worker : workers) {
      if (worker.parked) {
        LockSupport.unpark(worker);
      }
    }
    work(task, items, runs, 0);
    long before = state.getAndAdd(CLOSED);
    if ((before & INSIDE) != 0) {
      for (int spin = 0; (state.getAcquire() & INSIDE) != 0; spin++) {
        pause(spin);
      }
    }
    Throwable thrown = failure;
    if (thrown != null) {
      failure = null;
      if (thrown instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) thrown;
    }
  }

  private void work(Task task, int items, boolean runs, int thread) {
    try {
      int share = runs ? 2 * size() : Integer.MAX_VALUE;
      for (int from = next.get(); from < items; from = next.get()) {
        int run = Math.max(1, (items - from) / share);
        if (next.compareAndSet(from, from + run)) {
          for (int item = from; item < from + run; item++) {
            task.run(item, thread);
          }
        }
      }
    } catch (RuntimeException | Error thrown) {
      next.set(items);
      failure = thrown;
    }
  }

  private static void pause(int spin) {
    // On a busy machine a yield costs milliseconds: only for one who waits unusually long.
    if (spin > SPINS && (spin & 1023) == 0) {
      Thread.yield();
    } else {
      Thread.onSpinWait();
    }
  }

  @Override
  public void close() {
    stopped = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    boolean interrupted = false;
    for (Worker worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Worker extends Thread {
    private final int index;
    volatile boolean parked;

    Worker(int index) {
      super("quantgate-cpu-" + index);
      this.index = index;
      setDaemon(true);
    }

    @Override
    public void run() {
      long done = 0;
      while (true) {
        long seen = await(done);
        if (stopped) {
          return;
        }
        // Enter only the phase that was seen, and only while it is open.
        if ((seen & CLOSED) == 0 && state.compareAndSet(seen, seen + 1)) {
          done = seen & -PHASE;
          Task current = task;
          if (current != null) {
            work(current, items, runs, index);
          }
          state.getAndDecrement();
        } else if ((seen & CLOSED) != 0) {
          done = seen & -PHASE;
        }
      }
    }

    private long await(long done) {
      for (int spin = 0; ; spin++) {
        long seen = state.getAcquire();
        if ((seen & -PHASE) != done || stopped) {
          return seen;
        }
        if (spin < SPINS) {
          pause(spin);
          continue;
        }
        parked = true;
        if ((state.get() & -PHASE) == done && !stopped) {
          LockSupport.park(SpinTeam.this);
        }
        parked = false;
        spin = 0;
      }
    }
  }
}
