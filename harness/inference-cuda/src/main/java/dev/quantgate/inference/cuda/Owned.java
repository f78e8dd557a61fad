package dev.quantgate.inference.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/** What was opened so far and is closed together, the last first. */
final class Owned implements AutoCloseable {
  private final Deque<Runnable> closes = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T resource) {
    closes.push(() -> {
      try {
        resource.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    });
    return resource;
  }

  /** Closes all behind a failure; what fails in closing is added to it, and hides nothing. */
  void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Closes all, even if one fails; the first failure is thrown. */
  @Override
  public void close() {
    RuntimeException first = null;
    while (!closes.isEmpty()) {
      try {
        closes.pop().run();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
