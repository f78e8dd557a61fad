package dev.quantgate.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Folders with all that they hold. */
public final class FolderTree {
  private FolderTree() {}

  /**
   * Deletes a folder, or a file, where there is one. Symbolic links are deleted, never followed.
   *
   * @throws IOException if something cannot be deleted; what was before it is gone
   */
  public static void delete(Path top) throws IOException {
    if (!Files.exists(top, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> files = Files.walk(top)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
