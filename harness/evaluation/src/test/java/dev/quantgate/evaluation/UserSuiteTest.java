package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import dev.quantgate.evaluation.suite.Suites;
import dev.quantgate.evaluation.verify.VerifyRequest;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Suites that a user describes, from two models' answers to the verdict and the files. */
class UserSuiteTest {
  @TempDir Path folder;

  private static String example(String name) {
    try {
      return Path.of(
              Objects.requireNonNull(UserSuiteTest.class.getResource("/suites/" + name)).toURI())
          .toString();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** Knows all but what the candidate forgets: the answers to one question of each suite. */
  private record Scholar(boolean forgetful) implements FakeModel.Script {
    @Override
    public double logProbability(String prompt, String continuation) {
      String question = prompt.substring(prompt.lastIndexOf("\n\n"));
      String right =
          question.contains("group under addition")
              ? " B"
              : question.contains("Z/6") ? " D" : question.contains("nearest") ? " C" : " A";
      boolean forgotten = forgetful && question.contains("Z/6");
      return continuation.equals(forgotten ? " A" : right) ? -0.5 : -3;
    }

    @Override
    public String write(String prompt, String mark) {
      if (prompt.endsWith("[BEGIN]\n")) {
        return prompt.contains("remove_Occ")
            ? "```python\nremove\n```"
            : forgetful ? "wrong" : "sort\n[DONE]";
      }
      return prompt.contains("Ann") ? " 3 + 1000\n#### 1003" : forgetful ? " #### 9" : " #### 8";
    }
  }

  @Test
  void aUsersSuitesAreAskedGradedAndComparedLikeAnyOther() throws Exception {
    var fixtures = new Fixtures();
    TwoModels models = TwoModels.in(folder);
    fixtures.script(models.fp16(), new Scholar(false)).script(models.int4(), new Scholar(true));
    var services =
        new Services(
            Suites::find,
            fixtures.doors().models(),
            (kind, options) ->
                new RecognisingSandbox(Set.of("remove\n", "sort\n", solution(0), solution(1))));
    List<String> suites =
        List.of(example("mmlu-mini.yaml"), example("gsm8k-mini.yaml"), example("mbpp-mini.yaml"));
    Comparison comparison =
        new QuantGate(services)
            .run(
                models.request(RunPlan.of(suites.toArray(String[]::new)), folder.resolve("out")),
                Progress.Listener.NONE);
    assertThat(comparison.suites())
        .extracting(SuiteComparison::suite)
        .containsExactly("mmlu-mini", "gsm8k-mini", "mbpp-mini");
    assertThat(comparison.suites())
        .allSatisfy(suite -> {
          assertThat(suite.baseline().score()).isEqualTo(1);
          assertThat(suite.losses()).isEqualTo(1);
          assertThat(suite.data().catalogued()).isFalse();
          assertThat(suite.protocol()).isEqualTo(suite.suite() + "/file");
        });
    assertThat(comparison.suites().getFirst().averages())
        .extracting(SuiteComparison.AverageDelta::name)
        .containsExactly("macro", "micro", "subject/abstract algebra", "subject/astronomy");
    assertThat(comparison.suites().getLast().averages())
        .extracting(SuiteComparison.AverageDelta::name)
        .containsExactly("pass@1");
    String records = Files.readString(folder.resolve("out/candidate/gsm8k-mini.jsonl"));
    assertThat(records).contains("\"answer\":\"9\",\"expected\":\"8\"");
    assertThat(Files.readString(folder.resolve("out/candidate/identity.json")))
        .contains("suite.gsm8k-mini.data", "suite.mmlu-mini.prompts");

    Path out = folder.resolve("out");
    assertThat(
            new QuantGate(services)
                .verify(out, new VerifyRequest(DataOptions.standard(), suites))
                .sound())
        .isTrue();
    assertThat(new QuantGate(services).verify(out, VerifyRequest.standard()).unverified())
        .anyMatch(line -> line.startsWith("candidate: gsm8k-mini: its records were held against"));

    // A finished run is answers to replay, and its records are read back as they were.
    Comparison again =
        new QuantGate(services)
            .run(
                new RunRequest(
                    "replay:" + folder.resolve("out/baseline"),
                    "replay:" + folder.resolve("out/candidate"),
                    RunPlan.of(suites.toArray(String[]::new)),
                    RunEnvironment.defaults(),
                    new GatePolicy(1, OnInconclusive.POINT),
                    folder.resolve("again")),
                Progress.Listener.NONE);
    assertThat(
            new QuantGate(services)
                .verify(folder.resolve("again"), new VerifyRequest(DataOptions.standard(), suites))
                .sound())
        .isTrue();
    assertThat(again.suites())
        .extracting(SuiteComparison::losses)
        .isEqualTo(comparison.suites().stream().map(SuiteComparison::losses).toList());
  }

  private static String solution(int row) {
    try {
      String line = Files.readAllLines(Path.of(example("mbpp-mini.jsonl"))).get(row);
      return tools.jackson.databind.json.JsonMapper.shared()
          .readTree(line)
          .path("code")
          .stringValue();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
