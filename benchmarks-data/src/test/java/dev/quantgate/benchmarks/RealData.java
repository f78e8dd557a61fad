package dev.quantgate.benchmarks;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The folder of real benchmark data that tests may use where it is present: what QUANTGATE_DATA
 * names, else {@code ../shared/data} beside the repository.
 */
final class RealData {
  private RealData() {}

  /** The folder, which holds all of {@code inside}; else the test is skipped, saying what lacks. */
  static Path with(String... inside) {
    Optional<Path> folder = find();
    for (String name : inside) {
      assumeTrue(
          folder.map(data -> data.resolve(name)).filter(Files::exists).isPresent(),
          () ->
              "no "
                  + name
                  + " in "
                  + folder.map(Path::toString).orElse("QUANTGATE_DATA or ../shared/data")
                  + ": nothing compared with real data");
    }
    return folder.orElseThrow();
  }

  private static Optional<Path> find() {
    String named = System.getenv("QUANTGATE_DATA");
    if (named != null && !named.isBlank()) {
      return Optional.of(Path.of(named)).filter(Files::isDirectory);
    }
    for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
      Path folder = up.resolveSibling("shared").resolve("data");
      if (Files.exists(up.resolve("mvnw")) && Files.isDirectory(folder)) {
        return Optional.of(folder);
      }
    }
    return Optional.empty();
  }
}
