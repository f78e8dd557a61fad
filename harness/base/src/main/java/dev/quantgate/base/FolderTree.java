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
   * Refuses to write below a folder through a symbolic link. The folder itself, and what it lies
   * in, may be reached through links: that is how its owner named it.
   *
   * @param top the folder that somebody named, such as by {@code --out}
   * @param below what is to be written in it, a file or a folder; it may not be there yet
   * @throws FileException if a link stands between the two, or is the last of them
   */
  public static void requireNoLink(Path top, Path below) {
    Path root = top.toAbsolutePath().normalize();
    Path wanted = below.toAbsolutePath().normalize();
    if (!wanted.startsWith(root)) {
      throw new IllegalArgumentException("%s does not lie in %s".formatted(below, top));
    }
    for (Path at = wanted; !at.equals(root); at = at.resolveSibling("")) {
      refuseLink(at);
    }
  }

  private static void refuseLink(Path file) {
    if (Files.isSymbolicLink(file)) {
      throw new FileException(
          ErrorKind.USER,
          "%s is a symbolic link; nothing is written through it, remove it".formatted(file));
    }
  }

  /** Refuses a folder in which a symbolic link stands, however deep; one not there is well. */
  public static void requireNoLinkIn(Path top) {
    if (!Files.exists(top, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> files = Files.walk(top)) {
      files.forEach(FolderTree::refuseLink);
    } catch (IOException e) {
      throw FileException.cannot("listed", top, e);
    }
  }

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
