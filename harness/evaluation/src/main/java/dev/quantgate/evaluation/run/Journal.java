package dev.quantgate.evaluation.run;

import static dev.quantgate.evaluation.run.EvaluationException.Kind.INPUT;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/**
 * An append-only file of JSON Lines that survives the death of its writer: a line is one write, and a
 * last line without its line feed is torn and cut off when the journal is opened again. Any other line
 * that cannot be read means that something else wrote into the file; it is refused, never passed over.
 *
 * <p>Each append reaches the operating system, so that a killed process loses nothing; a power failure
 * can lose what {@link #close} or the system's own flushing had not yet put on disk, which is asked
 * again.
 */
final class Journal<T> implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;

  private Journal(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Opens a journal, made if missing, and shows what it holds. */
  static <T> Journal<T> open(Path file, Class<T> type, Consumer<T> sink) {
    try {
      Files.createDirectories(Disk.parent(file));
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        channel.truncate(endOfLastLine(channel));
        Disk.readLines(file, type, sink);
        channel.position(channel.size());
        return new Journal<>(file, channel);
      } catch (EvaluationException e) {
        channel.close();
        throw e.kind() == INPUT
            ? new EvaluationException(
                INPUT, e.getMessage() + "\nRemove the run's folder, or give another --out", e)
            : e;
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw Disk.cannot("opened", file, e);
    }
  }

  private static long endOfLastLine(FileChannel channel) throws IOException {
    var block = ByteBuffer.allocate(1 << 16);
    for (long end = channel.size(); end > 0; ) {
      int length = (int) Math.min(block.capacity(), end);
      block.clear().limit(length);
      while (block.hasRemaining()) {
        if (channel.read(block, end - length + block.position()) < 0) {
          throw new IOException("the file shrinks while it is read");
        }
      }
      for (int i = length - 1; i >= 0; i--) {
        if (block.get(i) == '\n') {
          return end - length + i + 1;
        }
      }
      end -= length;
    }
    return 0;
  }

  /** Adds a line. */
  void append(T value) {
    byte[] json = Json.lines().writeValueAsBytes(value);
    var line = ByteBuffer.allocate(json.length + 1).put(json).put((byte) '\n').flip();
    try {
      Disk.writeFully(channel, line);
    } catch (IOException e) {
      throw Disk.cannot("written", file, e);
    }
  }

  @Override
  public void close() {
    try (channel) {
      channel.force(false);
    } catch (IOException e) {
      throw Disk.cannot("written", file, e);
    }
  }
}
