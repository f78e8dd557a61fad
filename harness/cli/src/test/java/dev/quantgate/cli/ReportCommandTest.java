package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    Files.createDirectory(out);
    Files.writeString(out.resolve("report"), "a file where the folder belongs");
    Ended ended =
        quantgate(
            "compare",
            result.resolve("baseline").toString(),
            result.resolve("candidate").toString(),
            "--out",
            out.toString());
    assertThat(ended.exitCode()).isEqualTo(judged.exitCode());
    assertThat(ended.err())
        .startsWith("quantgate: the reports are not whole, the verdict stands: ");
  }

  @Test
  void aRunThatIsViewedMustBeAFolder() {
    Ended ended = quantgate("view", folder.resolve("none").toString(), "--no-open");
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).contains("expected the folder of a run or a comparison, found nothing");
  }
}
