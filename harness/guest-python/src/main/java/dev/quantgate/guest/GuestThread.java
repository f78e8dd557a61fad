package dev.quantgate.guest;

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

  private GuestThread() {}

  /** A daemon that has not started yet. */
  public static Thread of(String name, Runnable work) {
    return Thread.ofPlatform().daemon().name(name).stackSize(STACK_BYTES).unstarted(work);
  }

  /**
   * Does something on a thread of its own, which is interrupted where it takes too long, or where
   * the caller is interrupted; a guest ends at once then.
   *
   * @throws ExecutionException with what the work threw
   */
  public static <T> T within(Duration time, String name, Callable<T> work)
      throws InterruptedException, TimeoutException, ExecutionException {
    var task = new FutureTask<>(work);
    of(name, task).start();
    try {
      return task.get(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | InterruptedException e) {
      task.cancel(true);
      throw e;
    }
  }
}
