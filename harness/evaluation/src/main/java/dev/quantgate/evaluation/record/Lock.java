package dev.quantgate.evaluation.record;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps two processes from working in one folder. The operating system frees it when its holder
 * dies, however that happens; the file itself stays, as removing it would let two in.
 */
public final class Lock implements AutoCloseable {
  private final FileChannel channel;

  private Lock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes a folder, which is made if it is not there.
   *
   * @throws EvaluationException if another process, or this one, has it
   */
  public static Lock take(Path folder) {
    Path file = folder.resolve(".lock");
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = null;
      try {
        lock = channel.tryLock();
      } catch (OverlappingFileLockException e) {
        // held by this very process: the same answer
      } finally {
        if (lock == null) {
          channel.close();
        }
      }
      if (lock == null) {
        throw new EvaluationException(
            EvaluationException.Kind.LOCKED,
            folder + ": another run works in this folder; wait for its end, or give another --out");
      }
      return new Lock(channel);
    } catch (IOException e) {
      throw Disk.cannot("locked", file, e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // the process' end frees it at the latest
    }
  }
}
