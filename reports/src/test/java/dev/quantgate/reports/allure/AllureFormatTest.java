package dev.quantgate.reports.allure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.reports.ReportSource;
import dev.quantgate.reports.SampleResult;
import dev.quantgate.reports.SampleRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AllureFormatTest {
  @TempDir static Path folder;
  static ReportSource source;
  static Path results;

  @BeforeAll
  static void render() {
    source = ReportSource.open(SampleResult.small(folder));
    new AllureFormat(
            AllureFormat.Items.CHANGED,
            Map.of(
                "GITHUB_RUN_ID", "77",
                "GITHUB_SERVER_URL", "https://github.example",
                "GITHUB_REPOSITORY", "team/model",
                "GITHUB_WORKFLOW", "release",
                "GITHUB_RUN_NUMBER", "12"))
        .write(source, folder.resolve("report"));
    results = folder.resolve("report/allure-results");
  }

  static List<JsonNode> results(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<JsonNode> results = new ArrayList<>();
      for (Path file : files.filter(each -> each.toString().endsWith("-result.json")).toList()) {
        results.add(JsonMapper.shared().readTree(Files.readAllBytes(file)));
      }
      return results;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static JsonNode result(String name) {
    return results(results).stream()
        .filter(result -> result.path("name").asString().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Optional<String> label(JsonNode result, String name) {
    return result
        .path("labels")
        .valueStream()
        .filter(label -> label.path("name").asString().equals(name))
        .map(label -> label.path("value").asString())
        .findFirst();
  }

  private static List<String> steps(JsonNode result) {
    return result.path("steps").valueStream().map(step -> step.path("name").asString()).toList();
  }

  private static String attachment(JsonNode result, String name) throws IOException {
    String source =
        Stream.concat(
                result.path("attachments").valueStream(),
                result
                    .path("steps")
                    .valueStream()
                    .flatMap(step -> step.path("attachments").valueStream()))
            .filter(each -> each.path("name").asString().equals(name))
            .map(each -> each.path("source").asString())
            .findFirst()
            .orElseThrow();
    return Files.readString(results.resolve(source));
  }

  @Test
  void whatChangedHasAResultOfItsOwnAndTheRestIsSummedUp() {
    assertThat(results(results))
        .extracting(
            result -> result.path("name").asString(), result -> result.path("status").asString())
        .extracting(Object::toString)
        .containsExactlyInAnyOrder(
            "(\"gate over all suites\", \"%s\")"
                .formatted(status(source.comparison().verdict().name())),
            "(\"gate of ceval\", \"%s\")"
                .formatted(status(source.comparison().suites().get(0).verdict().name())),
            "(\"gate of humaneval\", \"%s\")"
                .formatted(status(source.comparison().suites().get(1).verdict().name())),
            "(\"unchanged items\", \"passed\")",
            "(\"unchanged items\", \"passed\")",
            "(\"physics/7\", \"failed\")",
            "(\"chemistry/8\", \"failed\")",
            "(\"chemistry/11\", \"passed\")",
            "(\"HumanEval/3\", \"failed\")",
            "(\"HumanEval/5\", \"broken\")");
  }

  private static String status(String verdict) {
    return switch (verdict) {
      case "PASS" -> "passed";
      case "FAIL" -> "failed";
      case "INVALID" -> "broken";
      default -> "skipped";
    };
  }

  @Test
  void aLossCarriesAllThatIsKnownOfIt() throws IOException {
    JsonNode loss = result("HumanEval/3");
    assertThat(loss.path("statusDetails").path("message").asString())
        .isEqualTo("Lost: PASSED -> FAILED: AssertionError");
    assertThat(loss.path("statusDetails").path("trace").asString())
        .startsWith("Ask it again: quantgate run --baseline ");
    assertThat(steps(loss))
        .containsExactly(
            "The prompt",
            "The baseline: right",
            "The candidate: wrong",
            "Both answers side by side",
            "The first other token is number 3",
            "The test",
            "Ask it again");
    assertThat(attachment(loss, "prompt")).contains("Problem 3.");
    assertThat(attachment(loss, "answers")).containsPattern("    return 1 +\\|     return 2\n");
    assertThat(attachment(loss, "candidate's execution"))
        .isEqualTo(
            """
            outcome: FAILED
            detail: AssertionError
            exit: 1
            failed at: assert f() == 1
            """);
    assertThat(attachment(loss, "candidate's output")).isEqualTo("AssertionError");
    assertThat(attachment(loss, "test")).contains("assert f() == 1");
    assertThat(attachment(loss, "command")).contains("--items HumanEval/3");
  }

  @Test
  void anItemWithoutAnAnswerSaysOnceThatItIsNotJudgedAndWhy() {
    assertThat(result("HumanEval/5").path("statusDetails").path("message").asString())
        .isEqualTo("Not judged: candidate: the engine died");
  }

  @Test
  void theChoicesOfALossAreATable() throws IOException {
    JsonNode loss = result("physics/7");
    assertThat(steps(loss)).contains("The choices' log-probabilities (nats)");
    assertThat(attachment(loss, "choices"))
        .isEqualTo(
            """
            choice,baseline,candidate,
            A,-0.2000,-1.5000,right
            B,-2.0000,-0.4000,
            C,-3.5000,-3.0000,
            D,-4.0000,-4.0000,
            """);
    assertThat(attachment(loss, "prompt")).startsWith("题目 7：");
  }

  @Test
  void theWholeGateNamesTheModelsAndLastsAsLongAsTheRun() {
    JsonNode whole = result("gate over all suites");
    assertThat(whole.path("stop").asLong()).isGreaterThan(whole.path("start").asLong());
    assertThat(whole.path("parameters").valueStream().map(each -> each.path("name").asString()))
        .contains("baseline", "candidate");
    assertThat(
            result("physics/7")
                .path("parameters")
                .valueStream()
                .map(each -> each.path("name").asString()))
        .containsExactly("protocol");
  }

  @Test
  void theWholeGateHasALineForEachSuiteThatItRestsOn() {
    Consumer<SampleRun> right =
        run -> {
          run.question("ceval", "law", "q", "A", -0.1, -3, -3, -3);
          run.question("cmnli", "", "p", "A", -0.1, -3, -3, -3);
        };
    Path same = SampleResult.compare(folder.resolve("same"), right, right);
    new AllureFormat().write(ReportSource.open(same), folder.resolve("same-report"));
    JsonNode whole =
        results(folder.resolve("same-report/allure-results")).stream()
            .filter(result -> result.path("name").asString().equals("gate over all suites"))
            .findFirst()
            .orElseThrow();
    assertThat(whole.path("statusDetails").path("message").asString().lines())
        .satisfiesExactly(
            first -> assertThat(first).startsWith("Gate: ceval: "),
            second -> assertThat(second).startsWith("cmnli: "));
  }

  @Test
  void resultsStandUnderModelPairSuiteAndSubject() {
    JsonNode loss = result("physics/7");
    assertThat(label(loss, "epic")).contains("int4 gptq against fp16");
    assertThat(label(loss, "parentSuite")).contains("int4 gptq against fp16");
    assertThat(label(loss, "feature")).contains("ceval");
    assertThat(label(loss, "story")).contains("physics");
    assertThat(label(loss, "severity")).contains("critical");
    assertThat(label(result("chemistry/8"), "severity")).contains("minor");
    assertThat(label(result("gate of ceval"), "severity")).contains("blocker");
    assertThat(label(result("gate of ceval"), "tag")).contains("not proven");
  }

  @Test
  void whatIsNewInEveryReleaseIsNoPartOfWhatAResultIs() throws IOException {
    Path again = SampleResult.small(folder.resolve("again"));
    new AllureFormat().write(ReportSource.open(again), folder.resolve("again-report"));
    List<JsonNode> later = results(folder.resolve("again-report/allure-results"));
    assertThat(later)
        .extracting(result -> result.path("historyId").asString())
        .containsExactlyInAnyOrderElementsOf(
            results(results).stream().map(result -> result.path("historyId").asString()).toList());
    for (JsonNode result : later) {
      for (JsonNode parameter : result.path("parameters")) {
        assertThat(parameter.path("excluded").asBoolean())
            .as(parameter.path("name").asString())
            .isEqualTo(!parameter.path("name").asString().equals("protocol"));
      }
    }
  }

  @Test
  void allItemsHaveAResultWhereTheyAreAskedFor() {
    new AllureFormat(AllureFormat.Items.ALL).write(source, folder.resolve("all"));
    assertThat(results(folder.resolve("all/allure-results"))).hasSize(240 + 150 + 3);
  }

  @Test
  void renderingAgainLeavesNothingOfTheLastTimeAndAllThatOtherToolsWrote() throws IOException {
    Path out = folder.resolve("twice");
    new AllureFormat(AllureFormat.Items.ALL).write(source, out);
    List<Path> others =
        List.of(
            out.resolve("allure-results/a-note-of-mine.txt"),
            out.resolve("allure-results/6f0c3c2e-1b7a-4f5e-9d59-0c8f7a4be1a3-result.json"),
            out.resolve("allure-results/2b1d9a44-77c5-4c0e-8a1f-5f3e9d6c7b20-attachment.txt"));
    for (Path other : others) {
      Files.writeString(other, "{}");
    }
    new AllureFormat().write(source, out);
    assertThat(others).allMatch(Files::exists);
    assertThat(results(out.resolve("allure-results"))).hasSize(10 + 1);
  }

  @Test
  void theBuildThatMadeItIsNamed() throws IOException {
    JsonNode executor =
        JsonMapper.shared().readTree(Files.readAllBytes(results.resolve("executor.json")));
    assertThat(executor.path("buildUrl").asString())
        .isEqualTo("https://github.example/team/model/actions/runs/77");
    assertThat(executor.path("buildOrder").asInt()).isEqualTo(12);
    assertThat(executor.path("buildName").asString()).isEqualTo("release #12");
    var environment = new Properties();
    try (var in = Files.newBufferedReader(results.resolve("environment.properties"))) {
      environment.load(in);
    }
    assertThat(environment)
        .containsEntry("candidate.weightFormat", "int4 gptq")
        .containsEntry("ceval.protocol", "ceval/official-5shot")
        .containsEntry("margin", "1 point");
  }

  @Test
  void figuresForTrendsAndRulesAreInAllures3Form() throws IOException {
    JsonNode metrics =
        JsonMapper.shared().readTree(Files.readAllBytes(results.resolve("performance.json")));
    assertThat(metrics.valueStream().map(metric -> metric.path("key").asString()))
        .contains(
            "quantgate.ceval.delta",
            "quantgate.ceval.flip-rate",
            "quantgate.humaneval.losses",
            "quantgate.candidate.memory",
            "quantgate.candidate.tokens-per-second");
    for (JsonNode metric : metrics) {
      assertThat(metric.path("value").isNumber()).isTrue();
      assertThat(metric.path("start").isIntegralNumber()).isTrue();
      assertThat(metric.path("stop").isIntegralNumber()).isTrue();
      assertThat(metric.path("better").asString("neutral")).isIn("higher", "lower", "neutral");
    }
  }

  @Test
  void everyAttachmentThatIsNamedIsThere() {
    for (JsonNode result : results(results)) {
      result
          .findValues("source")
          .forEach(name -> assertThat(results.resolve(name.asString())).isNotEmptyFile());
    }
  }
}
