package dev.quantgate.junit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Answers of models that were never there, to the bundled exam. */
final class Recorded {
  private static final Path EXAMPLE = Path.of("example", "answers");

  private Recorded() {}

  /** Reference of the example project's answers. */
  static String of(String model) {
    return "replay:%s".formatted(EXAMPLE.resolve(model));
  }

  /** The example's answers of the baseline, with others to the exam's first questions. */
  static String wrong(Path folder, int questions) {
    try {
      var lines = Files.readAllLines(EXAMPLE.resolve("fp16").resolve("starter-exam.jsonl"));
      String changed =
          lines.stream()
              .map(line -> lines.indexOf(line) < questions ? changed(line) : line)
              .collect(Collectors.joining("\n", "", "\n"));
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("starter-exam.jsonl"), changed);
      return "replay:%s".formatted(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Copies a folder with all that is in it, but for what a build has left there. */
  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(each -> !each.startsWith(from.resolve("target"))).toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }

  /** What was right becomes wrong and stays in the line's form. */
  private static String changed(String line) {
    int answer = line.lastIndexOf('"') - 1;
    return "%s%c%s"
        .formatted(
            line.substring(0, answer),
            line.charAt(answer) == 'D' ? 'C' : 'D',
            line.substring(answer + 1));
  }
}
