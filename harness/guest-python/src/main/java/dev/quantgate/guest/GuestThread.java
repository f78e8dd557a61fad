package dev.quantgate.guest;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Threads with the stack that a guest needs: each of its calls is one of Java's. */
public final class GuestThread {
  /** Python's own recursion is bounded by Python; this bounds the C functions below it. */
  private static final long STACK_BYTES = 256L << 20;

  /** How many times its processor time a guest may last by the clock. */
  private static final int PATIENCE = 15;

  private static final Duration LOOK = Duration.ofMillis(100);
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private GuestThread() {}

  /** A daemon that has not started yet. */
  public static Thread of(String name, Runnable work) {
    return Thread.ofPlatform().daemon().name(name).stackSize(STACK_BYTES).unstarted(work);
  }

  /**
   * Does something on a thread of its own, which is interrupted where it takes too long, or where
   * the caller is interrupted; a guest ends at once then.
   *
   * @param time of the processor, which a busy machine does not shorten; a guest that waits instead
   *     of computing ends after {@value #PATIENCE} times as much by the clock
   * @throws ExecutionException with what the work threw
   */
  public static <T> T within(Duration time, String name, Callable<T> work)
      throws InterruptedException, TimeoutException, ExecutionException {
    var task = new FutureTask<>(work);
    Thread thread = of(name, task);
    long begun = System.nanoTime();
    thread.start();
    try {
      while (true) {
        try {
          return task.get(LOOK.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          if (THREADS.getThreadCpuTime(thread.threadId()) >= time.toNanos()
              || System.nanoTime() - begun >= PATIENCE * time.toNanos()) {
            throw e;
          }
        }
      }
    } catch (TimeoutException | InterruptedException e) {
      task.cancel(true);
      throw e;
    }
  }
}
