package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.base.FolderTree;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportSourceTest {
  @TempDir Path folder;
  private Path result;

  @BeforeEach
  void aResultLiesOnDisk() {
    result = SampleResult.small(folder);
  }

  private static SuiteComparison suite(ReportSource source, String name) {
    return source.comparison().suites().stream()
        .filter(suite -> suite.suite().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void anItemHasPromptBothAnswersAndWhatCameOfThem() {
    ReportSource source = ReportSource.open(result);
    List<ItemView> items = source.items(suite(source, "humaneval"));
    assertThat(items).hasSize(150);
    ItemView loss = items.get(3);
    assertThat(loss.id()).isEqualTo("HumanEval/3");
    assertThat(loss.pair().kind()).isEqualTo(Pair.Kind.LOSS);
    assertThat(loss.prompt()).contains("def f():\n    \"\"\"Problem 3.\"\"\"\n");
    assertThat(loss.baseline().texts()).containsExactly("    return 1\n");
    assertThat(loss.candidate().texts()).containsExactly("    return 2\n");
    assertThat(loss.partsAt()).hasValue("    return ".length());
    assertThat(loss.pair().divergence()).hasValue(2);
    assertThat(loss.candidate().execution(0).orElseThrow().outcome()).isEqualTo(Outcome.FAILED);
    assertThat(source.warnings()).isEmpty();
  }

  @Test
  void anItemIsAskedAgainByOneCommand() {
    ReportSource source = ReportSource.open(result);
    assertThat(source.item("HumanEval/3").orElseThrow().replay())
        .contains(
            "quantgate run --baseline models/baseline --candidate models/candidate"
                + " --suites humaneval --protocol humaneval=base --data /data/humaneval.zip"
                + " --max-new-tokens 512 --items HumanEval/3 --out replay-HumanEval-3");
  }

  @Test
  void aFaultIsNoAnswer() {
    ReportSource source = ReportSource.open(result);
    ItemView broken = source.item("HumanEval/5").orElseThrow();
    assertThat(broken.candidate().right()).isEmpty();
    assertThat(broken.baseline().right()).contains(true);
    assertThat(broken.candidate().execution(0)).isEmpty();
  }

  @Test
  void aProgramThatFailedHasTheLineOfTheTestAsItsJournalKeepsIt() {
    AnswerView failed = ReportSource.open(result).item("HumanEval/3").orElseThrow().candidate();
    assertThat(failed.failedAt(0)).contains("assert f() == 1");
    assertThat(failed.printed(0)).contains("AssertionError");
    assertThat(failed.failedAt(1)).isEmpty();
    AnswerView passed = ReportSource.open(result).item("HumanEval/3").orElseThrow().baseline();
    assertThat(passed.failedAt(0)).isEmpty();
    assertThat(passed.printed(0)).isEmpty();
  }

  @Test
  void aJournalThatWasChangedIsToldAndNothingOfItIsShown() throws IOException {
    Path journal = folder.resolve("runs/candidate/journal/humaneval.executions.jsonl");
    Files.writeString(journal, Files.readString(journal).replace("f() == 1", "f() == 2"));
    ReportSource source = ReportSource.open(result);
    ItemView loss = source.item("HumanEval/3").orElseThrow();
    assertThat(loss.candidate().failedAt(0)).isEmpty();
    assertThat(source.warnings())
        .singleElement()
        .asString()
        .startsWith("what executions printed is not shown: ")
        .contains("was changed after it was written");
  }

  @Test
  void whatBenchMeasuredBesideTheComparisonIsJoinedByTheModelsContentAndElseRefusedByName()
      throws IOException {
    SampleRun.bench(Side.BASELINE).write(result.resolve("bench-fp16.json"));
    SampleRun.bench(Side.CANDIDATE).write(result.resolve("bench-int4.json"));
    Path again = result.resolve("bench-int4-again.json");
    SampleRun.bench(Side.CANDIDATE).write(again);
    Path other = result.resolve("bench-other.json");
    SampleRun.bench(Side.MODEL).write(other);
    Path changed = result.resolve("bench-changed.json");
    Files.writeString(changed, Files.readString(again).replace("2048", "9999"));

    ReportSource source = ReportSource.open(result);

    assertThat(source.benches())
        .containsOnlyKeys(Side.BASELINE, Side.CANDIDATE)
        .containsEntry(Side.BASELINE, SampleRun.bench(Side.BASELINE));
    assertThat(source.warnings())
        .containsExactly(
            "memory and speed are not shown: %s: was changed after it was written, or lost what stood before it: its checksum does not fit"
                .formatted(changed),
            "%s is not shown: another file measured the candidate, too"
                .formatted(result.resolve("bench-int4.json")),
            "%s is not shown: it measured models/model, whose weights and configuration are neither the baseline's nor the candidate's"
                .formatted(other));
  }

  @Test
  void aComparisonWhoseRunsAreGoneShowsWhatThePairsKnow() throws IOException {
    FolderTree.delete(folder.resolve("runs"));
    ReportSource source = ReportSource.open(result);
    assertThat(source.warnings()).hasSize(2).allMatch(line -> line.contains("no longer at"));
    ItemView loss = source.item("HumanEval/3").orElseThrow();
    assertThat(loss.prompt()).isEmpty();
    assertThat(loss.candidate().texts()).containsExactly("    return 2\n");
  }

  @Test
  void aRunThatWasDoneAgainIsNotJoined() {
    SampleResult.compare(
        folder.resolve("other"),
        run -> run.question("ceval", "law", "q", "A", 0, -1, -2, -3),
        run -> run.question("ceval", "law", "q", "A", 0, -1, -2, -3));
    Path again = folder.resolve("other").resolve("runs").resolve("candidate");
    Path before = folder.resolve("runs").resolve("candidate");
    assertThat(before.toFile().renameTo(folder.resolve("moved").toFile())).isTrue();
    assertThat(again.toFile().renameTo(before.toFile())).isTrue();
    ReportSource source = ReportSource.open(result);
    assertThat(source.warnings())
        .singleElement()
        .asString()
        .contains("the records of the candidate at", "are of a later run");
    assertThat(source.item("HumanEval/3").orElseThrow().candidate().record()).isEmpty();
  }

  @Test
  void textsPartBetweenCharactersAndNotWithinOne() {
    assertThat(ItemView.partsAt("same", "same")).isEmpty();
    assertThat(ItemView.partsAt("same", "same and more")).hasValue(4);
    assertThat(ItemView.partsAt("a\uD83D\uDE00", "a\uD83D\uDE01")).hasValue(1);
  }
}
