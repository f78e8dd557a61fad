package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Evidence;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Stopping;
import dev.quantgate.evaluation.run.BaselineChoice;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import dev.quantgate.evaluation.verify.Verification;
import dev.quantgate.evaluation.verify.VerifyRequest;
import dev.quantgate.inference.EngineOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoppedRunTest {
  private static final int ITEMS = 1200;
  private static final List<String> WRITTEN =
      List.of(
          "comparison.json",
          "pairs/cmnli.jsonl",
          "baseline/identity.json",
          "baseline/cmnli.jsonl",
          "candidate/identity.json",
          "candidate/cmnli.jsonl");

  @TempDir Path folder;
  private final Fixtures fixtures = new Fixtures().pairs("cmnli", ITEMS).code("humaneval", 60);
  private TwoModels models;
  private RunEnvironment environment = RunEnvironment.defaults();

  @BeforeEach
  void makeFolders() {
    models = TwoModels.in(folder);
    fixtures.model(models.fp16()).model(models.int4());
  }

  private Comparison run(String suites, Path out, boolean stop) {
    return fixtures
        .quantGate()
        .run(
            new RunRequest(
                models.fp16().toString(),
                models.int4().toString(),
                RunPlan.of(suites),
                environment,
                GatePolicy.DEFAULT,
                out,
                stop,
                BaselineChoice.ASKED),
            Progress.Listener.NONE);
  }

  private void assertSound(String out) {
    Verification verification =
        fixtures.quantGate().verify(folder.resolve(out), VerifyRequest.standard());
    assertThat(verification.differences()).isEmpty();
    assertThat(verification.sound()).isTrue();
  }

  /** Every tenth item is lost. */
  private void loseATenth() {
    fixtures.model(models.int4(), TwoModels.everyTenth(ITEMS));
  }

  @Test
  void aModelThatLostNothingIsProvenToPassBeforeAllItemsAreAsked() {
    Comparison comparison = run("cmnli", folder.resolve("out"), true);
    SuiteComparison suite = comparison.suites().getFirst();

    assertThat(comparison.verdict()).isEqualTo(Verdict.PASS);
    assertThat(comparison.proven()).isTrue();
    assertThat(suite.finding()).isEqualTo(Finding.PASS);
    assertThat(suite.stopping().map(Stopping::planned)).contains(ITEMS);
    assertThat(suite.asked()).isBetween(300, 800).isEqualTo(suite.asked() / 32 * 32);
    assertThat(suite.limited()).isFalse();
    Evidence evidence = suite.evidence().orElseThrow();
    assertThat(evidence.method()).isEqualTo(Evidence.Method.SEQUENCE);
    assertThat(evidence.difference().lowerPoints()).isGreaterThan(-1);
    assertThat(evidence.loss().mcnemar()).isEmpty();
    assertThat(suite.reason())
        .contains("; proven)")
        .contains("decided after %d of 1,200 items".formatted(suite.asked()));
  }

  @Test
  void aModelThatLostATenthFailsAfterAFewBlocks() {
    loseATenth();
    Comparison comparison = run("cmnli", folder.resolve("out"), true);

    assertThat(comparison.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(comparison.proven()).isTrue();
    assertThat(comparison.suites().getFirst().evidence().orElseThrow().loss().beyondMargin())
        .isTrue();
    assertThat(comparison.suites().getFirst().asked()).isBetween(64, 600);
  }

  @Test
  void programsAreExecutedBlockByBlock() {
    fixtures.model(
        models.int4(),
        IntStream.range(0, 60).mapToObj("HumanEval/%d"::formatted).toArray(String[]::new));
    Comparison comparison = run("humaneval", folder.resolve("out"), true);

    assertThat(comparison.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(comparison.suites().getFirst().asked()).isEqualTo(32);
    assertSound("out");
  }

  @Test
  void anInterruptedRunStopsWhereAnUninterruptedOneDoes() throws IOException {
    loseATenth();
    Path whole = folder.resolve("whole");
    Comparison expected = run("cmnli", whole, true);
    Path killed = folder.resolve("killed");
    var calls = new AtomicInteger();
    FakeModel.Script knowing = fixtures.new Knowing(Set.of(TwoModels.everyTenth(ITEMS)));
    fixtures.script(
        models.int4(),
        new FakeModel.Script() {
          @Override
          public double logProbability(String prompt, String continuation) {
            if (calls.incrementAndGet() > 150) {
              throw new IllegalStateException("killed");
            }
            return knowing.logProbability(prompt, continuation);
          }

          @Override
          public String write(String prompt, String mark) {
            return knowing.write(prompt, mark);
          }
        });
    assertThatThrownBy(() -> run("cmnli", killed, true)).hasMessageContaining("killed");
    assertThat(killed.resolve("candidate/cmnli.jsonl")).doesNotExist();
    loseATenth();
    Comparison continued = run("cmnli", killed, true);

    assertThat(continued.suites()).isEqualTo(expected.suites());
    for (String file : WRITTEN.subList(1, WRITTEN.size())) {
      assertThat(killed.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
    }
    assertSound("killed");
  }

  @Test
  void theCandidateStopsAgainstAWholeBaselineWhereBothDoNotFit() throws IOException {
    Files.writeString(models.fp16().resolve("weights"), "too many");
    environment =
        new RunEnvironment(
            environment.engine(),
            EngineOptions.defaults().withMemory(OptionalLong.of(10)),
            environment.sandbox(),
            environment.requiredSandbox(),
            environment.sandboxOptions());
    Comparison apart = run("cmnli", folder.resolve("apart"), true);
    assertThat(Files.readAllLines(folder.resolve("apart/baseline/cmnli.jsonl"))).hasSize(ITEMS);
    assertThat(Files.readString(folder.resolve("apart/baseline/identity.json")))
        .doesNotContain("suite.cmnli.order");
    environment = RunEnvironment.defaults();
    Comparison inTurns = run("cmnli", folder.resolve("turns"), true);

    assertThat(apart.suites().getFirst().asked()).isEqualTo(inTurns.suites().getFirst().asked());
    assertThat(apart.suites().getFirst().evidence())
        .isEqualTo(inTurns.suites().getFirst().evidence());
    assertSound("apart");
    assertThat(folder.resolve("apart/candidate/cmnli.jsonl"))
        .hasSameBinaryContentAs(folder.resolve("turns/candidate/cmnli.jsonl"));
  }

  @Test
  void aStoppedRunIsComparedByItsSequenceAndNeverContinuedAsAWholeOne() {
    Path out = folder.resolve("out");
    Comparison stopped = run("cmnli", out, true);
    Comparison again =
        fixtures
            .quantGate()
            .compare(new CompareRequest(out, out, GatePolicy.DEFAULT, folder.resolve("again")));
    assertThat(again.suites()).isEqualTo(stopped.suites());
    assertThatThrownBy(() -> run("cmnli", out, false))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("order");

    run("cmnli", folder.resolve("whole"), false);
    Comparison mixed =
        fixtures
            .quantGate()
            .compare(
                new CompareRequest(
                    folder.resolve("whole"), out, GatePolicy.DEFAULT, folder.resolve("mixed")));
    assertThat(mixed.suites().getFirst().evidence())
        .isEqualTo(stopped.suites().getFirst().evidence());
    assertThat(mixed.verdict()).isEqualTo(Verdict.PASS);
    assertSound("again");
    assertSound("mixed");
  }

  @Test
  void aStoppedRunWhoseRecordsWereCutIsRefused() throws IOException {
    Path out = folder.resolve("out");
    run("cmnli", out, true);
    Path records = out.resolve("candidate/cmnli.jsonl");
    List<String> lines = Files.readAllLines(records);
    Files.write(records, lines.subList(0, lines.size() - 1));
    assertThatThrownBy(() ->
            fixtures
                .quantGate()
                .compare(new CompareRequest(out, out, GatePolicy.DEFAULT, folder.resolve("again"))))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("the file was changed or cut");
  }
}
