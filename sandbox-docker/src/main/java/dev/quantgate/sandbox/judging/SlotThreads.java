package dev.quantgate.sandbox.judging;

import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Does something in every slot at the same time; the first failure stops the others. */
public final class SlotThreads {
  private SlotThreads() {}

  /**
   * Runs a task for each slot in a thread of its own and waits for all of them.
   *
   * @param stop ends what the tasks wait for; called when one fails and when the caller is
   *     interrupted
   * @throws SandboxException of kind INTERRUPTED if the caller is interrupted; else whatever the
   *     first task threw
   */
  public static <T> void forEach(List<T> slots, Runnable stop, Consumer<T> task) {
    try (ExecutorService threads =
        Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().daemon().name("sandbox-slot-", 0).factory())) {
      List<Future<?>> futures = new ArrayList<>();
      for (T slot : slots) {
        futures.add(
            threads.submit(() -> {
              try {
                task.accept(slot);
              } catch (RuntimeException | Error e) {
                stop.run();
                throw e;
              }
            }));
      }
      @Nullable Throwable first = null;
      for (Future<?> future : futures) {
        try {
          future.get();
        } catch (ExecutionException e) {
          first = first == null || isInterruption(first) ? e.getCause() : first;
        } catch (InterruptedException e) {
          stop.run();
          threads.shutdownNow();
          Thread.currentThread().interrupt();
          throw new SandboxException(Kind.INTERRUPTED, "interrupted; what was judged is kept", e);
        }
      }
      if (first instanceof RuntimeException e) {
        throw e;
      }
      if (first instanceof Error e) {
        throw e;
      }
    }
  }

  private static boolean isInterruption(Throwable error) {
    return error instanceof SandboxException e && e.kind() == Kind.INTERRUPTED;
  }
}
