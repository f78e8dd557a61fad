package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs that earlier versions wrote are read by this one. {@code runs/schema1} was written by commit
 * eb6a0c4: four items of each of the bundled suites, by the bundled model and its int4 form.
 */
class OldRunsTest {
  @TempDir Path folder;
  private Path old;
  private final QuantGate quantGate = new QuantGate();

  /** A copy, as some tests change it. */
  @BeforeEach
  void copy() throws IOException, URISyntaxException {
    Path stored =
        Path.of(
            Objects.requireNonNull(OldRunsTest.class.getResource("/runs/schema1/comparison.json"))
                .toURI());
    Path from = Objects.requireNonNull(stored.getParent());
    old = folder.resolve("old");
    try (var files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, old.resolve(from.relativize(file).toString()));
      }
    }
  }

  @Test
  void itsRunsAreReadWithoutWhatTheyDoNotKnow() {
    FinishedRun run = RunFolder.read(old.resolve("candidate"));

    assertThat(run.identity().suites())
        .containsExactly("starter-code", "starter-nli", "starter-exam");
    assertThat(run.identity().engine().orElseThrow().kind()).isEqualTo("cpu");
    assertThat(run.suites().values()).allSatisfy(records -> assertThat(records).hasSize(4));
    assertThat(run.suites().values().stream().flatMap(List::stream).map(ItemRecord::facts))
        .containsOnly(Optional.empty());
    assertThat(run.sha256()).isEmpty();
  }

  @Test
  void itsComparisonIsReadAndItsPairsAreSaidToBeMissing() {
    ComparisonFolder comparison = ComparisonFolder.read(old);

    assertThat(comparison.schema()).isEqualTo(1);
    assertThat(comparison.comparison().verdict()).isEqualTo(Verdict.PASS);
    assertThat(comparison.comparison().suites())
        .extracting(SuiteComparison::changed)
        .containsOnly(OptionalInt.empty());
    assertThat(comparison.comparison().finding()).isEqualTo(Finding.INCONCLUSIVE);
    assertThat(comparison.comparison().proven()).isFalse();
    assertThat(comparison.comparison().notes())
        .containsExactly(
            "written by an older QuantGate (schema 1): its verdict is the point rule's, without"
                + " intervals; compare the two runs again for a finding");
    assertThatThrownBy(comparison::pairs)
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("written by an older QuantGate (schema 1), which kept no pairs");
  }

  @Test
  void itsRunsAreComparedToTheSameTable() {
    Path out = folder.resolve("again");

    Comparison comparison =
        quantGate.compare(
            new CompareRequest(
                old.resolve("baseline"), old.resolve("candidate"), GatePolicy.DEFAULT, out));

    Comparison before = ComparisonFolder.read(old).comparison();
    assertThat(comparison.verdict()).isEqualTo(before.verdict());
    for (int i = 0; i < before.suites().size(); i++) {
      SuiteComparison was = before.suites().get(i);
      SuiteComparison is = comparison.suites().get(i);
      assertThat(is.deltaPoints()).isEqualTo(was.deltaPoints());
      assertThat(List.of(is.losses(), is.gains(), is.bothRight(), is.bothWrong()))
          .isEqualTo(List.of(was.losses(), was.gains(), was.bothRight(), was.bothWrong()));
      assertThat(is.baseline()).isEqualTo(was.baseline());
      assertThat(is.averages()).isEqualTo(was.averages());
      // What is told of distributions and texts came later.
      assertThat(is.diagnostics())
          .usingRecursiveComparison()
          .ignoringFields("choices", "texts")
          .isEqualTo(was.diagnostics());
    }
    assertThat(ComparisonFolder.read(out).pairs())
        .flatExtracting(suite -> suite.pairs())
        .hasSize(12)
        .extracting(Pair::cluster)
        .containsOnly(Optional.empty());
  }

  @Test
  void aSuiteThatItRefusedIsReadAsInvalidForTheSameReason() throws IOException {
    Path file = old.resolve("comparison.json");
    Files.writeString(
        file,
        Files.readString(file)
            .replaceAll("\"verdict\" : \"PASS\"", "\"verdict\" : \"INVALID\"")
            .replaceAll("\"reason\" : \"delta[^\"]*\"", "\"reason\" : \"prompts differ\""));

    Comparison comparison = ComparisonFolder.read(old).comparison();

    assertThat(comparison.finding()).isEqualTo(Finding.INVALID);
    assertThat(comparison.suites())
        .hasSize(3)
        .allSatisfy(suite -> {
          assertThat(suite.finding()).isEqualTo(Finding.INVALID);
          assertThat(suite.obstacles()).containsExactly("prompts differ");
        });
  }

  @Test
  void aComparisonOfItThatJudgedNoSuiteIsRefusedInWords() throws IOException {
    Path file = old.resolve("comparison.json");
    Files.writeString(file, Files.readString(file).replace("\"suites\" : [", "\"sweets\" : ["));

    assertThatThrownBy(() -> ComparisonFolder.read(old))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("comparison.json: is damaged: PASS, but no suites");
  }

  @Test
  void itsAnswersAreReplayed() {
    String run = "replay:%s".formatted(old.resolve("candidate"));
    RunPlan plan = RunPlan.of("starter-nli").withLimit(4);

    Comparison comparison =
        quantGate.run(
            new RunRequest(
                run,
                run,
                plan,
                RunEnvironment.defaults(),
                GatePolicy.DEFAULT,
                folder.resolve("replayed")),
            Progress.Listener.NONE);

    assertThat(comparison.suites().getFirst().items()).isEqualTo(4);
  }

  @Test
  void anotherRunInItsFolderIsRefusedInWords() {
    String run = "replay:%s".formatted(old.resolve("candidate"));

    assertThatThrownBy(() ->
            quantGate.run(
                new RunRequest(
                    run,
                    run,
                    RunPlan.of("starter-nli"),
                    RunEnvironment.defaults(),
                    GatePolicy.DEFAULT,
                    old),
                Progress.Listener.NONE))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("baseline holds another run: ")
        .hasMessageContaining("Give another --out");
  }

  @Test
  void aRecordOfItThatContradictsItselfIsRefused() throws IOException {
    Path records = old.resolve("candidate/starter-nli.jsonl");
    List<String> lines = Files.readAllLines(records);
    lines.set(2, lines.get(2).replaceFirst("\"right\":[01]", "\"right\":7"));
    Files.write(records, lines);

    assertThatThrownBy(() -> RunFolder.read(old.resolve("candidate")))
        .hasMessageContaining("starter-nli.jsonl, line 3: is damaged: item ")
        .hasMessageContaining("7 of 1 answers cannot be right");
  }
}
