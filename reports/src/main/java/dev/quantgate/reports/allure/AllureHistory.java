package dev.quantgate.reports.allure;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.FileException;
import dev.quantgate.base.FolderTree;
import dev.quantgate.base.RegularFile;
import dev.quantgate.base.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What Allure keeps from release to release, in one folder: {@code history/} is Allure 2's after
 * the last comparison, {@code before/} as it was before it, {@code last} names that comparison;
 * {@code history.jsonl}, {@code before.jsonl} and {@code last.jsonl} are the same of Allure 3. A
 * comparison that is rendered again takes its own place and is no further point of a trend.
 */
public final class AllureHistory {
  private static final String CURRENT = "history";
  private static final String BEFORE = "before";
  private static final String LAST = "last";

  /** Behind the names of what Allure 3 has. */
  private static final String LINES = ".jsonl";

  private static final long MOST_BYTES = 1L << 30;

  private final Path folder;

  public AllureHistory(Path folder) {
    this.folder = folder;
  }

  /** Puts what was known before a comparison beside its results. */
  void give(Path comparison, Path results) {
    copy(folder.resolve(isLast(comparison, LAST) ? BEFORE : CURRENT), results.resolve(CURRENT));
  }

  /** Keeps what a report made of it. */
  void keep(Path comparison, Path site) {
    if (!isLast(comparison, LAST)) {
      copy(folder.resolve(CURRENT), folder.resolve(BEFORE));
    }
    copy(site.resolve(CURRENT), folder.resolve(CURRENT));
    name(comparison, LAST);
  }

  /** The file that Allure 3 reads and continues, as it was before a comparison. */
  Path giveLines(Path comparison) {
    Path current = folder.resolve(CURRENT + LINES);
    Path before = folder.resolve(BEFORE + LINES);
    if (isLast(comparison, LAST + LINES)) {
      copyFile(before, current);
    } else {
      copyFile(current, before);
    }
    return current;
  }

  /** Keeps that Allure 3 has continued the file by a comparison. */
  void keepLines(Path comparison) {
    name(comparison, LAST + LINES);
  }

  private void name(Path comparison, String file) {
    AtomicFile.write(
        folder.resolve(file), Sha256.hex(comparison).getBytes(StandardCharsets.US_ASCII));
  }

  private boolean isLast(Path comparison, String file) {
    Path last = folder.resolve(file);
    return Files.isRegularFile(last, LinkOption.NOFOLLOW_LINKS)
        && new String(RegularFile.read(last, 1 << 10), StandardCharsets.US_ASCII)
            .equals(Sha256.hex(comparison));
  }

  /** Makes a file the same as another; one that is not there is not there. */
  private static void copyFile(Path from, Path to) {
    try {
      if (Files.exists(from)) {
        AtomicFile.write(to, RegularFile.read(from, MOST_BYTES));
      } else {
        Files.deleteIfExists(to);
      }
    } catch (IOException e) {
      throw FileException.cannot("copied", from, e);
    }
  }

  /** Makes a folder of JSON files the same as another; one that is not there is empty. */
  private static void copy(Path from, Path to) {
    FolderTree.requireNoLinkIn(to);
    try {
      Files.createDirectories(to);
      for (Path file : json(to)) {
        Files.delete(file);
      }
      if (Files.isDirectory(from)) {
        for (Path file : json(from)) {
          AtomicFile.write(
              to.resolve(String.valueOf(file.getFileName())), RegularFile.read(file, MOST_BYTES));
        }
      }
    } catch (IOException e) {
      throw FileException.cannot("copied", from, e);
    }
  }

  private static Iterable<Path> json(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }
}
