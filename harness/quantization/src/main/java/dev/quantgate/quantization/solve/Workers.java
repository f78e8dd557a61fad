package dev.quantgate.quantization.solve;

import dev.quantgate.quantization.QuantizationException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * A fixed number of threads that share out independent parts of one job. Parts never add into the
 * same place, so results do not depend on how many threads there are.
 */
public final class Workers implements AutoCloseable {
  private final int threads;
  private final ExecutorService pool;

  public Workers(int threads) {
    this.threads = threads;
    this.pool =
        Executors.newFixedThreadPool(
            Math.max(1, threads - 1), Thread.ofPlatform().daemon().name("quantize-", 0).factory());
  }

  int threads() {
    return threads;
  }

  /** Calls {@code part} with each of {@code 0 .. parts - 1} and returns when all are done. */
  public void forEach(int parts, IntConsumer part) {
    AtomicInteger next = new AtomicInteger();
    Runnable work =
        () -> {
          for (int i = next.getAndIncrement(); i < parts; i = next.getAndIncrement()) {
            part.accept(i);
          }
        };
    List<Future<?>> others = new ArrayList<>();
    for (int i = 1; i < Math.min(threads, parts); i++) {
      others.add(pool.submit(work));
    }
    try {
      work.run();
    } finally {
      next.set(parts);
      join(others);
    }
  }

  private static void join(List<Future<?>> others) {
    for (Future<?> other : others) {
      try {
        other.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new QuantizationException("interrupted", e);
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case RuntimeException unchecked -> throw unchecked;
          case Error error -> throw error;
          case null, default -> throw new IllegalStateException(e);
        }
      }
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
