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
  private static final long SECONDS_TO_TELL = 2;

  /** Down when all that is to be said has been printed. */
  private static final CountDownLatch TOLD = new CountDownLatch(1);

  private Interruption() {}

  /** All that is to be said has been printed. */
  static void told() {
    TOLD.countDown();
  }

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
                // The worker now says what is done and how to go on.
                boolean told = TOLD.await(SECONDS_TO_TELL, TimeUnit.SECONDS);
                assert told || worker.isAlive();
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
