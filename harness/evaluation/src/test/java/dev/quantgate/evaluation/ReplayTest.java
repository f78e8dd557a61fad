package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplayTest {
  @TempDir Path folder;
  final Fixtures fixtures =
      new Fixtures().code("humaneval", 20).exam("ceval", 8, 8).pairs("cmnli", 9);

  private static String completions(int... wrong) {
    return completionsOf(20, wrong);
  }

  private static String completionsOf(int problems, int... wrong) {
    return IntStream.range(0, problems)
        .mapToObj(i ->
            "{\"task_id\": \"HumanEval/"
                + i
                + "\", \"completion\": \"    return "
                + (IntStream.of(wrong).anyMatch(w -> w == i) ? 0 : 1000 + i)
                + "\\n\"}\n")
        .collect(Collectors.joining());
  }

  private Path file(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private Comparison run(Path baseline, Path candidate, String... suites) {
    return fixtures
        .quantGate()
        .run(
            new RunRequest(
                "replay:" + baseline,
                "replay:" + candidate,
                RunPlan.of(suites),
                RunEnvironment.defaults(),
                GatePolicy.DEFAULT,
                folder.resolve("out")),
            Progress.Listener.NONE);
  }

  @Test
  void recordedCompletionsAreExecutedAsTheyAreAndPaired() throws IOException {
    Path good = file("good.jsonl", completions());
    Path broken = file("broken.jsonl", "\n" + completions(3, 19) + "  \r\n");
    Comparison comparison = run(good, broken, "humaneval");
    assertThat(comparison.exitCode()).isEqualTo(1);
    assertThat(comparison.flips())
        .extracting(Flip::id, Flip::kind)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("HumanEval/3", Flip.Kind.LOSS),
            org.assertj.core.groups.Tuple.tuple("HumanEval/19", Flip.Kind.LOSS));
    assertThat(comparison.baseline().live()).isFalse();
    assertThat(comparison.baseline().usage()).isEmpty();
    assertThat(comparison.notes())
        .contains(
            "baseline: answers recorded elsewhere (replay:" + good + ")",
            "humaneval: the prompts of both models are unknown and were not compared",
            "humaneval: token ids are not known of both models and were not compared");
  }

  /** One problem of 164, as published of CodeFuse-CodeLlama-34B: 74.4 % and 73.8 %. */
  @Test
  void oneProblemOf164PassesByThePointRuleUnprovenAndSaysWhatAProofTakes() throws IOException {
    var humanEval = new Fixtures().code("humaneval", 164);
    int[] wrong = IntStream.range(122, 164).toArray();
    Path fp16 = file("fp16.jsonl", completionsOf(164, wrong));
    Path int4 = file("int4.jsonl", completionsOf(164, IntStream.range(121, 164).toArray()));
    for (Path answers : List.of(fp16, int4)) {
      humanEval
          .quantGate()
          .eval(
              new EvalRequest(
                  "replay:" + answers,
                  RunPlan.of("humaneval"),
                  RunEnvironment.defaults(),
                  folder.resolve("eval-" + answers.getFileName())),
              Progress.Listener.NONE);
    }
    Comparison comparison =
        humanEval
            .quantGate()
            .compare(
                new CompareRequest(
                    folder.resolve("eval-fp16.jsonl"),
                    folder.resolve("eval-int4.jsonl"),
                    GatePolicy.DEFAULT,
                    folder.resolve("compared")));

    assertThat(comparison.verdict()).isEqualTo(Verdict.PASS);
    assertThat(comparison.finding()).isEqualTo(Finding.INCONCLUSIVE);
    assertThat(comparison.proven()).isFalse();
    assertThat(comparison.exitCode()).isZero();
    assertThat(comparison.reason())
        .isEqualTo(
            "humaneval: delta -0.61 points, within the 1.00 allowed (1 loss, 0 gains in 164 items;"
                + " point rule, not proven); 95 % bounds -2.69 and +1.02, McNemar p 1.000;"
                + " a proof takes about 377 items at this flip rate of 0.61 %, a loss shows from"
                + " 1.52 points; no number of samples of these 164 problems can prove it");
  }

  @Test
  void identicalRecordingsPass() throws IOException {
    Path good = file("good.jsonl", completions(1));
    assertThat(run(good, good, "humaneval").exitCode()).isZero();
  }

  @Test
  void aCompressedRecordingIsReadToo() throws IOException {
    Path file = folder.resolve("good.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(completions().getBytes(StandardCharsets.UTF_8));
    }
    assertThat(run(file, file, "humaneval").suites().getFirst().baseline().correct()).isEqualTo(20);
  }

  @Test
  void severalLinesOfOneProblemAreItsSamples() throws IOException {
    Path twice = file("twice.jsonl", completions() + completions(2));
    SuiteComparison suite = run(twice, twice, "humaneval").suites().getFirst();
    assertThat(suite.baseline().answers()).isEqualTo(40);
    assertThat(suite.baseline().correct()).isEqualTo(39);
    assertThat(suite.baseline().score()).isEqualTo(39.0 / 40);
    assertThat(suite.averages())
        .filteredOn(average -> average.name().equals("pass@1"))
        .singleElement()
        .satisfies(average -> assertThat(average.baseline()).isEqualTo(39.0 / 40));
  }

  @Test
  void aFolderAnswersSeveralSuites() throws IOException {
    String exam =
        IntStream.range(0, 16)
            .mapToObj(i ->
                "{\"id\":\"subject_"
                    + "ab".charAt(i / 8)
                    + "/"
                    + i % 8
                    + "\",\"answer\":\""
                    + "ABCD".charAt(i % 4)
                    + "\"}\n")
            .collect(Collectors.joining());
    String labels =
        IntStream.range(0, 9)
            .mapToObj(i ->
                "{\"answer\":\""
                    + new String[] {"contradiction", " Entailment", ""}[i % 3]
                    + "\",\"id\":"
                    + i
                    + ",\"by\":{}}\n")
            .collect(Collectors.joining());
    file("all/ceval.jsonl", exam);
    file("all/cmnli.jsonl", labels);
    Path all = folder.resolve("all");
    Comparison comparison = run(all, all, "ceval", "cmnli");
    assertThat(comparison.suites().getFirst().baseline().correct()).isEqualTo(16);
    assertThat(comparison.suites().getLast().baseline().correct()).isEqualTo(6);
    assertThat(comparison.suites().getLast().items()).isEqualTo(9);
    assertThat(comparison.verdict()).isEqualTo(Verdict.PASS);
  }

  @Test
  void anItemWithoutAnAnswerIsAFaultAndManyOfThemAreInvalid() throws IOException {
    Path good = file("good.jsonl", completions());
    Path short_ =
        file("short.jsonl", completions().lines().limit(19).collect(Collectors.joining("\n")));
    Comparison comparison = run(good, short_, "humaneval");
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(comparison.reason()).contains("candidate MISSING: 1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "no json|line 21: expected a JSON object, found other text",
        "[1]|line 21: expected a JSON object, found a list",
        "{\"task_id\":\"HumanEval/1\"}|line 21: expected \"completion\" with a text, found nothing",
        "{\"task_id\":\"HumanEval/1\",\"completion\":7}|line 21: expected \"completion\" with a text, found 7",
        "{\"completion\":\"\"}|line 21: expected {\"task_id\": ..., \"completion\": ...}, found no \"task_id\"",
        "{\"task_id\":null,\"completion\":\"\"}|line 21: expected {\"task_id\": ..., \"completion\": ...}, found \"task_id\" with nothing",
        "{\"task_id\":\"HumanEval/999\",\"completion\":\"\"}|line 21: \"HumanEval/999\" is no item of humaneval (humaneval.jsonl), whose first is HumanEval/0",
        "{\"task_id\":\"HumanEval/1\",\"task_id\":\"HumanEval/2\",\"completion\":\"\"}|line 21: expected a JSON object",
        "{\"task_id\":\"HumanEval/1\",\"completion\":\"a\"} x|line 21: expected a JSON object"
      })
  void aHostileLineIsRefusedWithItsNumber(String line, String message) throws IOException {
    Path good = file("good.jsonl", completions());
    Path bad = file("bad.jsonl", completions() + line + "\n");
    assertThatThrownBy(() -> run(good, bad, "humaneval"))
        .isInstanceOf(EvaluationException.class)
        .hasMessageStartingWith(bad + ", " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"id\":\"subject_a/0\",\"answer\":\"E\"}|ceval item subject_a/0: expected one of A, B, C, D (or nothing), found \"E\"",
        "{\"id\":\"subject_a/0\",\"answer\":\"A\"}\\n{\"id\":\"subject_a/0\",\"answer\":\"A\"}|line 2: item subject_a/0 was answered in line 1 already",
        "{\"id\":\"subject_a/0\",\"answer\":[\"A\"]}|line 1: expected \"answer\" with a text, found a list",
        "``|has no answers; expected lines {\"id\": ..., \"answer\": ...}"
      })
  void aHostileChoiceIsRefused(String lines, String message) throws IOException {
    Path bad = file("bad.jsonl", lines.replace("\\n", "\n"));
    assertThatThrownBy(() -> run(bad, bad, "ceval"))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining(bad.toString())
        .hasMessageContaining(message);
  }

  @Test
  void bytesThatAreNoUtf8AreRefusedWithTheLine() throws IOException {
    Path good = file("good.jsonl", completions());
    Path bad = folder.resolve("bad.jsonl");
    Files.write(bad, new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}', '\n'});
    assertThatThrownBy(() -> run(good, bad, "humaneval")).hasMessageContaining("bad.jsonl, line 1");
  }

  @Test
  void oneFileForSeveralSuitesIsRefusedSayingWhatToGive() throws IOException {
    Path good = file("good.jsonl", completions());
    assertThatThrownBy(() -> run(good, good, "humaneval", "ceval"))
        .hasMessageContaining("one file answers one suite, and 2 are asked")
        .hasMessageContaining("give a folder with humaneval.jsonl");
  }

  @Test
  void anotherRecordingInTheSameFolderIsAnotherRun() throws IOException {
    Path good = file("good.jsonl", completions());
    Path other = file("other.jsonl", completions(1));
    run(good, good, "humaneval");
    assertThatThrownBy(() -> run(good, other, "humaneval"))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("model.recording.humaneval");
  }
}
