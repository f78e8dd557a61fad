package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.record.SelfTest;
import dev.quantgate.evaluation.record.SelfTest.Kind;
import dev.quantgate.evaluation.record.SelfTest.Status;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The harness tests itself before its verdict is relied on, and says what it found. */
class SelfTestsTest {
  @TempDir Path folder;
  private TwoModels models;
  private Fixtures fixtures;

  @BeforeEach
  void models() {
    models = TwoModels.in(folder);
    fixtures =
        new Fixtures()
            .pairs("cmnli", 600)
            .code("humaneval", 40)
            .model(models.fp16())
            .model(models.int4());
  }

  private Comparison run(String baseline, String... suites) {
    return fixtures
        .quantGate()
        .run(
            new RunRequest(
                baseline,
                models.int4().toString(),
                RunPlan.of(suites),
                RunEnvironment.defaults(),
                GatePolicy.DEFAULT,
                folder.resolve("out")),
            Progress.Listener.NONE);
  }

  private static SelfTest of(Comparison comparison, Kind kind, String suite) {
    return comparison.selfTests().stream()
        .filter(test -> test.kind() == kind && test.suite().equals(suite))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aBaselineThatRepeatsItselfHasNoFlipsAndThatIsSaid() {
    Comparison comparison = run(models.fp16().toString(), "cmnli", "humaneval");

    SelfTest scored = of(comparison, Kind.BASELINE_TWICE, "cmnli");
    assertThat(scored.status()).isEqualTo(Status.PASSED);
    assertThat(scored.flips()).hasValue(0);
    assertThat(scored.detail())
        .isEqualTo(
            "0 flips in 30 items asked again in reverse order, 3 at a time; every log-probability and token is the same");
    assertThat(of(comparison, Kind.BASELINE_TWICE, "humaneval").items()).isEqualTo(2);
    assertThat(of(comparison, Kind.SANDBOX, "humaneval").detail())
        .isEqualTo("all 40 canonical solutions pass and all 40 stubs fail in fake");
    assertThat(of(comparison, Kind.GOLD_ANSWERS, "cmnli").detail())
        .isEqualTo("the right answers score 100 %");
    assertThat(of(comparison, Kind.CHANCE, "cmnli").detail()).isEqualTo("guessing gets 33.33 %");
    assertThat(comparison.suites().getFirst().proven()).isTrue();
  }

  /** Answers otherwise each time that it is asked: nobody can tell what it lost. */
  @Test
  void whereTheBaselineDiffersFromItselfNothingIsProven() {
    fixtures.script(
        models.fp16(),
        new FakeModel.Script() {
          private int asked;

          @Override
          public double logProbability(String prompt, String continuation) {
            boolean first = ++asked <= 600 * 3;
            return first
                ? fixtures.new Knowing(java.util.Set.of()).logProbability(prompt, continuation)
                : -continuation.length() - asked % 7;
          }

          @Override
          public String write(String prompt, String mark) {
            return "";
          }
        });

    Comparison comparison = run(models.fp16().toString(), "cmnli");

    SelfTest twice = of(comparison, Kind.BASELINE_TWICE, "cmnli");
    assertThat(twice.status()).isEqualTo(Status.FAILED);
    assertThat(twice.flips().orElseThrow()).isPositive();
    assertThat(comparison.proven()).isFalse();
    assertThat(comparison.suites().getFirst().proven()).isFalse();
    assertThat(comparison.reason()).contains("not proven").doesNotContain("; proven)");
    assertThat(comparison.notes())
        .anyMatch(note ->
            note.startsWith("cmnli: the baseline differs from itself, so nothing is proven here"));
  }

  @Test
  void ofRecordedAnswersItIsSaidWhyTheyWereNotAskedTwice() throws IOException {
    run(models.fp16().toString(), "cmnli");
    Path first = folder.resolve("first");
    Files.move(folder.resolve("out"), first);

    Comparison comparison = run("replay:%s".formatted(first.resolve("baseline")), "cmnli");

    SelfTest twice = of(comparison, Kind.BASELINE_TWICE, "cmnli");
    assertThat(twice.status()).isEqualTo(Status.NOT_RUN);
    assertThat(twice.detail()).isEqualTo("not run: the baseline's answers were recorded elsewhere");
  }
}
