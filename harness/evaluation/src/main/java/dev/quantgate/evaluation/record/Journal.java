package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * An append-only file of JSON Lines that survives the death of its writer: a line is one write, and
 * a last line without its line feed is torn and cut off when the journal is opened again. Any other
 * line that cannot be read means that something else wrote into the file; it is refused, never
 * passed over.
 *
 * <p>Each append reaches the operating system, so that a killed process loses nothing; a power
 * failure can lose what {@link #close} or the system's own flushing had not yet put on disk, which
 * is asked again. It is no channel, since an interrupt of the writing thread would close one in the
 * middle of a line.
 */
public final class Journal<T> implements AutoCloseable {
  private final Path path;
  private final RandomAccessFile file;
  private final Seal.Chain chain;

  private Journal(Path path, RandomAccessFile file, Seal.Chain chain) {
    this.path = path;
    this.file = file;
    this.chain = chain;
  }

  /**
   * Opens a journal, made if missing, and shows what it holds.
   *
   * @param least the version of the form that each line must have at least: that in which the run
   *     was begun
   */
  public static <T> Journal<T> open(Path path, int least, Class<T> type, Consumer<T> sink) {
    try {
      Files.createDirectories(Disk.parent(path));
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
          && !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new EvaluationException(
            INPUT,
            "%s: expected a journal, found %s; it is not written to, remove it"
                .formatted(path, Files.isSymbolicLink(path) ? "a symbolic link" : "no file"));
      }
      var file = new RandomAccessFile(path.toFile(), "rw");
      try {
        file.setLength(endOfLastLine(file));
        var chain = new Seal.Chain(Disk.name(path));
        Disk.readLines(path, chain, least, type, sink);
        file.seek(file.length());
        return new Journal<>(path, file, chain);
      } catch (EvaluationException e) {
        file.close();
        throw e.kind() == INPUT
            ? new EvaluationException(
                INPUT,
                "%s\nRemove the run's folder, or give another --out".formatted(e.getMessage()),
                e)
            : e;
      } catch (IOException e) {
        file.close();
        throw e;
      }
    } catch (IOException e) {
      throw Disk.cannot("opened", path, e);
    }
  }

  private static long endOfLastLine(RandomAccessFile file) throws IOException {
    byte[] block = new byte[1 << 16];
    for (long end = file.length(); end > 0; ) {
      int length = (int) Math.min(block.length, end);
      file.seek(end - length);
      file.readFully(block, 0, length);
      for (int i = length - 1; i >= 0; i--) {
        if (block[i] == '\n') {
          return end - length + i + 1;
        }
      }
      end -= length;
    }
    return 0;
  }

  /** Adds a line. */
  public void append(T value) {
    try {
      file.write(chain.seal(Json.lines().writeValueAsBytes(value)));
    } catch (IOException e) {
      throw Disk.cannot("written", path, e);
    }
  }

  @Override
  public void close() {
    try (file) {
      file.getFD().sync();
    } catch (IOException e) {
      throw Disk.cannot("written", path, e);
    }
  }
}
