package dev.quantgate.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files from outside: only regular ones are opened, and only up to a size. */
public final class RegularFile {
  private RegularFile() {}

  /**
   * Refuses what is no regular file, such as a pipe, a device or a folder: opening one can hang or
   * never end. Symbolic links to regular files are followed.
   *
   * @throws FileException naming what was found
   */
  public static void require(Path file) {
    if (!Files.isRegularFile(file)) {
      String found =
          !Files.exists(file)
              ? "nothing"
              : Files.isDirectory(file) ? "a folder" : "a pipe, device or socket";
      throw new FileException(
          ErrorKind.USER, "%s: expected a file, found %s".formatted(file, found));
    }
  }

  /**
   * Reads a file whole.
   *
   * @param mostBytes a size above which it is refused
   * @throws FileException if it is no regular file, is larger, or cannot be read
   */
  public static byte[] read(Path file, long mostBytes) {
    require(file);
    try {
      long size = Files.size(file);
      if (size > mostBytes) {
        throw new FileException(
            ErrorKind.USER,
            "%s: expected at most %,d bytes, found %,d".formatted(file, mostBytes, size));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw FileException.cannot("read", file, e);
    }
  }
}
