package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.base.FolderTree;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ReportCommandTest {
  @TempDir Path folder = Path.of("");
  private Path result = Path.of("");
  private Ended judged = new Ended(-1, "", "");

  private record Ended(int exitCode, String out, String err) {}

  private static Ended quantgate(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    CommandLine command =
        Program.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    int exitCode = Program.execute(command, arguments);
    command.getOut().flush();
    return new Ended(exitCode, out.toString(), err.toString());
  }

  @BeforeEach
  void aCandidateHasLostFiveItems() throws IOException {
    result = folder.resolve("result");
    judged =
        quantgate(
            "run",
            "--quiet",
            "--suites",
            "starter-nli",
            "--out",
            result.toString(),
            "--baseline",
            "replay:" + CommandLineTest.recording(folder.resolve("right.jsonl"), 0),
            "--candidate",
            "replay:" + CommandLineTest.recording(folder.resolve("worse.jsonl"), 5));
  }

  @Test
  void aRunLeavesEveryReportAndSaysWhereThePageIs() {
    Path report = result.resolve("report");
    assertThat(judged.exitCode()).isEqualTo(1);
    assertThat(judged.out()).endsWith("HTML report: %s%n".formatted(report.resolve("index.html")));
    assertThat(report.resolve("index.html")).isNotEmptyFile();
    assertThat(report.resolve("summary.md")).content().startsWith("### QuantGate: FAIL (proven)");
    assertThat(report.resolve("metrics.json")).isNotEmptyFile();
    assertThat(report.resolve("summary.txt")).isNotEmptyFile();
  }

  @Test
  void theFormatsThatAreAskedForAreWrittenWhereTheyAreAskedForAndTheExitCodeIsZero() {
    Path site = folder.resolve("site");
    Ended ended =
        quantgate(
            "report", result.toString(), "--format", "html,markdown", "--out", site.toString());
    assertThat(ended.err()).isEmpty();
    assertThat(ended.exitCode()).isZero();
    assertThat(ended.out()).isEqualTo("%s: html, markdown%n".formatted(site));
    assertThat(site.toFile().list())
        .containsExactlyInAnyOrder("index.html", "summary.md", "headline.txt");
  }

  @Test
  void anUnknownFormatIsRefusedBeforeAnythingIsWritten() {
    Path site = folder.resolve("site");
    Ended ended =
        quantgate("report", result.toString(), "--format", "html,pdf", "--out", site.toString());
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).startsWith("quantgate: --format: expected ").contains("found \"pdf\"");
    assertThat(site).doesNotExist();
  }

  @Test
  void aFolderWithoutAComparisonIsRefused() {
    Ended ended = quantgate("report", folder.toString());
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).contains("comparison.json");
  }

  @Test
  void aReportThatCannotBeWrittenChangesNoVerdict() throws IOException {
    Path out = folder.resolve("blocked");
    compare(out);
    FolderTree.delete(out.resolve("report"));
    Files.writeString(out.resolve("report"), "a file where the folder belongs");
    Ended ended = compare(out);
    assertThat(ended.exitCode()).isEqualTo(judged.exitCode());
    assertThat(ended.err())
        .startsWith("quantgate: the reports are not whole, the verdict stands: ");
  }

  private Ended compare(Path out) {
    return quantgate(
        "compare",
        result.resolve("baseline").toString(),
        result.resolve("candidate").toString(),
        "--out",
        out.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"report", "report/allure-results", "report/allure-results/history"})
  void noReportIsWrittenThroughALinkBelowTheResult(String place) throws IOException {
    Path precious = Files.createDirectory(folder.resolve("precious"));
    Files.writeString(precious.resolve("index.html"), "kept");
    FolderTree.delete(result.resolve(place));
    Path link = Files.createSymbolicLink(result.resolve(place), precious);
    Ended ended = quantgate("report", result.toString());
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err())
        .isEqualTo(
            "quantgate: %s is a symbolic link; nothing is written through it, remove it%n"
                .formatted(link));
    assertThat(precious.toFile().list()).containsExactly("index.html");
    assertThat(precious.resolve("index.html")).hasContent("kept");
  }

  @Test
  void aResultAndAFolderOfReportsMayBeNamedByLinks() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("latest"), result);
    Path site = Files.createDirectory(folder.resolve("real-site"));
    Path named = Files.createSymbolicLink(folder.resolve("site"), site);
    assertThat(quantgate("report", link.toString()).exitCode()).isZero();
    assertThat(quantgate("report", link.toString(), "--out", named.toString()).exitCode()).isZero();
    assertThat(site.resolve("index.html")).isNotEmptyFile();
  }

  @Test
  void aRunIsNotWrittenIntoTheFoldersOfItsModels() throws IOException {
    Path models = folder.resolve("models");
    for (String name : List.of("baseline", "candidate")) {
      Files.createDirectories(models.resolve(name));
      Files.writeString(models.resolve(name).resolve("config.json"), "{}");
    }
    Ended ended =
        quantgate(
            "run",
            "--suites",
            "starter-nli",
            "--baseline",
            models.resolve("baseline").toString(),
            "--candidate",
            models.resolve("candidate").toString(),
            "--out",
            models.toString());
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err())
        .contains(
            "quantgate: %s: is no run (no identity.json) where that of the baseline belongs, it holds config.json; give another --out"
                .formatted(models.resolve("baseline")));
    assertThat(models.resolve("baseline").toFile().list()).containsExactly("config.json");
    assertThat(models.toFile().list()).containsExactlyInAnyOrder("baseline", "candidate");
  }

  @Test
  void aDemoIsNotPutBesideAnythingElse() throws IOException {
    Path home = Files.createDirectory(folder.resolve("home"));
    Files.writeString(home.resolve("letter.txt"), "kept");
    Ended ended = quantgate("demo", "--quiet", "--out", home.toString());
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err())
        .isEqualTo(
            "quantgate: %s: is neither empty nor of a demo, it holds letter.txt; give another --out%n"
                .formatted(home));
    assertThat(home.toFile().list()).containsExactly("letter.txt");
  }

  @Test
  void aRunThatIsViewedMustBeAFolder() {
    Ended ended = quantgate("view", folder.resolve("none").toString(), "--no-open");
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).contains("expected the folder of a run or a comparison, found nothing");
  }
}
