package dev.quantgate.base;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Files that are written whole or not at all: into a hidden neighbour, flushed to the disk, then
 * moved over the old one. Neither the neighbour nor the file is written through a symbolic link.
 */
public final class AtomicFile {
  private AtomicFile() {}

  /** Writes a file's content to a stream, which is buffered and closed for it. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Replaces a file by some bytes. */
  public static void write(Path file, byte[] bytes) {
    write(file, out -> out.write(bytes));
  }

  /**
   * Replaces a file; its folder is made if missing.
   *
   * @throws FileException if it cannot be written; the old content is still there then
   */
  public static void write(Path file, Content content) {
    Path folder = parent(file);
    Path part = folder.resolve(".%s.part".formatted(file.getFileName()));
    try {
      requireNoLink(file);
      Files.createDirectories(folder);
      // Whatever lies there, a link too, is removed, and the new one is made by this process.
      Files.deleteIfExists(part);
      Files.createFile(part);
      try {
        // No channel: an interrupt of the thread would close it in the middle.
        try (var stream = new FileOutputStream(part.toFile());
            var out = new BufferedOutputStream(stream, 1 << 16)) {
          content.writeTo(out);
          out.flush();
          stream.getFD().sync();
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw FileException.cannot("written", file, e);
    }
  }

  /**
   * Refuses a file that cannot be written, before the work is done that makes its content.
   *
   * @throws FileException if it is a folder or a link, or its place can hold no file
   */
  public static void requireWritable(Path file) {
    Path there = parent(file);
    requireNoLink(file);
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      throw new FileException(
          ErrorKind.USER,
          "%s cannot be written: %s is %s"
              .formatted(
                  file,
                  there,
                  Files.isDirectory(there)
                      ? "a folder that nothing can be written into"
                      : "not a folder"));
    }
  }

  private static void requireNoLink(Path file) {
    if (Files.isSymbolicLink(file)) {
      throw new FileException(
          ErrorKind.USER,
          "%s is a symbolic link; it is not written through, remove it".formatted(file));
    }
  }

  /**
   * The folder that a file lies in.
   *
   * @throws FileException if the path names no file
   */
  public static Path parent(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null || Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileException(ErrorKind.USER, "%s is a folder, not a file".formatted(file));
    }
    return parent;
  }
}
