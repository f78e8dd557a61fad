package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.base.fixture.OfficialData;
import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.CodeProblem;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.record.Json;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import dev.quantgate.evaluation.suite.Suites;
import dev.quantgate.inference.InferenceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The official data answered by recordings. Programs are not executed here, but for OpenAI's own
 * example: one is right that is the canonical solution (the sandboxes' own tests execute them).
 */
class RealReplayTest {
  @TempDir Path folder;

  private SuiteData load(String suite) {
    return BenchmarkData.load(suite, new DataOptions(Optional.of(OfficialData.with(suite)), false));
  }

  private Comparison compare(String suite, Path baseline, Path candidate) {
    var doors =
        new Services(
            Suites::find,
            (engine, path, options) -> {
              throw new InferenceException(
                  InferenceException.Kind.NO_ENGINE, "no model is asked here");
            },
            (kind, options) -> RecognisingSandbox.of(load(suite)));
    return new QuantGate(doors)
        .run(
            new RunRequest(
                "replay:" + baseline,
                "replay:" + candidate,
                RunPlan.of(suite).withData(OfficialData.with(suite), false),
                RunEnvironment.defaults(),
                GatePolicy.DEFAULT,
                folder.resolve("out")),
            Progress.Listener.NONE);
  }

  private Path write(String name, List<? extends Map<String, String>> lines) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, lines.stream().map(line -> Json.lines().writeValueAsString(line)).toList());
    return file;
  }

  @Test
  void canonicalSolutionsAgainstBrokenOnesGiveTheRightFlips() throws IOException {
    List<CodeProblem> problems = ((SuiteData.Code) load("humaneval")).problems();
    List<Map<String, String>> canonical = new ArrayList<>();
    List<Map<String, String>> broken = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < problems.size(); i++) {
      CodeProblem problem = problems.get(i);
      canonical.add(Map.of("task_id", problem.id(), "completion", problem.canonicalSolution()));
      if (i % 13 == 5) {
        wrong.add(problem.id());
      }
      broken.add(
          Map.of(
              "task_id",
              problem.id(),
              "completion",
              i % 13 == 5 ? "    return None\n" : problem.canonicalSolution()));
    }
    Comparison comparison =
        compare("humaneval", write("canonical.jsonl", canonical), write("broken.jsonl", broken));
    SuiteComparison suite = comparison.suites().getFirst();
    assertThat(suite.baseline().correct()).isEqualTo(164);
    assertThat(suite.candidate().correct()).isEqualTo(164 - 13);
    assertThat(comparison.flips()).extracting(Flip::id).isEqualTo(wrong).hasSize(13);
    assertThat(comparison.flips()).extracting(Flip::kind).containsOnly(Flip.Kind.LOSS);
    assertThat(comparison.exitCode()).isEqualTo(1);
  }

  @Test
  void goldenCountsPerSubjectGiveTheGoldenAverages() throws IOException {
    JsonNode golden =
        Json.lines()
            .readTree(
                Files.readString(OfficialData.with("ceval").resolve("ceval/golden-counts.json")));
    var exam = (SuiteData.Exam) load("ceval");
    Map<String, Integer> given = new HashMap<>();
    List<Map<String, String>> right = new ArrayList<>();
    List<Map<String, String>> answers = new ArrayList<>();
    for (SuiteData.ExamQuestion question : exam.questions()) {
      int count = given.merge(question.subject(), 1, Integer::sum);
      int wanted = golden.path("subjects").path(question.subject()).path(0).intValue();
      int answer = count <= wanted ? question.answer() : (question.answer() + 1) % 4;
      answers.add(Map.of("id", question.id(), "answer", "ABCD".substring(answer, answer + 1)));
      right.add(
          Map.of(
              "id",
              question.id(),
              "answer",
              "ABCD".substring(question.answer(), question.answer() + 1)));
    }
    SuiteComparison suite =
        compare("ceval", write("right.jsonl", right), write("answers.jsonl", answers))
            .suites()
            .getFirst();
    assertThat(suite.items()).isEqualTo(1346);
    assertThat(suite.baseline().correct()).isEqualTo(1346);
    assertThat(suite.candidate().correct()).isEqualTo(997);
    Function<String, Double> average =
        name ->
            suite.averages().stream()
                .filter(each -> each.name().equals(name))
                .mapToDouble(each -> 100 * each.candidate())
                .findFirst()
                .orElseThrow(() -> new AssertionError("no average " + name));
    Offset<Double> rounding = Offset.offset(0.00005 + 1e-9);
    assertThat(100 * suite.candidate().score())
        .isCloseTo(golden.path("micro").doubleValue(), rounding);
    assertThat(average.apply("macro")).isCloseTo(golden.path("macro").doubleValue(), rounding);
    for (String category : List.of("STEM", "Social Science", "Humanities", "Other")) {
      assertThat(average.apply("category/" + category))
          .as(category)
          .isCloseTo(golden.path(category).doubleValue(), rounding);
    }
    assertThat(average.apply("hard")).isBetween(0.0, 100.0);
  }

  @Test
  void everyLabelledSentencePairIsReadRenderedAndGraded() throws IOException {
    var pairs = (SuiteData.Pairs) load("cmnli");
    List<Map<String, String>> answers = new ArrayList<>();
    for (int i = 0; i < pairs.pairs().size(); i++) {
      SuiteData.SentencePair pair = pairs.pairs().get(i);
      String label = pair.label().name().toLowerCase(java.util.Locale.ROOT);
      answers.add(Map.of("id", pair.id(), "answer", i % 100 == 0 ? "" : label));
    }
    Path file = write("answers.jsonl", answers);
    SuiteComparison suite = compare("cmnli", file, file).suites().getFirst();
    assertThat(suite.items()).isEqualTo(12_235);
    assertThat(suite.baseline().correct()).isEqualTo(12_235 - 123);
    assertThat(Files.readAllLines(folder.resolve("out/prompts/cmnli.jsonl")))
        .hasSize(12_235)
        .allSatisfy(line -> assertThat(line).contains("语句一：“").contains("请问这两句话是什么关系"));
  }

  /** What that repository says of its example: pass@1 is 0.5. */
  @Test
  void halfOfOpenAisExampleSamplesPass() {
    Path examples =
        OfficialData.with("humaneval/example_problem.jsonl", "humaneval/example_samples.jsonl")
            .resolve("humaneval");
    var assignment =
        RunPlan.of("humaneval").withData(examples.resolve("example_problem.jsonl"), true);
    RunEnvironment usual = RunEnvironment.defaults();
    var machinery =
        new RunEnvironment(
            usual.engine(),
            usual.engineOptions(),
            "embedded",
            Optional.of("embedded"),
            usual.sandboxOptions());
    Evaluation evaluation =
        new QuantGate()
            .eval(
                new EvalRequest(
                    "replay:" + examples.resolve("example_samples.jsonl"),
                    assignment,
                    machinery,
                    folder.resolve("out")),
                Progress.Listener.NONE);
    Evaluation.SuiteResult suite = evaluation.suites().getFirst();
    assertThat(suite.ungraded()).isEmpty();
    assertThat(suite.score().answers()).isEqualTo(6);
    assertThat(suite.score().correct()).isEqualTo(3);
    assertThat(suite.averages())
        .filteredOn(average -> average.name().equals("pass@1"))
        .singleElement()
        .satisfies(average -> assertThat(average.score()).isEqualTo(0.5));
  }
}
