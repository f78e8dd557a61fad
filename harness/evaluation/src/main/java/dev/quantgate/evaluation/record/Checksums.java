package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.base.Sha256;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * checksums.json: the files of a finished folder, each with the SHA-256 of its content. Written
 * last, it is what makes a run finished; its own hash names the whole folder in one line.
 *
 * @param files by name below the folder, with {@code /} between folders
 */
public record Checksums(SortedMap<String, String> files) {
  /** The file's name. */
  public static final String NAME = "checksums.json";

  public Checksums {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
  }

  /** Hashes files of a folder and writes the list of them; gives the hash of the list. */
  public static String write(Path folder, Collection<Path> files) {
    var hashes = new TreeMap<String, String>();
    for (Path file : files) {
      hashes.put(name(folder, file), Sha256.hex(file));
    }
    Disk.writePage(folder.resolve(NAME), new Checksums(hashes));
    return Sha256.hex(folder.resolve(NAME));
  }

  /** Whether a folder has the list of its files. */
  public static boolean exist(Path folder) {
    return Files.isRegularFile(folder.resolve(NAME), LinkOption.NOFOLLOW_LINKS);
  }

  /** The hash that names a folder as it is; its files must be those of its list to rely on it. */
  public static String of(Path folder) {
    return Sha256.hex(folder.resolve(NAME));
  }

  /** Takes the list away, as a folder's files are about to change. */
  static void remove(Path folder) {
    Disk.remove(folder.resolve(NAME));
  }

  public static Checksums read(Path folder) {
    return Disk.readPage(folder.resolve(NAME), Checksums.class);
  }

  /**
   * Refuses a file that is not what it was when the list was written.
   *
   * @throws EvaluationException naming the file
   */
  public void require(Path folder, Path file) {
    String wanted = files.get(name(folder, file));
    if (wanted == null) {
      throw new EvaluationException(
          INPUT,
          "%s: is not among the files that %s lists; it was put there later"
              .formatted(file, folder.resolve(NAME)));
    }
    String found = Sha256.hex(file);
    if (!wanted.equals(found)) {
      throw new EvaluationException(
          INPUT,
          "%s: was changed after the work was done: sha256 %s, expected %s"
              .formatted(file, found, wanted));
    }
  }

  /** Refuses a folder of which any file that is listed is missing or was changed. */
  public void requireAll(Path folder) {
    for (Map.Entry<String, String> entry : files.entrySet()) {
      Path file = folder.resolve(entry.getKey()).normalize();
      if (!file.startsWith(folder.normalize()) || !Files.isRegularFile(file)) {
        throw new EvaluationException(
            INPUT, "%s: is listed by %s, but is not there".formatted(file, folder.resolve(NAME)));
      }
      require(folder, file);
    }
  }

  private static String name(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }
}
