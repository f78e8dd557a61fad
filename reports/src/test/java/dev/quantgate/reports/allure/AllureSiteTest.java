package dev.quantgate.reports.allure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.reports.ReportSource;
import dev.quantgate.reports.SampleResult;
import dev.quantgate.reports.SampleRun;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AllureSiteTest {
  @TempDir Path folder;

  /** A release whose candidate loses the first programs. */
  private Path release(String name, int losses) {
    Path comparison = SampleResult.compare(folder.resolve(name), programs(0), programs(losses));
    return report(comparison, folder.resolve(name).resolve("report"));
  }

  private static Consumer<SampleRun> programs(int wrong) {
    return run -> {
      for (int i = 0; i < 40; i++) {
        boolean right = i >= wrong;
        run.program(
            "humaneval",
            "def f():\n",
            right ? "    return 1\n" : "    return 2\n",
            List.of(1, right ? 2 : 3),
            right ? Outcome.PASSED : Outcome.FAILED,
            right ? "" : "AssertionError");
      }
    };
  }

  private Path report(Path comparison, Path out) {
    ReportSource source = ReportSource.open(comparison);
    new AllureFormat().write(source, out);
    AllureSite.generate(source, out, Optional.of(new AllureHistory(folder.resolve("history"))));
    return out.resolve("allure");
  }

  private static JsonNode json(Path site, String file) throws IOException {
    return JsonMapper.shared().readTree(Files.readAllBytes(site.resolve(file)));
  }

  @Test
  void threeReleasesAreThreePointsOfEachTrend() throws IOException {
    release("first", 1);
    release("second", 4);
    Path site = release("third", 2);

    assertThat(
            json(site, "widgets/accuracy-trend.json")
                .path("items")
                .valueStream()
                .map(release -> release.path("suites").get(0).path("delta").asDouble()))
        .containsExactly(-5.0, -10.0, -2.5);
    assertThat(
            json(site, "widgets/accuracy-trend.json")
                .path("items")
                .valueStream()
                .map(release -> release.path("suites").get(0).path("losses").asInt()))
        .containsExactly(2, 4, 1);
    assertThat(
            json(site, "widgets/history-trend.json")
                .valueStream()
                .map(point -> point.path("data").path("failed").asInt()))
        .hasSize(3)
        .containsExactly(4, 6, 3);
    assertThat(
            json(site, "widgets/categories-trend.json")
                .valueStream()
                .map(point -> point.path("data").path("Losses").asInt()))
        .containsExactly(2, 4, 1);
  }

  @Test
  void anItemsOwnHistoryFollowsItFromReleaseToRelease() throws IOException {
    release("first", 1);
    Path site = release("second", 1);
    JsonNode history = json(site, "history/history.json");
    JsonNode lost =
        AllureFormatTest.results(site.resolveSibling("allure-results")).stream()
            .filter(result -> result.path("name").asString().equals("HumanEval/0"))
            .findFirst()
            .orElseThrow();
    assertThat(history.path(lost.path("historyId").asString()).path("items")).hasSize(2);
  }

  @Test
  void renderingTheSameResultAgainIsNoFurtherRelease() throws IOException {
    release("first", 1);
    Path site = release("second", 4);
    site = report(folder.resolve("second/compared"), site.resolveSibling(""));
    assertThat(json(site, "widgets/accuracy-trend.json").path("items")).hasSize(2);
    assertThat(json(site, "widgets/history-trend.json")).hasSize(2);
  }

  @Test
  void everyChartOfTheReportHasItsData() throws IOException {
    Path site = release("only", 1);
    for (String widget :
        List.of("duration", "duration-trend", "retry-trend", "categories-trend", "severity")) {
      assertThat(site.resolve("widgets/%s.json".formatted(widget))).isNotEmptyFile();
    }
    assertThat(site.resolve("data/timeline.json")).isNotEmptyFile();
    assertThat(
            json(site, "widgets/environment.json")
                .valueStream()
                .map(fact -> fact.path("name").asString()))
        .startsWith("program", "verdict", "proven", "margin")
        .contains("humaneval.protocol");
    assertThat(json(site, "widgets/accuracy-trend.json").path("items").get(0).path("time").asLong())
        .isPositive();
    assertThat(Files.readString(site.resolveSibling("allure.html")))
        .contains("d('widgets/accuracy-trend.json','", "d('data/suites.json','")
        .doesNotContain("d('history/");
  }

  @Test
  void nothingIsFetchedFromElsewhere() throws IOException {
    Path site = release("only", 1);
    for (Path page : List.of(site.resolve("index.html"), site.resolveSibling("allure.html"))) {
      assertThat(Files.readString(page))
          .contains("<title>Accuracy of the candidate</title>")
          .doesNotContain("googletagmanager.com/gtag", "G-FVWC4GKEYS", "dataLayer")
          .doesNotContainPattern("<(script|link)[^>]+(src|href)=\"https?:");
    }
    assertThat(site.resolve("plugin/accuracy-trend/accuracy-trend.js")).isNotEmptyFile();
  }
}
