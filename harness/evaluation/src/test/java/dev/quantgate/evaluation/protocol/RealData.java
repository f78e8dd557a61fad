package dev.quantgate.evaluation.protocol;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;

/** The folder of real benchmark data that tests may use where it is present. */
final class RealData {
  private RealData() {}

  /** The folder, or an aborted test that says why. */
  static Path folder() {
    String named = System.getenv("QUANTGATE_DATA");
    if (named != null) {
      return Files.isDirectory(Path.of(named))
          ? Path.of(named)
          : abort("QUANTGATE_DATA names no folder: " + named);
    }
    for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
      Path folder = up.resolveSibling("shared").resolve("data");
      if (Files.exists(up.resolve("mvnw")) && Files.isDirectory(folder)) {
        return folder;
      }
    }
    return abort("no real benchmark data: QUANTGATE_DATA is not set and ../shared/data is absent");
  }
}
