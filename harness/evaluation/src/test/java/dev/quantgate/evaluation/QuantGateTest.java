package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.RunPlan.Sampling;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.MarginKind;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.Reseal;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import dev.quantgate.inference.Outcome;
import dev.quantgate.sandbox.SandboxOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantGateTest {
  @TempDir Path folder;
  TwoModels models;
  Path out;
  Fixtures fixtures;

  @BeforeEach
  void makeModels() {
    models = TwoModels.in(folder);
    out = folder.resolve("out");
    fixtures = new Fixtures().code("humaneval", 40).exam("ceval", 20, 16, 12, 8).pairs("cmnli", 60);
    fixtures.model(models.fp16()).model(models.int4());
  }

  private RunRequest request(RunPlan assignment) {
    return models.request(assignment, out);
  }

  private Comparison run(String... suites) {
    return run(request(RunPlan.of(suites)));
  }

  private Comparison run(RunRequest request) {
    Comparison comparison = fixtures.quantGate().run(request, Progress.Listener.NONE);
    assertMeetsSchema(request.out().resolve("comparison.json"));
    assertThat(ComparisonFolder.read(request.out()).comparison()).isEqualTo(comparison);
    return comparison;
  }

  private static void assertMeetsSchema(Path file) {
    try {
      var schema =
          SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
              .getSchema(
                  new String(ComparisonFolder.jsonSchema(), StandardCharsets.UTF_8),
                  InputFormat.JSON);
      assertThat(schema.validate(Files.readString(file), InputFormat.JSON)).isEmpty();
      assertThat(schema.validate("{\"schemaVersion\": 2}", InputFormat.JSON)).isNotEmpty();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static RunPlan limited(int limit, long seed, String... suites) {
    return RunPlan.of(suites).withLimit(limit).withSeed(seed);
  }

  private static RunPlan by(String suite, String variant, Sampling sampling) {
    return RunPlan.of(suite).withSeed(3).withProtocol(suite, variant).withSampling(sampling);
  }

  @Test
  void onlyTheItemsThatAreNamedAreAsked() {
    Comparison comparison =
        fixtures
            .quantGate()
            .run(
                request(RunPlan.of("humaneval", "cmnli").withItems("HumanEval/3", "7", "4")),
                Progress.Listener.NONE);
    assertThat(comparison.suites())
        .extracting(SuiteComparison::suite, SuiteComparison::items)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("humaneval", 1),
            org.assertj.core.groups.Tuple.tuple("cmnli", 2));
    assertThatThrownBy(
            () -> fixtures.quantGate().plan(RunPlan.of("humaneval").withItems("HumanEval/3", "x")))
        .hasMessageContainingAll(
            "--items: \"x\" is no item of humaneval", "first of humaneval is \"HumanEval/0\"");
    assertThatThrownBy(() ->
            fixtures.quantGate().plan(RunPlan.of("humaneval", "cmnli").withItems("HumanEval/3")))
        .hasMessageContaining("--items names no item of cmnli, whose first is \"0\"");
    assertThatThrownBy(() -> RunPlan.of("humaneval").withItems("HumanEval/3").withLimit(2))
        .hasMessageContaining("either --limit or --items");
  }

  @Test
  void twoModelsThatAnswerAlikePass() {
    Comparison comparison = run("humaneval", "ceval", "cmnli");
    assertThat(comparison.verdict()).isEqualTo(Verdict.PASS);
    assertThat(comparison.exitCode()).isZero();
    assertThat(comparison.flips()).isEmpty();
    assertThat(comparison.suites())
        .extracting(SuiteComparison::suite)
        .containsExactly("humaneval", "ceval", "cmnli");
    assertThat(comparison.suites()).extracting(SuiteComparison::items).containsExactly(40, 56, 60);
    assertThat(comparison.suites())
        .allSatisfy(suite -> {
          assertThat(suite.baseline().score()).isEqualTo(1);
          assertThat(suite.deltaPoints()).isZero();
          assertThat(suite.bothRight()).isEqualTo(suite.items());
        });
    assertThat(comparison.baseline().usage()).isPresent();
    assertThat(comparison.baseline().identity()).containsEntry("weightsSha256", "weights of fp16");
  }

  @Test
  void flipsCarryTheirDirectionAndWhatWasAnswered() {
    fixtures
        .model(models.fp16(), "HumanEval/7", "subject_b/3")
        .model(models.int4(), "HumanEval/9", "HumanEval/11", "HumanEval/7", "subject_c/1");
    Comparison comparison = run("humaneval", "ceval");
    assertThat(comparison.flips())
        .extracting(Flip::suite, Flip::id, Flip::kind)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("humaneval", "HumanEval/9", Flip.Kind.LOSS),
            org.assertj.core.groups.Tuple.tuple("humaneval", "HumanEval/11", Flip.Kind.LOSS),
            org.assertj.core.groups.Tuple.tuple("ceval", "subject_b/3", Flip.Kind.GAIN),
            org.assertj.core.groups.Tuple.tuple("ceval", "subject_c/1", Flip.Kind.LOSS));
    Flip code = comparison.flips().getFirst();
    assertThat(code.baselineAnswer()).isEqualTo("    return 1009\n");
    assertThat(code.candidateDetail()).isEqualTo("FAILED: AssertionError: <object at 0x...>");
    Flip choice = comparison.flips().getLast();
    assertThat(choice.expected()).isEqualTo("B");
    assertThat(choice.baselineAnswer()).isEqualTo("B");
    assertThat(choice.candidateAnswer()).isEqualTo("C");
    assertThat(choice.baselineMargin()).isPresent();
    SuiteComparison humaneval = comparison.suites().getFirst();
    assertThat(humaneval.baseline().correct()).isEqualTo(39);
    assertThat(humaneval.candidate().correct()).isEqualTo(37);
    assertThat(humaneval.losses()).isEqualTo(2);
    assertThat(humaneval.gains()).isZero();
    assertThat(humaneval.bothWrong()).isEqualTo(1);
    assertThat(humaneval.deltaPoints()).isEqualTo(-5.0);
    assertThat(humaneval.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(comparison.suites().get(1).verdict()).isEqualTo(Verdict.PASS);
    assertThat(comparison.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(comparison.exitCode()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"5.0, PASS", "4.999999, FAIL", "100, INVALID", "0, FAIL"})
  void aLossOfExactlyTheMarginPasses(double margin, Verdict verdict) {
    fixtures.model(models.int4(), "HumanEval/0", "HumanEval/1");
    RunRequest request = request(RunPlan.of("humaneval"));
    Comparison comparison =
        run(
            new RunRequest(
                request.baseline(),
                request.candidate(),
                request.plan(),
                request.environment(),
                new GatePolicy(
                    new Margin(margin, MarginKind.ABSOLUTE, Optional.of("20 problems")),
                    Map.of(),
                    OnInconclusive.POINT),
                out));
    assertThat(comparison.verdict()).isEqualTo(verdict);
    assertThat(comparison.proven()).isFalse();
    if (verdict == Verdict.PASS) {
      assertThat(comparison.reason()).contains("for this reason: 20 problems");
    }
  }

  @Test
  void aPolicyThatReportsSaysInconclusiveWhereNothingIsProven() {
    RunRequest request = request(RunPlan.of("humaneval"));
    Comparison comparison =
        run(
            new RunRequest(
                request.baseline(),
                request.candidate(),
                request.plan(),
                request.environment(),
                new GatePolicy(1, OnInconclusive.REPORT),
                out));
    assertThat(comparison.finding()).isEqualTo(Finding.INCONCLUSIVE);
    assertThat(comparison.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(comparison.proven()).isFalse();
    assertThat(comparison.exitCode()).isEqualTo(3);
  }

  @Test
  void anExamReportsItsMacroCategoryAndHardAverages() {
    fixtures.model(models.int4(), "subject_d/0", "subject_d/1");
    SuiteComparison exam = run("ceval").suites().getFirst();
    assertThat(exam.deltaPoints()).isEqualTo(-100.0 * 2 / 56);
    assertThat(exam.averages())
        .filteredOn(average -> average.name().equals("macro"))
        .singleElement()
        .satisfies(macro -> {
          assertThat(macro.baseline()).isEqualTo(1);
          assertThat(macro.candidate()).isEqualTo((1 + 1 + 1 + 0.75) / 4);
        });
    assertThat(exam.averages())
        .extracting(SuiteComparison.AverageDelta::name)
        .contains("macro", "category/STEM", "category/Humanities", "hard");
  }

  @Test
  void theFolderHoldsWhatTheDesignSays() throws IOException {
    run("humaneval", "ceval");
    try (var files = Files.walk(out)) {
      assertThat(files.filter(Files::isRegularFile).map(file -> out.relativize(file).toString()))
          .containsExactlyInAnyOrder(
              "comparison.json",
              "checksums.json",
              "pairs/humaneval.jsonl",
              "pairs/ceval.jsonl",
              "comparison.schema.json",
              "prompts/humaneval.jsonl",
              "prompts/ceval.jsonl",
              "baseline/checksums.json",
              "baseline/identity.json",
              "baseline/provenance.json",
              "baseline/selftests.json",
              "baseline/humaneval.jsonl",
              "baseline/humaneval.timings.jsonl",
              "baseline/ceval.jsonl",
              "baseline/ceval.timings.jsonl",
              "baseline/journal/humaneval.answers.jsonl",
              "baseline/journal/humaneval.executions.jsonl",
              "baseline/journal/ceval.answers.jsonl",
              "candidate/checksums.json",
              "candidate/identity.json",
              "candidate/provenance.json",
              "candidate/selftests.json",
              "candidate/humaneval.jsonl",
              "candidate/humaneval.timings.jsonl",
              "candidate/ceval.jsonl",
              "candidate/ceval.timings.jsonl",
              "candidate/journal/humaneval.answers.jsonl",
              "candidate/journal/humaneval.executions.jsonl",
              "candidate/journal/ceval.answers.jsonl");
    }
    assertThat(Files.readAllLines(out.resolve("baseline/ceval.jsonl")).getFirst())
        .startsWith("{\"schemaVersion\":2,\"id\":\"subject_a/0\",\"facts\":{\"ordinal\":0,")
        .contains(
            "\"promptTokens\":",
            "\"answer\":\"A\"",
            "\"score\":1.0",
            "\"fault\":null",
            "\"margin\":")
        .contains("\"choices\":[{\"label\":\"A\",\"sum\":-0.25,");
    assertThat(Files.readAllLines(out.resolve("baseline/humaneval.jsonl"))).hasSize(40);
  }

  @Test
  void equalProgramsAreExecutedOnceForBothModels() {
    fixtures.model(models.int4(), "HumanEval/3");
    run("humaneval");
    int selfTest = 15 + 2 * 40;
    assertThat(fixtures.executed()).isEqualTo(40 + 1 + selfTest);
  }

  @Test
  void aFinishedRunIsJudgedAgainWithoutAskingOrExecutingAnything() throws IOException {
    run("humaneval", "ceval");
    byte[] records = Files.readAllBytes(out.resolve("candidate/humaneval.jsonl"));
    int executed = fixtures.executed();
    fixtures.script(models.fp16(), new Mute()).script(models.int4(), new Mute());
    assertThat(run("humaneval", "ceval").verdict()).isEqualTo(Verdict.PASS);
    assertThat(fixtures.executed()).isEqualTo(executed);
    assertThat(Files.readAllBytes(out.resolve("candidate/humaneval.jsonl"))).isEqualTo(records);
  }

  private static final class Mute implements FakeModel.Script {
    @Override
    public double logProbability(String prompt, String continuation) {
      throw new AssertionError("asked again");
    }

    @Override
    public String write(String prompt, String mark) {
      throw new AssertionError("asked again");
    }
  }

  @Test
  void aFolderWithAnotherRunIsRefusedNamingTheFieldAndBothValues() {
    run(request(limited(10, 1, "ceval")));
    assertThatThrownBy(() -> run(request(limited(10, 2, "ceval"))))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("holds another run: --seed: other items of ceval were drawn there\n")
        .isInstanceOfSatisfying(
            EvaluationException.class,
            e ->
                assertThat(e.details())
                    .singleElement()
                    .asString()
                    .startsWith("suite.ceval.items: \"10 "));
    assertThatThrownBy(() -> run("ceval"))
        .hasMessageContaining("holds another run: --limit: 10 there, all now (ceval)\n");
    assertThatThrownBy(() -> run("humaneval"))
        .hasMessageContaining("--suites: \"ceval\" there, \"humaneval\" now (and ");
    fixtures.sandboxVersion("3.14");
    out = folder.resolve("other");
    run("humaneval");
    fixtures.sandboxVersion("3.15");
    assertThatThrownBy(() -> run("humaneval"))
        .hasMessageContaining("the sandbox's python of humaneval: \"3.14\" there, \"3.15\" now");
  }

  @Test
  void aRunIsNotContinuedOnVectorsOfAnotherWidth() {
    run("ceval");
    fixtures.engine("fake/1 256-bit");
    assertThatThrownBy(() -> run("ceval"))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining(
            "holds another run: the engine: \"fake/1 512-bit\" there, \"fake/1 256-bit\" now");
  }

  @ParameterizedTest
  @CsvSource({"fake/1 256-bit, PASS", "fake/2 512-bit, INVALID", "other/1 512-bit, INVALID"})
  void runsOnVectorsOfOtherWidthsAreComparedWithANoteAndOfOtherRevisionsNot(
      String engine, Verdict verdict) {
    Path evalA = folder.resolve("a");
    Path evalB = folder.resolve("b");
    RunPlan assignment = RunPlan.of("ceval");
    fixtures
        .quantGate()
        .eval(
            new EvalRequest(models.fp16().toString(), assignment, RunEnvironment.defaults(), evalA),
            Progress.Listener.NONE);
    fixtures.engine(engine);
    fixtures
        .quantGate()
        .eval(
            new EvalRequest(models.int4().toString(), assignment, RunEnvironment.defaults(), evalB),
            Progress.Listener.NONE);
    Comparison comparison =
        fixtures.quantGate().compare(new CompareRequest(evalA, evalB, GatePolicy.DEFAULT, out));
    String differs = "model.engine differs: \"fake/1 512-bit\" and \"" + engine + "\"";
    assertThat(comparison.verdict()).isEqualTo(verdict);
    if (verdict == Verdict.PASS) {
      assertThat(comparison.notes())
          .contains(differs + "; last bits depend on that, so a near tie may flip by it alone");
    } else {
      assertThat(comparison.reason()).isEqualTo(differs);
      assertThat(comparison.suites())
          .isNotEmpty()
          .allMatch(suite -> suite.verdict() == Verdict.INVALID && !suite.proven());
    }
  }

  @Test
  void bothModelsAreAskedTheSameDrawnItems() throws IOException {
    SuiteComparison suite = run(request(limited(14, 5, "ceval"))).suites().getFirst();
    assertThat(suite.items()).isEqualTo(14);
    assertThat(suite.available()).isEqualTo(56);
    assertThat(ids(out.resolve("baseline/ceval.jsonl")))
        .hasSize(14)
        .isEqualTo(ids(out.resolve("candidate/ceval.jsonl")));
  }

  private static List<String> ids(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(line -> line.substring(7, line.indexOf('"', 7)))
        .toList();
  }

  /** A model with faults on some items, else as it should be. */
  private final class Faulty extends ForwardingScript {
    private final Set<String> items;
    private final Outcome.Fault fault;

    Faulty(Outcome.Fault fault, String... items) {
      super(fixtures.new Knowing(Set.of()));
      this.items = Set.of(items);
      this.fault = fault;
    }

    @Override
    public Optional<Outcome.Fault> fault(String prompt) {
      return items.contains(Fixtures.idIn(prompt)) ? Optional.of(fault) : Optional.empty();
    }
  }

  private abstract static class ForwardingScript implements FakeModel.Forwarding {
    private final FakeModel.Script behind;

    ForwardingScript(FakeModel.Script behind) {
      this.behind = behind;
    }

    @Override
    public FakeModel.Script behind() {
      return behind;
    }
  }

  @Test
  void aFaultLeavesTheItemOutOfBothSidesAndIsListed() {
    fixtures = new Fixtures().pairs("cmnli", 200).model(models.fp16(), "5");
    fixtures.script(models.int4(), new Faulty(Outcome.Fault.NON_FINITE, "5", "77"));
    Comparison comparison = run("cmnli");
    SuiteComparison suite = comparison.suites().getFirst();
    assertThat(suite.verdict()).isEqualTo(Verdict.PASS);
    assertThat(suite.asked()).isEqualTo(200);
    assertThat(suite.items()).isEqualTo(198);
    assertThat(suite.baseline().correct()).isEqualTo(198);
    assertThat(suite.ungraded())
        .extracting(
            SuiteComparison.Ungraded::id,
            SuiteComparison.Ungraded::side,
            SuiteComparison.Ungraded::category)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("5", Side.CANDIDATE, Fault.Category.NON_FINITE),
            org.assertj.core.groups.Tuple.tuple("77", Side.CANDIDATE, Fault.Category.NON_FINITE));
  }

  @Test
  void moreThanOneInAHundredFaultsIsInvalid() {
    fixtures = new Fixtures().pairs("cmnli", 200).model(models.fp16());
    fixtures.script(models.int4(), new Faulty(Outcome.Fault.NON_FINITE, "5", "77", "78"));
    Comparison comparison = run("cmnli");
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(comparison.exitCode()).isEqualTo(2);
    assertThat(comparison.reason())
        .isEqualTo("cmnli: 3 of 200 items have no grade (candidate NON_FINITE: 3), more than 1 %");
  }

  @Test
  void aProgramThatTheSandboxCannotRunIsAFaultAndNoWrongAnswer() {
    fixtures = new Fixtures().code("humaneval", 150).model(models.fp16());
    fixtures.script(
        models.int4(),
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public String write(String prompt, String mark) {
            return prompt.contains("HumanEval/33>")
                ? "    unsupported()\n"
                : super.write(prompt, mark);
          }
        });
    SuiteComparison suite = run("humaneval").suites().getFirst();
    assertThat(suite.items()).isEqualTo(149);
    assertThat(suite.losses()).isZero();
    assertThat(suite.ungraded())
        .extracting(SuiteComparison.Ungraded::category)
        .containsExactly(Fault.Category.UNSUPPORTED);
  }

  @Test
  void programsThatRanOutsideASandboxAreToldOfByEveryReport() {
    fixtures.sandbox("unsafe-local", "split");
    String warning = "humaneval: programs were executed WITHOUT A SANDBOX (unsafe-local)";
    assertThat(eval(models.fp16(), "humaneval", "alone").notes()).containsOnlyOnce(warning);
    assertThat(eval(models.fp16(), "ceval", "choices").notes()).doesNotContain(warning);
    assertThat(run("humaneval").notes()).containsOnlyOnce(warning);
  }

  @Test
  void howOftenTwoCheckersDisagreedIsToldOfEachSide() {
    fixtures.sandbox("fake", "both");
    fixtures.script(
        models.int4(),
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public String write(String prompt, String mark) {
            return prompt.contains("HumanEval/3>") ? "    tampered()\n" : super.write(prompt, mark);
          }
        });
    int programs = eval(models.int4(), "humaneval", "alone").suites().getFirst().asked();
    assertThat(eval(models.int4(), "humaneval", "alone").notes())
        .contains(
            "humaneval: the two checkers disagree about 1 of "
                + programs
                + " programs of the model, of which 1 pass only where they judge themselves");
    assertThat(run("humaneval").notes())
        .anyMatch(
            note -> note.contains("disagree about 0 of " + programs + " programs of the base"))
        .anyMatch(
            note -> note.contains("disagree about 1 of " + programs + " programs of the cand"));
  }

  @Test
  void whatTheSandboxSaysOfItselfIsWrittenDownWhenItHasRun() throws IOException {
    run("humaneval");
    assertThat(fixtures.executed()).isPositive();
    assertThat(Files.readString(out.resolve("candidate/provenance.json")))
        .containsPattern("\"executed\"\\s*:\\s*\"" + fixtures.executed() + "\"");
  }

  private Evaluation eval(Path model, String suite, String into) {
    return fixtures
        .quantGate()
        .eval(
            new EvalRequest(
                model.toString(),
                RunPlan.of(suite),
                RunEnvironment.defaults(),
                folder.resolve(into)),
            Progress.Listener.NONE);
  }

  @Test
  void demosAreDroppedFromTheFrontUntilThePromptFits() throws IOException {
    for (Path model : List.of(models.fp16(), models.int4())) {
      fixtures.script(
          model,
          new ForwardingScript(fixtures.new Knowing(Set.of())) {
            @Override
            public Optional<Outcome.Fault> fault(String prompt) {
              return prompt.contains("<<subject_b/1>>") && prompt.contains("例1")
                  ? Optional.of(Outcome.Fault.TOO_LONG)
                  : Optional.empty();
            }
          });
    }
    Comparison comparison = run("ceval");
    assertThat(comparison.verdict()).isEqualTo(Verdict.PASS);
    assertThat(comparison.suites().getFirst().diagnostics().shortened()).isEqualTo(1);
    assertThat(Files.readAllLines(out.resolve("baseline/ceval.jsonl")))
        .filteredOn(line -> line.contains("\"shortened\":2"))
        .singleElement()
        .asString()
        .contains("subject_b/1");
    assertThat(Files.readAllLines(out.resolve("prompts/ceval.jsonl")))
        .filteredOn(line -> line.contains("subject_b/1\""))
        .singleElement()
        .asString()
        .doesNotContain("例1")
        .contains("例2");
  }

  @Test
  void aPromptThatFitsInNoFormIsAFault() {
    fixtures.script(models.fp16(), new Faulty(Outcome.Fault.TOO_LONG, "subject_b/1"));
    Comparison comparison = run("ceval");
    assertThat(comparison.suites().getFirst().ungraded())
        .extracting(SuiteComparison.Ungraded::category)
        .containsExactly(Fault.Category.TOO_LONG);
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
  }

  @Test
  void anAnswerThatTheContextCutsIsAFaultAndNoWrongAnswer() {
    fixtures = new Fixtures().code("humaneval", 150).context(300).model(models.fp16());
    fixtures.script(
        models.int4(),
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public String write(String prompt, String mark) {
            return prompt.contains("HumanEval/33>")
                ? "    x\n".repeat(60)
                : super.write(prompt, mark);
          }
        });
    SuiteComparison suite = run("humaneval").suites().getFirst();
    assertThat(suite.items()).isEqualTo(149);
    assertThat(suite.losses()).isZero();
    assertThat(suite.verdict()).isEqualTo(Verdict.PASS);
    assertThat(suite.ungraded())
        .singleElement()
        .satisfies(item -> {
          assertThat(item.id()).isEqualTo("HumanEval/33");
          assertThat(item.side()).isEqualTo(Side.CANDIDATE);
          assertThat(item.category()).isEqualTo(Fault.Category.TOO_LONG);
          assertThat(item.message())
              .matches("the model's context of 300 ended the answer after 2\\d\\d of 1024 tokens");
        });
  }

  @Test
  void anAnswerOfTheLengthAskedForIsGradedThoughItFillsTheContext() {
    fixtures.context(100_000);
    fixtures.script(
        models.fp16(),
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public String write(String prompt, String mark) {
            return super.write(prompt, mark) + " ".repeat(5000);
          }
        });
    SuiteComparison suite = run("humaneval").suites().getFirst();
    assertThat(suite.items()).isEqualTo(40);
    assertThat(suite.diagnostics().baselineTruncated()).isEqualTo(40);
  }

  @ParameterizedTest
  @CsvSource({"0", "0.8"})
  void demosAreDroppedUntilAWholeAnswerHasRoomWhateverIsAnswered(double temperature)
      throws IOException {
    Sampling sampling = new Sampling(temperature, 1, 1, OptionalInt.empty());
    FakeModel.Script brief =
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public String write(String prompt, String mark) {
            return "A";
          }
        };
    FakeModel.Script lengthy =
        new ForwardingScript(brief) {
          @Override
          public String write(String prompt, String mark) {
            return "A" + " ".repeat(90);
          }
        };
    fixtures.script(models.fp16(), brief).script(models.int4(), lengthy);
    run(request(by("ceval", "opencompass-gen", sampling)));
    int whole =
        Files.readAllLines(out.resolve("baseline/ceval.jsonl")).stream()
            .mapToInt(
                line -> Integer.parseInt(line.replaceAll(".*\"promptTokens\":(\\d+).*", "$1")))
            .min()
            .orElseThrow();
    out = folder.resolve("tight");
    fixtures.context(whole + 99);
    SuiteComparison suite =
        run(request(by("ceval", "opencompass-gen", sampling))).suites().getFirst();
    assertThat(suite.finding()).isEqualTo(Finding.UNINFORMATIVE);
    assertThat(suite.ungraded()).isEmpty();
    assertThat(suite.diagnostics().shortened()).isEqualTo(56);
    assertThat(suite.diagnostics().baselineTruncated()).isZero();
    for (String side : List.of("baseline", "candidate")) {
      assertThat(Files.readAllLines(out.resolve(side + "/ceval.jsonl")))
          .hasSize(56)
          .allSatisfy(line -> assertThat(line).contains("\"shortened\":1,"));
    }
  }

  @Test
  void modelsThatWereGivenOtherTokenIdsAreNotCompared() {
    fixtures.script(
        models.int4(),
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public List<Integer> tokens(String text) {
            List<Integer> tokens = new ArrayList<>(super.tokens(text));
            if (text.contains("<<subject_a/4>>")) {
              tokens.addFirst(1);
            }
            return tokens;
          }
        });
    Comparison comparison = run("ceval");
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(comparison.reason())
        .isEqualTo(
            "ceval: token ids of the prompts differ on 1 of 56 items, the first being subject_a/4");
  }

  @Test
  void severalSuitesGiveTheirWorstVerdict() {
    assertThat(Verdict.of(List.of(Verdict.PASS, Verdict.INCONCLUSIVE)))
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(Verdict.of(List.of(Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.PASS)))
        .isEqualTo(Verdict.FAIL);
    assertThat(Verdict.of(List.of(Verdict.FAIL, Verdict.INVALID))).isEqualTo(Verdict.INVALID);
    assertThat(Verdict.of(List.of())).isEqualTo(Verdict.INVALID);
    assertThat(Verdict.values()).extracting(Verdict::exitCode).containsExactly(2, 1, 3, 0);
    fixtures
        .model(models.fp16())
        .script(models.int4(), new Faulty(Outcome.Fault.NON_FINITE, "subject_a/0"));
    Comparison comparison = run("humaneval", "ceval");
    assertThat(comparison.suites())
        .extracting(SuiteComparison::verdict)
        .containsExactly(Verdict.PASS, Verdict.INVALID);
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
  }

  @Test
  void exactTiesGoToTheFirstChoiceAndAreCounted() {
    FakeModel.Script undecided =
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public double logProbability(String prompt, String continuation) {
            return -1;
          }
        };
    fixtures.script(models.fp16(), undecided).script(models.int4(), undecided);
    SuiteComparison suite = run("ceval").suites().getFirst();
    assertThat(suite.diagnostics().baselineTies()).isEqualTo(56);
    assertThat(suite.diagnostics().baselineMedianMargin()).hasValue(0);
    assertThat(suite.baseline().correct()).isEqualTo(14);
  }

  @Test
  void severalSamplesGivePassAtKAndFlipsByShare() throws IOException {
    Sampling sampling = new Sampling(0.8, 0.95, 10, OptionalInt.empty());
    FakeModel.Script half =
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public String write(String prompt, String mark) {
            return Math.floorMod(mark.hashCode(), 2) == 0
                ? super.write(prompt, mark)
                : "    return 0\n";
          }
        };
    fixtures.script(models.int4(), half);
    SuiteComparison suite = run(request(by("humaneval", "base", sampling))).suites().getFirst();
    assertThat(suite.baseline().answers()).isEqualTo(400);
    assertThat(suite.baseline().correct()).isEqualTo(400);
    assertThat(suite.candidate().correct()).isBetween(100, 300);
    assertThat(suite.candidate().score()).isEqualTo(suite.candidate().correct() / 400.0);
    assertThat(suite.losses()).isBetween(35, 40);
    assertThat(suite.averages())
        .extracting(SuiteComparison.AverageDelta::name)
        .contains("pass@1", "pass@10");
    Path records = out.resolve("candidate/humaneval.jsonl");
    byte[] whole = Files.readAllBytes(records);

    Path journal = out.resolve("candidate/journal/humaneval.answers.jsonl");
    List<String> lines = Files.readAllLines(journal);
    Files.write(journal, lines.subList(0, 13));
    Files.delete(records);
    run(request(by("humaneval", "base", sampling)));
    assertThat(Files.readAllBytes(records)).isEqualTo(whole);
  }

  @Test
  void aSampledTextFollowsFromItsItemAndNotFromWhatElseIsAsked() throws IOException {
    Sampling sampling = new Sampling(0.8, 0.95, 2, OptionalInt.empty());
    run(request(by("humaneval", "base", sampling)));
    List<String> all = Files.readAllLines(out.resolve("candidate/humaneval.jsonl"));

    Path journal = out.resolve("candidate/journal/humaneval.answers.jsonl");
    List<String> lines = Files.readAllLines(journal);
    Files.write(journal, lines.subList(0, 1));
    Files.delete(out.resolve("candidate/humaneval.jsonl"));
    run(request(by("humaneval", "base", sampling)));
    assertThat(Files.readAllLines(out.resolve("candidate/humaneval.jsonl"))).isEqualTo(all);
    assertThat(all.toString()).contains("  # ");
  }

  @Test
  void aWritingProtocolForChoicesIsGradedByWhatWasWritten() {
    fixtures.script(
        models.fp16(),
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public String write(String prompt, String mark) {
            return "答案是"
                + "ABCD".charAt(Integer.parseInt(super.write(prompt, mark).replaceAll("\\D", "")));
          }
        });
    fixtures.script(
        models.int4(),
        new ForwardingScript(fixtures.new Knowing(Set.of())) {
          @Override
          public String write(String prompt, String mark) {
            return "不知道";
          }
        });
    SuiteComparison suite =
        run(request(by("ceval", "opencompass-gen", Sampling.GREEDY))).suites().getFirst();
    assertThat(suite.baseline().correct()).isEqualTo(56);
    assertThat(suite.candidate().correct()).isZero();
    assertThat(suite.losses()).isEqualTo(56);
  }

  @Test
  void aSecondRunInTheSameFolderIsRefusedWhileTheFirstWorks() {
    var refused = new ArrayList<String>();
    fixtures
        .quantGate()
        .run(
            request(RunPlan.of("ceval")),
            progress -> {
              if (progress instanceof Progress.Loaded && refused.isEmpty()) {
                try {
                  run("ceval");
                } catch (EvaluationException e) {
                  refused.add(e.kind() + " " + e.getMessage());
                }
              }
            });
    assertThat(refused)
        .singleElement()
        .asString()
        .startsWith("LOCKED ")
        .contains("another run works in this folder");
  }

  @Test
  void anInterruptLeavesARunThatTheSameCommandContinues() throws IOException {
    run("ceval", "humaneval");
    byte[] whole = Files.readAllBytes(out.resolve("baseline/ceval.jsonl"));
    out = folder.resolve("interrupted");
    var count = new AtomicInteger();
    assertThatThrownBy(() ->
            fixtures
                .quantGate()
                .run(
                    request(RunPlan.of("ceval", "humaneval")),
                    progress -> {
                      if (progress instanceof Progress.Advanced && count.incrementAndGet() == 20) {
                        Thread.currentThread().interrupt();
                      }
                    }))
        .isInstanceOfSatisfying(
            EvaluationException.class,
            e -> assertThat(e.kind()).isEqualTo(EvaluationException.Kind.INTERRUPTED))
        .hasMessageContaining("the same command continues it");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(Files.readAllLines(out.resolve("baseline/journal/ceval.answers.jsonl"))).hasSize(20);
    List<Progress> heard = new ArrayList<>();
    Comparison continued =
        fixtures.quantGate().run(request(RunPlan.of("ceval", "humaneval")), heard::add);
    assertThat(continued.baseline().usage().orElseThrow().promptTokens())
        .as("prompt tokens of both sessions together")
        .isEqualTo(2 * continued.candidate().usage().orElseThrow().promptTokens());
    assertThat(heard)
        .contains(new Progress.Started(Side.BASELINE, Progress.Step.ANSWERING, "ceval", 56, 20));
    assertThat(Files.readAllBytes(out.resolve("baseline/ceval.jsonl"))).isEqualTo(whole);
  }

  @Test
  void aSandboxThatCallsEverythingRightFailsItsSelfTest() {
    var doors = fixtures.doors();
    var credulous =
        new dev.quantgate.evaluation.answer.Services(
            doors.suites(), doors.models(), (kind, options) -> new Credulous());
    assertThatThrownBy(() ->
            new QuantGate(credulous).run(request(RunPlan.of("humaneval")), Progress.Listener.NONE))
        .isInstanceOf(dev.quantgate.sandbox.SandboxException.class)
        .hasMessageContaining("the self-test of sandbox credulous failed")
        .hasMessageContaining("must not pass, found PASSED");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'    return 1000\n'|95",
        "'    pass\n'|93",
        "'    return\n'|95",
        "''|94",
        "'\n '|94"
      })
  void aCustomProblemWithATrivialSolutionOrNoneDoesNotFailTheSelfTest(String first, int jobs) {
    var code = (SuiteData.Code) fixtures.suite("humaneval");
    List<SuiteData.CodeProblem> problems = new ArrayList<>(code.problems());
    var known = problems.getFirst();
    problems.set(
        0,
        new SuiteData.CodeProblem(
            known.id(), known.prompt(), known.entryPoint(), first, known.test()));
    fixtures.replace("humaneval", new SuiteData.Code(code.origin(), problems));
    var ran = new ArrayList<dev.quantgate.sandbox.ExecutionJob>();
    var doors = fixtures.doors();
    var fair =
        new dev.quantgate.evaluation.answer.Services(
            doors.suites(), doors.models(), (kind, options) -> new Fair(first.strip(), ran));
    Path recording = folder.resolve("r.jsonl");
    try {
      Files.writeString(recording, "{\"task_id\":\"HumanEval/5\",\"completion\":\"x\"}\n");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    new QuantGate(fair)
        .eval(
            new EvalRequest(
                "replay:" + recording, RunPlan.of("humaneval"), RunEnvironment.defaults(), out),
            Progress.Listener.NONE);
    assertThat(ran).filteredOn(job -> !job.completion().equals("x")).hasSize(jobs);
    assertThat(ran).filteredOn(job -> job.completion().isBlank()).isEmpty();
  }

  /** Passes canonical solutions of the fixtures, and of the first problem one more text. */
  private record Fair(String right, List<dev.quantgate.sandbox.ExecutionJob> ran)
      implements dev.quantgate.sandbox.CodeSandbox {
    @Override
    public dev.quantgate.sandbox.SandboxDescription description() {
      return new dev.quantgate.sandbox.SandboxDescription(
          "fair", true, new java.util.TreeMap<>(), new java.util.TreeMap<>());
    }

    @Override
    public void run(List<dev.quantgate.sandbox.ExecutionJob> jobs, ResultSink sink) {
      for (var job : jobs) {
        ran.add(job);
        boolean passes =
            job.completion().contains("return 1")
                || (job.id().startsWith("HumanEval/0 ") && job.completion().strip().equals(right));
        sink.accept(
            new dev.quantgate.sandbox.ExecutionResult(
                job.id(),
                passes
                    ? dev.quantgate.sandbox.ExecutionResult.Outcome.PASSED
                    : dev.quantgate.sandbox.ExecutionResult.Outcome.FAILED,
                ""));
      }
    }

    @Override
    public void close() {}
  }

  private static final class Credulous implements dev.quantgate.sandbox.CodeSandbox {
    @Override
    public dev.quantgate.sandbox.SandboxDescription description() {
      return new dev.quantgate.sandbox.SandboxDescription(
          "credulous", true, new java.util.TreeMap<>(), new java.util.TreeMap<>());
    }

    @Override
    public void run(List<dev.quantgate.sandbox.ExecutionJob> jobs, ResultSink sink) {
      jobs.forEach(job ->
          sink.accept(
              new dev.quantgate.sandbox.ExecutionResult(
                  job.id(), dev.quantgate.sandbox.ExecutionResult.Outcome.PASSED, "")));
    }

    @Override
    public void close() {}
  }

  @Test
  void aDemandedSandboxThatIsNotThereStopsTheRunBeforeAnythingIsAsked() {
    var machinery =
        new RunEnvironment(
            "auto",
            RunEnvironment.defaults().engineOptions(),
            "auto",
            Optional.of("docker"),
            SandboxOptions.defaults());
    assertThatThrownBy(() ->
            run(
                new RunRequest(
                    models.fp16().toString(),
                    models.int4().toString(),
                    RunPlan.of("humaneval"),
                    machinery,
                    GatePolicy.DEFAULT,
                    out)))
        .hasMessageContaining("must be docker (--require-sandbox), but it is fake");
    assertThat(fixtures.loads()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "there/is/none|baseline: expected a checkpoint folder, found nothing at",
        "http://host:1/v1|is an address",
        "replay:nothing.jsonl|there is no such file or folder to replay"
      })
  void aReferenceThatLeadsNowhereIsRefusedBeforeAnythingIsLoaded(String reference, String message) {
    assertThatThrownBy(() ->
            run(
                new RunRequest(
                    reference,
                    models.int4().toString(),
                    RunPlan.of("ceval"),
                    RunEnvironment.defaults(),
                    GatePolicy.DEFAULT,
                    out)))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining(message);
    assertThat(fixtures.loads()).isZero();
    assertThat(out.resolve("baseline")).doesNotExist();
  }

  @Test
  void aModelThatLacksWhatASuiteNeedsIsRefusedBeforeTheRun() {
    var doors = fixtures.doors();
    var mute =
        new dev.quantgate.evaluation.answer.Services(
            doors.suites(),
            (engine, path, options) ->
                new FakeModel(
                    "fake/1",
                    "w",
                    fixtures.new Knowing(Set.of()),
                    new dev.quantgate.inference.Capabilities(
                        false, false, false, false, OptionalInt.of(100))),
            doors.sandboxes());
    assertThatThrownBy(
            () -> new QuantGate(mute).run(request(RunPlan.of("ceval")), Progress.Listener.NONE))
        .hasMessage(
            "suite ceval by ceval/official-5shot cannot be asked: the model (fake/1) gives no"
                + " log-probabilities; choose another --protocol");
  }

  @Test
  void dataWithoutRightAnswersIsRefused() {
    SuiteData.Exam exam = (SuiteData.Exam) fixtures.suite("ceval");
    var unlabelled =
        exam.questions().stream()
            .map(q ->
                new SuiteData.ExamQuestion(q.id(), q.subject(), q.question(), q.choices(), -1, ""))
            .toList();
    fixtures.replace(
        "ceval", new SuiteData.Exam(exam.origin(), exam.subjects(), unlabelled, exam.demos()));
    assertThatThrownBy(() -> run("ceval"))
        .hasMessageContaining("ceval item subject_a/0 has no right answer in this file");
  }

  @Test
  void oneModelAloneIsEvaluatedIntoAFolderThatCanBeComparedAndReplayed() {
    fixtures.model(models.int4(), "subject_a/1");
    Path evalA = folder.resolve("a");
    Path evalB = folder.resolve("b");
    RunPlan assignment = RunPlan.of("ceval", "humaneval");
    Evaluation first =
        fixtures
            .quantGate()
            .eval(
                new EvalRequest(
                    models.fp16().toString(), assignment, RunEnvironment.defaults(), evalA),
                Progress.Listener.NONE);
    fixtures
        .quantGate()
        .eval(
            new EvalRequest(models.int4().toString(), assignment, RunEnvironment.defaults(), evalB),
            Progress.Listener.NONE);
    assertThat(first.suites())
        .extracting(Evaluation.SuiteResult::suite)
        .containsExactly("ceval", "humaneval");
    assertThat(first.suites().getFirst().score().score()).isEqualTo(1);
    assertThat(first.suites().getFirst().averages()).isNotEmpty();
    Comparison comparison =
        fixtures.quantGate().compare(new CompareRequest(evalA, evalB, GatePolicy.DEFAULT, out));
    assertMeetsSchema(out.resolve("comparison.json"));
    assertThat(comparison.flips()).extracting(Flip::id).containsExactly("subject_a/1");

    RunRequest replay =
        new RunRequest(
            "replay:" + evalA,
            "replay:" + evalB.resolve("model"),
            assignment,
            RunEnvironment.defaults(),
            GatePolicy.DEFAULT,
            folder.resolve("replayed"));
    Comparison replayed = run(replay);
    assertThat(replayed.flips()).isEqualTo(comparison.flips());
    assertThat(replayed.notes()).noneMatch(note -> note.contains("not compared"));
    assertThat(replayed.baseline().live()).isFalse();
    assertThat(replayed.baseline().identity()).containsEntry("weightsSha256", "weights of fp16");
  }

  @Test
  void runsOfOtherItemsAreNotCompared() {
    Path evalA = folder.resolve("a");
    Path evalB = folder.resolve("b");
    for (var each : Map.of(evalA, 1L, evalB, 2L).entrySet()) {
      fixtures
          .quantGate()
          .eval(
              new EvalRequest(
                  models.fp16().toString(),
                  limited(20, each.getValue(), "ceval"),
                  RunEnvironment.defaults(),
                  each.getKey()),
              Progress.Listener.NONE);
    }
    Comparison comparison =
        fixtures.quantGate().compare(new CompareRequest(evalA, evalB, GatePolicy.DEFAULT, out));
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(comparison.reason()).contains("ceval: items differs: \"20 ");
  }

  @Test
  void aRunFolderWhoseRecordsWereChangedIsRefused() throws IOException {
    run("ceval");
    Path records = out.resolve("candidate/ceval.jsonl");
    List<String> lines = Files.readAllLines(records);
    Files.write(records, lines.subList(0, 50));
    var request = new CompareRequest(out, out, GatePolicy.DEFAULT, folder.resolve("again"));
    assertThatThrownBy(() -> fixtures.quantGate().compare(request))
        .hasMessageContaining("the file was changed or cut");
    Files.delete(records);
    assertThatThrownBy(() -> fixtures.quantGate().compare(request))
        .hasMessageContaining("is not finished (suite ceval has no ceval.jsonl)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "ceval|\"right\":1|\"right\":1000|item subject_a/0: 1000 of 1 answers cannot be right",
        "ceval|\"right\":1|\"right\":-1|item subject_a/0: -1 of 1 answers cannot be right",
        "ceval|\"answers\":1,\"right\":1|\"answers\":0,\"right\":0|item subject_a/0: 0 of 0"
            + " answers",
        "ceval|\"answers\":1,\"right\":1|\"answers\":2,\"right\":2|item subject_a/0: \"A\" was"
            + " answered and \"A\" is right, but",
        "ceval|\"answer\":\"A\"|\"answer\":\"zzz\"|item subject_a/0: \"zzz\" was answered and \"A\""
            + " is right, but 1 of 1 answers",
        "ceval|\"right\":1,\"score\":1.0|\"right\":0,\"score\":0.0|item subject_a/0: \"A\" was"
            + " answered and \"A\" is right, but",
        "ceval|\"score\":1.0|\"score\":0.0|item subject_a/0: 1 of 1 answers are right, but the"
            + " score is 0.0",
        "ceval|\"score\":1.0|\"score\":\"NaN\"|item subject_a/0: 1 of 1 answers are right, but",
        "ceval|\"score\":1.0|\"score\":null|item subject_a/0: expected either a score or a fault,"
            + " found neither",
        "ceval|\"fault\":null|\"fault\":{\"category\":\"TOO_LONG\",\"message\":\"\"}|item"
            + " subject_a/0: expected either",
        "ceval|\"answer\":\"A\",\"expected\":\"A\"|\"answer\":\"B\",\"expected\":\"B\"|item"
            + " subject_a/0: the answer is \"B\", but another choice has the largest value",
        "ceval|\"shortened\":0|\"shortened\":-1|item subject_a/0: counts below 0",
        "ceval|\"margin\":|\"margin\":-|item subject_a/0: no margin: -0.875",
        "ceval|\"tied\":false|\"tied\":true|item subject_a/0: tied is true, but the margin is"
            + " 0.875",
        "ceval|\"sum\":-0.25|\"sum\":-1e999|choice A has a value that is not finite",
        "ceval|\"id\":\"subject_a/0\",|``|Null value for creator property 'id'",
        "ceval|\"right\":1,|``|Cannot map `null` into type `int`",
        "ceval|\"choices\":[|\"choices\":[null,|Invalid `null`",
        "humaneval|\"right\":1,\"score\":1.0|\"right\":0,\"score\":0.0|item HumanEval/0: 1 of 1"
            + " programs passed, but 0 of 1 answers are right",
        "humaneval|\"answers\":1,\"right\":1,\"score\":1.0|\"answers\":2,\"right\":1,\"score\":0.5|item"
            + " HumanEval/0: 1 of 1 programs passed, but 1 of 2",
        "humaneval|\"outcome\":\"PASSED\"|\"outcome\":\"FAILED\"|item HumanEval/0: 0 of 1 programs"
            + " passed, but 1 of 1",
      })
  void aRecordThatContradictsItselfIsRefusedWithItsLine(
      String suite, String good, String bad, String message) throws IOException {
    run(suite);
    Path records = out.resolve("candidate/" + suite + ".jsonl");
    List<String> lines = new ArrayList<>(Files.readAllLines(records));
    assertThat(lines.getFirst()).contains(good);
    lines.set(0, lines.getFirst().replace(good, bad));
    Files.write(records, lines);
    Reseal.inRun(out.resolve("candidate"), records);
    var request = new CompareRequest(out, out, GatePolicy.DEFAULT, folder.resolve("again"));
    assertThatThrownBy(() -> fixtures.quantGate().compare(request))
        .isInstanceOfSatisfying(
            EvaluationException.class,
            e -> assertThat(e.kind()).isEqualTo(EvaluationException.Kind.INPUT))
        .hasMessageStartingWith(records + ", line 1: is damaged: " + message)
        .message()
        .hasLineCount(1);
    assertThat(folder.resolve("again/comparison.json")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"shortened\":0|\"shortened\":77|shortened is 77, but the question has 6 forms",
        "\"choices\":[{\"label\":\"A\",|\"choices\":[{\"label\":\"A\",\"sum\":-9,\"tokens\":1,\"wholeSum\":-9,\"wholeTokens\":9,\"value\":-9},{\"label\":\"A\",|its"
            + " answer does not fit the question"
      })
  void aReplayedRunWhoseRecordsFitNoQuestionIsRefused(String good, String bad, String message)
      throws IOException {
    run("ceval");
    Path records = out.resolve("candidate/ceval.jsonl");
    List<String> lines = new ArrayList<>(Files.readAllLines(records));
    assertThat(lines.get(7)).contains(good);
    lines.set(7, lines.get(7).replace(good, bad));
    Files.write(records, lines);
    Reseal.inRun(out.resolve("candidate"), records);
    String run = "replay:" + out.resolve("candidate");
    assertThatThrownBy(() ->
            run(
                new RunRequest(
                    run,
                    run,
                    RunPlan.of("ceval"),
                    RunEnvironment.defaults(),
                    GatePolicy.DEFAULT,
                    folder.resolve("replayed"))))
        .isInstanceOf(EvaluationException.class)
        .hasMessage(
            out.resolve("candidate") + ": item subject_a/7: " + message + "; the file was changed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"shortened\":0|\"shortened\":6|shortened is 6, but the question has 6 forms",
        "\"shortened\":0|\"shortened\":-1|shortened is -1, but the question has 6 forms",
        "\"form\":\"scored\",\"choices\":[|\"form\":\"written\",\"samples\":[],\"unused\":[|its"
            + " answer does not fit the question",
        "\"choices\":[|\"choices\":[{\"sum\":0,\"tokens\":1,\"wholeSum\":0,\"wholeTokens\":2},|its"
            + " answer does not fit the question"
      })
  void aJournalWhoseLinesFitNoQuestionIsRefused(String good, String bad, String message)
      throws IOException {
    run("ceval");
    Path journal = out.resolve("candidate/journal/ceval.answers.jsonl");
    List<String> lines = new ArrayList<>(Files.readAllLines(journal));
    assertThat(lines.get(7)).contains(good);
    lines.set(7, lines.get(7).replace(good, bad));
    Files.write(journal, lines);
    Reseal.file(journal);
    assertThatThrownBy(() -> run("ceval"))
        .isInstanceOf(EvaluationException.class)
        .hasMessageStartingWith(journal.toString())
        .hasMessageContaining(message);
  }
}
