package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.base.PlainText;
import dev.quantgate.reports.allure.AllureFormat;
import dev.quantgate.reports.allure.AllureSite;
import dev.quantgate.reports.junit.JUnitXmlTest;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts and answers of an attacker do no harm in any report. */
class HostileContentTest {
  private static final String HOSTILE =
      "<script>alert(1)</script>]]><!--\u001b[31m\u001b]0;title\u0007\u0000\u0085\u202egnp.exe\u2066\n"
          + "::error::forged\n=HYPERLINK(\"http://evil\")\ud800\uffff\n";
  private static final String LONG = "x".repeat(1 << 20);

  @TempDir static Path folder;
  static ReportSource source;
  static Path out;

  @BeforeAll
  static void render() {
    Path comparison =
        SampleResult.compare(
            folder, run -> programs(run, Outcome.PASSED), run -> programs(run, Outcome.FAILED));
    source = ReportSource.open(comparison);
    out = folder.resolve("report");
    ReportFormats.all().forEach(format -> format.write(source, out));
    AllureSite.generate(source, out, Optional.empty());
  }

  private static void programs(SampleRun run, Outcome outcome) {
    boolean passed = outcome == Outcome.PASSED;
    run.program(
        "humaneval",
        HOSTILE + LONG,
        passed ? HOSTILE : HOSTILE.replace("alert(1)", "alert(2)") + LONG,
        List.of(1, passed ? 2 : 3),
        outcome,
        passed ? "" : HOSTILE.strip().replace('\n', ' '));
    for (int i = 0; i < 40; i++) {
      run.program("humaneval", "def f():\n", "    return 1\n", List.of(1), Outcome.PASSED, "");
    }
  }

  private static void harmless(Path file, String text) {
    text.codePoints()
        .filter(c -> c != '\n' && c != '\t' && c != '\r' && PlainText.isHidden(c))
        .findFirst()
        .ifPresent(c -> {
          throw new AssertionError("%s: has U+%04X".formatted(file, c));
        });
  }

  @Test
  void noFileHasACharacterThatAScreenWouldObey() throws IOException {
    int seen = 0;
    try (Stream<Path> files = Files.walk(out)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        boolean ours = !file.startsWith(out.resolve("allure")) && !name.equals("allure.html");
        if (ours && name.matches(".*\\.(txt|xml|json|csv|md|properties)")) {
          harmless(file, Files.readString(file, StandardCharsets.UTF_8));
          seen++;
        }
      }
    }
    assertThat(seen).isGreaterThan(12);
  }

  @Test
  void theXmlIsStillOfItsForm() throws Exception {
    byte[] xml = Files.readAllBytes(out.resolve("junit.xml"));
    JUnitXmlTest.validate(xml);
    assertThat(new String(xml, StandardCharsets.UTF_8)).doesNotContain("<script>", "]]>");
  }

  @Test
  void noLineOfAnAnswerBecomesACommandOfGithub() throws IOException {
    assertThat(Files.readAllLines(out.resolve("github-annotations.txt")))
        .hasSize(3)
        .allMatch(line -> line.matches("::(error|warning|notice) title=[^:]+::.*"))
        .noneMatch(line -> line.startsWith("::error::"));
  }

  @Test
  void aMegabyteOfOneLineIsCutInTheTerminalAndKeptInBounds() throws IOException {
    ItemView item = source.item("HumanEval/0").orElseThrow();
    String shown = ItemReport.render(item, Ink.PLAIN, 100);
    harmless(Path.of("show"), shown);
    assertThat(shown).contains("\\x1b[31m").contains("more characters)").hasSizeLessThan(200_000);
    assertThat(shown.lines().filter(line -> !line.startsWith("  quantgate")))
        .allMatch(line -> TextTable.width(line) <= 200);
    try (Stream<Path> files = Files.list(out.resolve(AllureFormat.FOLDER))) {
      assertThat(files).allMatch(file -> file.toFile().length() < 2 << 20);
    }
  }

  @Test
  void theAllurePageHoldsNoTagOfAnAnswer() throws IOException {
    assertThat(Files.readString(out.resolve("allure.html"))).doesNotContain("<script>alert(");
    try (Stream<Path> files = Files.walk(out.resolve("allure"))) {
      assertThat(files.filter(file -> file.toString().endsWith(".html")))
          .singleElement()
          .isEqualTo(out.resolve("allure/index.html"));
    }
  }
}
