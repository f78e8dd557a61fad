package dev.quantgate.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C end a command in order: the thread that works is interrupted and has time to close
 * its journals and its sandbox, so that nothing is left behind and the same command continues.
 */
final class Interruption {
  private static final long SECONDS_TO_END = 20;

  private Interruption() {}

  static <T> T guard(Callable<T> work) throws Exception {
    Thread worker = Thread.currentThread();
    var ended = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              worker.interrupt();
              try {
                boolean inTime = ended.await(SECONDS_TO_END, TimeUnit.SECONDS);
                assert inTime || worker.isAlive();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "quantgate-interrupt");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return work.call();
    } finally {
      ended.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException shuttingDown) {
        // The hook runs already: that is what ended the work.
      }
    }
  }
}
