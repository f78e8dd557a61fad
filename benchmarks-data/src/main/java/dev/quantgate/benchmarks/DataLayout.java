package dev.quantgate.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Where the data of a set can lie in a folder. The first place that exists is taken. */
final class DataLayout {
  private DataLayout() {}

  /**
   * The file, or for C-Eval the file or folder, that holds a set.
   *
   * @param given a folder, or the file itself; empty for the cache folder
   * @throws DataException if there is nothing there, saying where it was looked for, or only a
   *     placeholder
   */
  static Path locate(DataSet set, Optional<Path> given) {
    Path folder = given.orElseGet(() -> DataStore.standard().folder());
    if (given.isPresent() && !Files.exists(folder)) {
      throw new DataException("%s: there is no such folder or file".formatted(folder));
    }
    Path found =
        find(set, folder)
            .orElseThrow(() ->
                new DataException(
                    """
                    No %s data in %s: expected one of %s there or in its folder %s.
                    Get it with `quantgate data fetch %s`, or name its folder with --data\
                    """
                        .formatted(
                            set.name(),
                            folder,
                            String.join(", ", set.places()),
                            folder.resolve(set.name()),
                            set.name())));
    if (Files.isRegularFile(found)) {
      byte[] start = start(found, Placeholder.SNIFFED);
      Placeholder.of(start, start.length)
          .ifPresent(placeholder -> {
            throw new DataException(
                "%s: expected data, found %s; get the file itself: quantgate data fetch %s"
                    .formatted(found, placeholder.description(), set.name()));
          });
    }
    return found;
  }

  /** As {@link #locate}, empty where there is nothing. */
  static Optional<Path> find(DataSet set, Path folder) {
    if (Files.isRegularFile(folder)) {
      return Optional.of(folder);
    }
    for (Path root :
        List.of(folder.resolve(set.name()), folder, folder.resolve("CLUE").resolve(set.name()))) {
      for (String name : set.places()) {
        Path path = root.resolve(name).normalize();
        if (name.endsWith("/") ? isExam(path) : Files.isRegularFile(path)) {
          return Optional.of(path);
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isExam(Path folder) {
    return Files.isDirectory(folder.resolve("dev"))
        && (Files.isDirectory(folder.resolve("val")) || Files.isDirectory(folder.resolve("test")));
  }

  /** Whether a file is, by its first bytes, a zip archive, or by its name should be one. */
  static boolean isZip(Path file) {
    byte[] start = start(file, 2);
    return (start.length == 2 && start[0] == 'P' && start[1] == 'K')
        || file.toString().toLowerCase(Locale.ROOT).endsWith(".zip");
  }

  private static byte[] start(Path file, int length) {
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(length);
    } catch (IOException e) {
      throw new DataException("%s cannot be read: %s".formatted(file, FileTree.reason(e)), e);
    }
  }
}
