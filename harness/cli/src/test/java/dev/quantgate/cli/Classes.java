package dev.quantgate.cli;

import static java.util.stream.Collectors.joining;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The class path of a program that a test starts. */
final class Classes {
  private Classes() {}

  /**
   * This JVM's class path without Groovy, which only a test reads, and which picocli would start
   * where it finds it: most of a second of each start.
   */
  static List<Path> ofTheProgram() {
    String all =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Stream.of(all.split(File.pathSeparator))
        .map(Path::of)
        .filter(entry -> !entry.getFileName().toString().startsWith("groovy-"))
        .toList();
  }

  /** The same as an argument of {@code java -cp}. */
  static String path() {
    return ofTheProgram().stream().map(Path::toString).collect(joining(File.pathSeparator));
  }
}
