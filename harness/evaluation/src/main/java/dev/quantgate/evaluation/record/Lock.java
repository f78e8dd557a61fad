package dev.quantgate.evaluation.record;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps two processes from working in one folder. The operating system frees it when its holder
 * dies, however that happens; one that ends by itself takes the file away.
 */
public final class Lock implements AutoCloseable {
  private static final String NAME = ".lock";
  private static final long MOST_BYTES = 1L << 20;
  private static final Duration AGAIN_AFTER = Duration.ofMillis(50);

  private final Path file;
  private final FileChannel channel;

  private Lock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes a folder, which is made if it is not there.
   *
   * @throws EvaluationException if another process, or this one, has it
   */
  public static Lock take(Path folder) {
    Path file = folder.resolve(NAME);
    try {
      Files.createDirectories(folder);
      while (true) {
        FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        if (!lock(channel)) {
          channel.close();
          throw new EvaluationException(
              EvaluationException.Kind.LOCKED,
              "%s: another run works in this folder; wait for its end, or give another --out"
                  .formatted(folder));
        }
        // Its last holder may have removed the file since it was opened: a lock on nothing.
        if (isStill(channel, file)) {
          return new Lock(file, channel);
        }
        channel.close();
      }
    } catch (IOException e) {
      throw Disk.cannot("locked", file, e);
    }
  }

  /**
   * Takes a folder in which another process may be about to end its work.
   *
   * @param patience how long its end is awaited
   * @throws EvaluationException if another process still has it then
   */
  public static Lock await(Path folder, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        return take(folder);
      } catch (EvaluationException e) {
        if (e.kind() != EvaluationException.Kind.LOCKED || System.nanoTime() > deadline) {
          throw e;
        }
      }
      LockSupport.parkNanos(AGAIN_AFTER.toNanos());
      if (Thread.currentThread().isInterrupted()) {
        throw new EvaluationException(EvaluationException.Kind.INTERRUPTED, "stopped");
      }
    }
  }

  private static boolean lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // held by this very process
    }
  }

  /**
   * Whether the file that is locked is the one that has the name: a size that is drawn shows in it.
   * The name is only looked at, never opened: to close a file that this process has locked through
   * another descriptor would give the lock up (POSIX).
   */
  private static boolean isStill(FileChannel channel, Path file) throws IOException {
    try {
      for (int look = 0; look < 2; look++) {
        long size = ThreadLocalRandom.current().nextLong(1, MOST_BYTES);
        channel.truncate(0);
        channel.write(ByteBuffer.allocate(1), size - 1);
        if (Files.size(file) != size) {
          return false;
        }
      }
      channel.truncate(0);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public void close() {
    try (channel) {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // the process' end frees it at the latest
    }
  }
}
