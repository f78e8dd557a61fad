package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A finished run is judged again without loading a model, and only where it is the same run. */
class JudgedAgainTest {
  @TempDir Path folder;
  private TwoModels models;
  private Fixtures fixtures;

  @BeforeEach
  void models() {
    models = TwoModels.in(folder);
    fixtures =
        new Fixtures()
            .pairs("cmnli", 60)
            .model(models.fp16())
            .model(models.int4(), "1")
            .identifying();
  }

  private Comparison run(RunPlan plan, double margin) {
    return run(plan, margin, Optional.empty());
  }

  private Comparison run(RunPlan plan, double margin, Optional<LocalDate> chatDate) {
    RunEnvironment plain = RunEnvironment.defaults();
    return fixtures
        .quantGate()
        .run(
            new RunRequest(
                models.fp16().toString(),
                models.int4().toString(),
                plan,
                new RunEnvironment(
                    plain.engine(),
                    plain.engineOptions().withChatDate(chatDate),
                    plain.sandbox(),
                    plain.requiredSandbox(),
                    plain.sandboxOptions()),
                new GatePolicy(margin, OnInconclusive.POINT),
                folder.resolve("out")),
            Progress.Listener.NONE);
  }

  @Test
  void anotherMarginLoadsNoModelAndLeavesTheRunsAsTheyAre() throws IOException {
    Comparison first = run(RunPlan.of("cmnli"), 1);
    byte[] provenance = Files.readAllBytes(folder.resolve("out/baseline/provenance.json"));

    Comparison second = run(RunPlan.of("cmnli"), 0.5);

    assertThat(fixtures.loads()).isEqualTo(2);
    assertThat(second.policy().margin()).isEqualTo(0.5);
    assertThat(second.baseline().sha256()).isEqualTo(first.baseline().sha256());
    assertThat(folder.resolve("out/baseline/provenance.json")).hasBinaryContent(provenance);
  }

  @Test
  void anotherEngineIsAnotherRunAllTheSame() {
    run(RunPlan.of("cmnli"), 1);
    fixtures.engine("fake/2 512-bit");

    assertThatThrownBy(() -> run(RunPlan.of("cmnli"), 1))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("holds another run: the engine");
  }

  @Test
  void anotherDayForChatTemplatesIsAnotherRunAndTheSameOneIsNot() throws IOException {
    Optional<LocalDate> day = Optional.of(LocalDate.of(2026, 7, 26));
    run(RunPlan.of("cmnli"), 1, day);
    assertThat(Files.readString(folder.resolve("out/baseline/identity.json")))
        .contains("\"model.chatDate\" : \"2026-07-26\"");
    run(RunPlan.of("cmnli"), 0.5, day);
    assertThat(fixtures.loads()).isEqualTo(2);

    assertThatThrownBy(() -> run(RunPlan.of("cmnli"), 1))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("holds another run: --chat-date: \"2026-07-26\" there, not set now");
  }

  @Test
  void otherItemsAreAnotherRunAllTheSame() {
    run(RunPlan.of("cmnli"), 1);

    assertThatThrownBy(() -> run(RunPlan.of("cmnli").withLimit(5), 1))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("holds another run: --limit");
  }

  @Test
  void recordsThatWereChangedAreNotReliedOn() throws IOException {
    run(RunPlan.of("cmnli"), 1);
    Path records = folder.resolve("out/candidate/cmnli.jsonl");
    Files.writeString(
        records, Files.readString(records).replaceFirst("\"right\":0", "\"right\":1"));

    Comparison again = run(RunPlan.of("cmnli"), 1);

    // The journal is whole: the candidate's records are written anew from it.
    assertThat(again.suites().getFirst().losses()).isEqualTo(1);
    assertThat(fixtures.loads()).isEqualTo(3);
  }
}
