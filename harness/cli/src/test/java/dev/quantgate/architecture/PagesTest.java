package dev.quantgate.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every module explains itself in one form, in lines that can be read. */
class PagesTest {
  private static final List<String> HEADINGS =
      List.of("## What it is", "## How to use it", "## What to expect", "## Limits");

  private static final int MOST_CHARACTERS = 160;
  private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");
  private static final Pattern LINK = Pattern.compile("\\]\\([^)]*\\)|https?://\\S+");

  /** The modules that the parent POM builds, of all profiles. */
  static List<String> modules() throws IOException {
    return MODULE
        .matcher(Files.readString(tree().resolve("pom.xml")))
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  @Test
  void allModulesAreLookedAt() throws IOException {
    assertThat(modules()).hasSizeGreaterThan(10).contains("harness/base", "reports");
  }

  @ParameterizedTest
  @MethodSource("modules")
  void aModulesPageHasTheFourHeadings(String module) throws IOException {
    assertThat(page(module)).containsSubsequence(HEADINGS);
  }

  @ParameterizedTest
  @MethodSource("modules")
  void aModulesPageHasNoLineThatNobodyCanRead(String module) throws IOException {
    assertThat(tooLong(page(module))).isEmpty();
  }

  @Test
  void tablesCodeAndLinksMayBeWide() {
    String wide = "x".repeat(MOST_CHARACTERS);
    String link = "[a page](%s)".formatted(wide);
    List<String> page =
        List.of(
            wide,
            "| a | %s |".formatted(wide),
            "```",
            "$ %s".formatted(wide),
            "```",
            link,
            wide + "y");

    assertThat(tooLong(page)).containsExactly("line 7 has 161 characters");
  }

  private static List<String> tooLong(List<String> page) {
    List<String> found = new ArrayList<>();
    boolean code = false;
    for (int i = 0; i < page.size(); i++) {
      String line = page.get(i);
      code ^= line.strip().startsWith("```");
      boolean table = line.strip().startsWith("|");
      int characters = LINK.matcher(line).replaceAll("").length();
      if (!code && !table && characters > MOST_CHARACTERS) {
        found.add("line %d has %d characters".formatted(i + 1, characters));
      }
    }
    return found;
  }

  private static List<String> page(String module) throws IOException {
    try (Stream<String> lines = Files.lines(tree().resolve(module).resolve("README.md"))) {
      return lines.toList();
    }
  }

  private static Path tree() {
    for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
      if (Files.exists(up.resolve("mvnw"))) {
        return up;
      }
    }
    throw new IllegalStateException("no tree with mvnw above the current folder");
  }
}
