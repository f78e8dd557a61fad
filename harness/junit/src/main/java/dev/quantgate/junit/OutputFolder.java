package dev.quantgate.junit;

import dev.quantgate.base.FileException;
import dev.quantgate.base.FolderTree;
import dev.quantgate.evaluation.RunRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A folder below the build's output that holds a test's run. */
record OutputFolder(Path path) {

  /** For a test of a name, under {@code target}, or {@code build} in a Gradle project. */
  static OutputFolder named(String name) {
    boolean gradle =
        !Files.exists(Path.of("pom.xml"))
            && (Files.exists(Path.of("build.gradle")) || Files.exists(Path.of("build.gradle.kts")));
    String safe = name.replaceAll("[^A-Za-z0-9._-]+", "-").replaceAll("^[.-]+", "");
    return new OutputFolder(
        Path.of(gradle ? "build" : "target", "quantgate", safe.isEmpty() ? "run" : safe));
  }

  /** Both models and the suites, by the last parts of their names. */
  static String nameOf(RunRequest request) {
    return Stream.concat(
            Stream.of(request.baseline(), request.candidate()), request.plan().suites().stream())
        .map(each -> each.replaceAll(".*[/\\\\:]", ""))
        .filter(each -> !each.isBlank())
        .collect(Collectors.joining("-"));
  }

  /**
   * Makes room for another run, such as one of a rebuilt model. The last one is kept beside it, so
   * that nothing that took hours is lost by one test.
   */
  void setAside() {
    Path previous = path.resolveSibling("%s.previous".formatted(path.getFileName()));
    try {
      FolderTree.delete(previous);
      Files.move(path, previous, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw FileException.cannot("moved to %s".formatted(previous.getFileName()), path, e);
    }
  }
}
