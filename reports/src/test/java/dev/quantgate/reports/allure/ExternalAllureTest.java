package dev.quantgate.reports.allure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.reports.ReportSource;
import dev.quantgate.reports.SampleResult;
import dev.quantgate.reports.SampleRun;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Allure 3, which is a program of Node's: npm's {@code allure}, 3.18.0, where it is installed. */
class ExternalAllureTest {
  /** The path of the program. */
  private static final String PROGRAM = "QUANTGATE_TEST_ALLURE3";

  private static final Path RULES = Path.of("recipes/allurerc.json");

  @TempDir Path folder;

  /** A release whose candidate loses the first of 200 items of each suite. */
  private Path release(String name, int losses) {
    return SampleResult.compare(
        folder.resolve(name), run -> items(run, 0), run -> items(run, losses));
  }

  private static void items(SampleRun run, int wrong) {
    for (int i = 0; i < 200; i++) {
      boolean right = i >= wrong;
      run.question("ceval", "law", "q%d".formatted(i), "A", right ? -0.1 : -3, -1, -4, -5);
      run.question("cmnli", "", "p%d".formatted(i), "A", right ? -0.1 : -3, -1, -4, -9);
      run.program(
          "humaneval",
          "def f%d():\n".formatted(i),
          right ? "    return 1\n" : "    return 2\n",
          List.of(1, right ? 2 : 3),
          right ? Outcome.PASSED : Outcome.FAILED,
          "");
    }
  }

  private Path report(Path comparison, String program) {
    Path out = comparison.resolveSibling("report");
    ReportSource source = ReportSource.open(comparison);
    new AllureFormat().write(source, out);
    return new ExternalAllure(program)
        .generate(source, out, Optional.of(new AllureHistory(folder.resolve("history"))))
        .resolveSibling("");
  }

  private static JsonNode json(Path file) throws IOException {
    return JsonMapper.shared().readTree(Files.readAllBytes(file));
  }

  @Test
  void everyRuleOfTheSampleIsOnAFigureThatIsWritten() throws IOException {
    List<String> keys =
        new Metrics(ReportSource.open(release("only", 1)), 0)
            .all().stream().map(Metrics.Metric::key).toList();
    assertThat(
            json(RULES)
                .path("qualityGate")
                .path("rules")
                .valueStream()
                .map(rule -> rule.valueStream().findFirst().orElseThrow())
                .map(rule -> rule.path("key").asString()))
        .hasSizeGreaterThan(3)
        .isSubsetOf(keys);
  }

  @Test
  void threeReleasesAreThreePointsOfEachTrendHoweverOftenTheyAreRendered() throws IOException {
    String program = program();
    report(release("first", 1), program);
    report(release("second", 6), program);
    report(release("third", 2), program);
    Path site = report(folder.resolve("third/compared"), program);

    List<String> history = Files.readAllLines(folder.resolve("history/history.jsonl"));
    assertThat(history)
        .map(line -> JsonMapper.shared().readTree(line).path("metrics"))
        .map(metrics -> metrics.path("quantgate.ceval.delta").asDouble())
        .containsExactly(-0.5, -3.0, -1.0);
    JsonNode metrics = json(site.resolve("widgets/metrics.json"));
    assertThat(metrics.path("current").valueStream().map(metric -> metric.path("key").asString()))
        .contains("quantgate.cmnli.losses", "quantgate.candidate.memory");
    assertThat(metrics.path("history")).hasSize(2);
    assertThat(Files.readString(site.resolve("widgets/categories.json")))
        .contains("\"Losses\"")
        .doesNotContain("Product errors");
    assertThat(Files.readString(site.resolve("index.html")))
        .doesNotContain("googletagmanager", "dataLayer");
  }

  @Test
  void theSampleRulesHoldOnTheFiguresAndTellWhatFails() throws Exception {
    String program = program();
    assumeTrue(nodeVersion() >= 22, "Allure's quality gate needs Node 22");
    assertThat(rules(program, release("first", 1))).isEmpty();
    assertThat(rules(program, release("second", 6)))
        .contains("ceval: delta", "humaneval: delta", "3 quality gate rules have been failed");
  }

  private static String program() {
    String program = System.getenv().getOrDefault(PROGRAM, "");
    assumeTrue(!program.isEmpty(), "no Allure 3; %s names the program".formatted(PROGRAM));
    return program;
  }

  /** The major version of the Node that runs it. */
  private static int nodeVersion() throws IOException {
    Process process = new ProcessBuilder("node", "--version").start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return Integer.parseInt(said.strip().substring(1).split("\\.")[0]);
  }

  /** What the sample rules find wrong with a comparison. */
  private static String rules(String program, Path comparison) throws Exception {
    Path report = comparison.resolveSibling("report");
    new AllureFormat().write(ReportSource.open(comparison), report);
    Process process =
        new ProcessBuilder(
                program,
                "quality-gate",
                "--config",
                RULES.toAbsolutePath().toString(),
                "allure-results")
            .directory(report.toFile())
            .redirectErrorStream(true)
            .redirectOutput(report.resolve("rules.log").toFile())
            .start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    String said = Files.readString(report.resolve("rules.log"));
    assertThat(process.exitValue()).as(said).isEqualTo(said.isEmpty() ? 0 : 1);
    return said;
  }
}
