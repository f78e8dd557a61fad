package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.run.BaselineChoice;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import dev.quantgate.evaluation.verify.VerifyRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A finished baseline is known again by what it is, checked, and taken in the place of asking. */
class ReusedBaselineTest {
  private static final BaselineChoice KEPT = new BaselineChoice(true, Optional.empty());
  private static final RunPlan PLAN = RunPlan.of("cmnli", "humaneval");

  @TempDir Path folder;
  private TwoModels models;
  private Fixtures fixtures;
  private final List<String> notes = new ArrayList<>();

  @BeforeEach
  void models() {
    models = TwoModels.in(folder);
    fixtures =
        new Fixtures()
            .pairs("cmnli", 60)
            .code("humaneval", 8)
            .model(models.fp16())
            .model(models.int4(), "1")
            .identifying()
            .cache(folder.resolve("cache"));
  }

  private RunRequest request(Path baseline, String out, RunPlan plan, BaselineChoice choice) {
    return request(baseline.toString(), out, plan, choice, false);
  }

  private RunRequest request(
      String baseline, String out, RunPlan plan, BaselineChoice choice, boolean stop) {
    return new RunRequest(
        baseline,
        models.int4().toString(),
        plan,
        RunEnvironment.defaults(),
        GatePolicy.DEFAULT,
        folder.resolve(out),
        stop,
        choice);
  }

  private Comparison run(RunRequest request) {
    notes.clear();
    return fixtures
        .quantGate()
        .run(
            request,
            event -> {
              if (event instanceof Progress.Note note) {
                notes.add(note.text());
              }
            });
  }

  private Comparison run(String out, BaselineChoice choice) {
    return run(request(models.fp16(), out, PLAN, choice));
  }

  private Path entry() throws IOException {
    return entries().getFirst();
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> kept = Files.list(folder.resolve("cache/baselines"))) {
      return kept.sorted().toList();
    }
  }

  private static BaselineChoice frozen(Comparison comparison) {
    return new BaselineChoice(false, comparison.baseline().sha256());
  }

  @Test
  void theNextCandidateIsJudgedAgainstTheSameAnswersWithoutLoadingTheBaseline() throws IOException {
    Comparison first = run("first", BaselineChoice.ASKED);
    assertThat(notes)
        .contains(
            "baseline: kept for --reuse-baseline, sha256:%s"
                .formatted(first.baseline().sha256().orElseThrow()));
    int executed = fixtures.executed();

    Comparison second = run("second", KEPT);

    assertThat(fixtures.loads()).isEqualTo(3);
    assertThat(fixtures.executed()).isEqualTo(executed); // equal programs have their results
    assertThat(second.suites()).isEqualTo(first.suites());
    assertThat(second.baseline().sha256()).isEqualTo(first.baseline().sha256());
    assertThat(notes).anyMatch(note -> note.startsWith("baseline: reused, asked 2"));
    for (String file :
        List.of("baseline/checksums.json", "prompts/cmnli.jsonl", "candidate/cmnli.jsonl")) {
      assertThat(folder.resolve("second").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("first").resolve(file));
    }
    assertThat(
            fixtures.quantGate().verify(folder.resolve("second"), VerifyRequest.standard()).sound())
        .isTrue();
  }

  @Test
  void aBaselineIsAskedWhereNobodySaysOtherwise() {
    run("first", BaselineChoice.ASKED);
    run("second", BaselineChoice.ASKED);

    assertThat(fixtures.loads()).isEqualTo(4);
  }

  @Test
  void itIsKnownByItsWeightsAndNeverByItsPlace() throws IOException {
    run("first", BaselineChoice.ASKED);
    Path elsewhere = Files.createDirectory(folder.resolve("renamed"));
    fixtures.model(elsewhere).weights(elsewhere, "weights of fp16");
    run(request(elsewhere, "moved", PLAN, KEPT));
    assertThat(fixtures.loads()).isEqualTo(3);

    fixtures.weights(models.fp16(), "others");
    run("changed", KEPT);

    assertThat(fixtures.loads()).isEqualTo(5);
    assertThat(notes).anyMatch(note -> note.contains("no finished run of this model"));
  }

  @Test
  void otherItemsAnotherEngineAndAnotherSandboxAreOtherRuns() {
    run("first", BaselineChoice.ASKED);
    run(request(models.fp16(), "items", PLAN.withLimit(5), KEPT));
    assertThat(fixtures.loads()).isEqualTo(4);
    fixtures.sandboxVersion("3.14");
    run("sandbox", KEPT);
    assertThat(fixtures.loads()).isEqualTo(6);
    fixtures.engine("fake/2 512-bit");
    run("engine", KEPT);
    assertThat(fixtures.loads()).isEqualTo(8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model/cmnli.jsonl",
        "model/journal/humaneval.executions.jsonl",
        "model/provenance.json",
        "model/cmnli.timings.jsonl",
        "model/selftests.json",
        "model/checksums.json",
        "prompts/cmnli.jsonl",
        "checksums.json"
      })
  void aKeptRunThatWasChangedIsNotUsedAndMadeAnew(String file) throws IOException {
    Comparison first = run("first", BaselineChoice.ASKED);
    Path damaged = entry().resolve(file);
    byte[] bytes = Files.readAllBytes(damaged);
    bytes[bytes.length / 2] ^= 1;
    Files.write(damaged, bytes);

    Comparison second = run("second", KEPT);

    assertThat(fixtures.loads()).isEqualTo(4);
    assertThat(notes)
        .anyMatch(note -> note.startsWith("baseline: the kept run is damaged and not"));
    assertThat(second.suites()).isEqualTo(first.suites());
    run("third", KEPT);
    assertThat(fixtures.loads()).isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"model/cmnli.jsonl", "prompts/cmnli.jsonl", "model/identity.json"})
  void aKeptRunOfWhichAFileIsMissingIsNotUsed(String file) throws IOException {
    run("first", BaselineChoice.ASKED);
    Files.delete(entry().resolve(file));

    run("second", KEPT);

    assertThat(fixtures.loads()).isEqualTo(4);
    assertThat(folder.resolve("second/comparison.json")).exists();
  }

  @Test
  void anInterruptedCandidateGoesOnWithoutTheBaseline() {
    run("first", BaselineChoice.ASKED);
    fixtures.script(
        models.int4(),
        new FakeModel.Script() {
          @Override
          public double logProbability(String prompt, String continuation) {
            throw new IllegalStateException("killed");
          }

          @Override
          public String write(String prompt, String mark) {
            return "";
          }
        });
    assertThatThrownBy(() -> run("second", KEPT)).hasMessageContaining("killed");
    fixtures.model(models.int4(), "1");

    Comparison continued = run("second", BaselineChoice.ASKED);

    assertThat(fixtures.loads()).isEqualTo(4);
    assertThat(continued.suites().getFirst().losses()).isEqualTo(1);
  }

  @Test
  void aStoppedCandidateStopsAgainstAKeptBaselineAndAStoppedBaselineIsNotKept() throws IOException {
    fixtures.pairs("cmnli", 1200);
    RunPlan plan = RunPlan.of("cmnli");
    run(request(models.fp16().toString(), "turns", plan, BaselineChoice.ASKED, true));
    assertThat(folder.resolve("cache/baselines")).doesNotExist();
    run(request(models.fp16(), "whole", plan, BaselineChoice.ASKED));

    Comparison stopped = run(request(models.fp16().toString(), "stopped", plan, KEPT, true));

    assertThat(fixtures.loads()).isEqualTo(5);
    assertThat(stopped.suites().getFirst().stopping()).isPresent();
    assertThat(stopped.suites().getFirst().asked()).isLessThan(1200);
    assertThat(
            fixtures
                .quantGate()
                .verify(folder.resolve("stopped"), VerifyRequest.standard())
                .sound())
        .isTrue();
    assertThat(folder.resolve("stopped/candidate/cmnli.jsonl"))
        .hasSameBinaryContentAs(folder.resolve("turns/candidate/cmnli.jsonl"));
  }

  @Test
  void whatIsReusedIsSaidBeforeTheRun() {
    RunPlan plan = RunPlan.of("cmnli"); // no sandbox is started for this
    assertThat(fixtures.quantGate().reusable(request(models.fp16(), "out", plan, KEPT))).isEmpty();
    Comparison first = run(request(models.fp16(), "first", plan, BaselineChoice.ASKED));

    assertThat(fixtures.quantGate().reusable(request(models.fp16(), "out", plan, KEPT)))
        .hasValueSatisfying(said ->
            assertThat(said)
                .contains(models.fp16().toString(), first.baseline().sha256().orElseThrow()));
    assertThat(
            fixtures
                .quantGate()
                .reusable(request(models.fp16(), "out", plan, BaselineChoice.ASKED)))
        .isEmpty();
    assertThat(fixtures.loads()).isEqualTo(2);
  }

  @Test
  void aFrozenBaselineIsTakenFromWhatIsKept() {
    Comparison first = run("first", BaselineChoice.ASKED);
    Comparison second = run("second", frozen(first));

    assertThat(fixtures.loads()).isEqualTo(3);
    assertThat(second.baseline().sha256()).isEqualTo(first.baseline().sha256());
    assertThat(run("second", frozen(first)).suites()).isEqualTo(second.suites());
  }

  @Test
  void anotherBaselineThanTheFrozenOneIsRefusedBeforeAnyModelIsLoaded() {
    Comparison first = run("first", BaselineChoice.ASKED);
    var other = new BaselineChoice(true, Optional.of("0".repeat(64)));
    int loads = fixtures.loads();

    assertThatThrownBy(() -> run("second", other))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining(
            "%s: the baseline is frozen as sha256:%s, and no sound run"
                .formatted(models.fp16(), "0".repeat(64)));
    assertThatThrownBy(() -> run("first", other))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining(
            "frozen as sha256:%s, found sha256:%s (%s)"
                .formatted("0".repeat(64), first.baseline().sha256().orElseThrow(), models.fp16()));
    fixtures.weights(models.fp16(), "others");
    assertThatThrownBy(() -> run("third", frozen(first)))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("no sound run with this hash of this model");
    assertThat(fixtures.loads()).isEqualTo(loads);
  }

  @Test
  void aFrozenRunMayBeReplayedAndComparedAndNoOther() {
    Comparison first = run("first", BaselineChoice.ASKED);
    Comparison other = run(request(models.fp16(), "other", PLAN.withSeed(1).withLimit(40), KEPT));
    String replayed = "replay:%s".formatted(folder.resolve("first/baseline"));

    assertThat(run(request(replayed, "replayed", PLAN, frozen(first), false)).suites()).hasSize(2);
    assertThatThrownBy(() -> run(request(replayed, "refused", PLAN, frozen(other), false)))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("Replay the frozen run");
    var compared =
        new CompareRequest(
            folder.resolve("first"),
            folder.resolve("first"),
            GatePolicy.DEFAULT,
            folder.resolve("compared"),
            frozen(other));
    assertThatThrownBy(() -> fixtures.quantGate().compare(compared))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("Give the frozen run");
  }

  @Test
  void whatWasNotUsedForTheLongestTimeGoesFirst() throws IOException {
    RunPlan plan = RunPlan.of("cmnli");
    run(request(models.fp16(), "first", plan, BaselineChoice.ASKED));
    Path first = entry();
    for (int i = 0; i < 31; i++) {
      Path other = Files.createDirectory(first.resolveSibling("other%d".formatted(i)));
      Files.setLastModifiedTime(other, FileTime.fromMillis(1000L * i));
    }

    run(request(models.fp16(), "another", plan.withLimit(5), KEPT));

    assertThat(entries())
        .hasSize(32)
        .contains(first, first.resolveSibling("other1"))
        .doesNotContain(first.resolveSibling("other0"));
  }
}
