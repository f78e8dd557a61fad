package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.settings.Setting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Environment variables that the program and its scripts read besides those of settings. */
class VariablesTest {
  private static final Path ROOT = Path.of("..", "..");

  /** As a text of Java's, or as a shell's variable. */
  private static final Pattern READ =
      Pattern.compile("\"(QUANTGATE_[A-Z0-9_]*[A-Z0-9])\"|\\$\\{?(QUANTGATE_[A-Z0-9_]*[A-Z0-9])");

  @Test
  void noneHasASecondMeaningAndTheCommandsKnowThemAll() throws IOException {
    Set<String> read = new TreeSet<>();
    for (Path file : files()) {
      READ.matcher(Files.readString(file, StandardCharsets.UTF_8))
          .results()
          .map(VariablesTest::name)
          .forEach(read::add);
    }
    Set<String> settings =
        Stream.of(Setting.values()).map(Setting::variable).collect(Collectors.toSet());

    assertThat(read).contains("QUANTGATE_JAVA", "QUANTGATE_CACHE", "QUANTGATE_CONTAINER_ENGINE");
    assertThat(read).doesNotContainAnyElementsOf(settings);
    assertThat(Configuration.otherVariables()).containsAll(read);
  }

  private static String name(MatchResult found) {
    return found.group(1) == null ? found.group(2) : found.group(1);
  }

  /** Main code, and scripts that stand beside it. */
  private static List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>(List.of(ROOT.resolve("quantgate")));
    for (String part : List.of("harness", "benchmarks-data", "sandbox-docker", "reports")) {
      try (Stream<Path> all = Files.walk(ROOT.resolve(part))) {
        all.filter(file -> !file.toString().contains("/target/") && Files.isRegularFile(file))
            .filter(file ->
                file.toString().contains("/src/main/java/")
                        && file.toString().endsWith(".java")
                        && !file.toString()
                            .contains("/evaluation/settings/") // name settings as such
                    || file.getFileName().toString().startsWith("make-"))
            .forEach(files::add);
      }
    }
    return files;
  }
}
