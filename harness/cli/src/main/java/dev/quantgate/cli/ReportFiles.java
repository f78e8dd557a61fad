package dev.quantgate.cli;

import dev.quantgate.base.FileException;
import dev.quantgate.base.FolderTree;
import dev.quantgate.base.QuantGateException;
import dev.quantgate.evaluation.record.Lock;
import dev.quantgate.reports.ReportFormat;
import dev.quantgate.reports.ReportFormats;
import dev.quantgate.reports.ReportSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** The reports of a result, in its folder {@code report}. */
final class ReportFiles {
  /** Where GitHub Actions takes Markdown for a job's page. */
  private static final String STEP_SUMMARY = "GITHUB_STEP_SUMMARY";

  /** Another process in the folder has judged, too, and writes the same reports. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private ReportFiles() {}

  static Path folder(Path result) {
    return result.resolve("report");
  }

  /**
   * Writes every report of a comparison that has just been judged. One that cannot be written is
   * told and changes no verdict.
   */
  static void writeAll(CommandSpec spec, Path result) {
    PrintWriter err = spec.commandLine().getErr();
    try (Lock _ = Lock.await(result, PATIENCE)) { // two processes may have judged one folder
      Path folder = folder(result);
      FolderTree.requireNoLink(result, folder);
      write(ReportSource.open(result), ReportFormats.all(), folder);
      appendStepSummary(folder.resolve("summary.md"));
      spec.commandLine().getOut().printf("HTML report: %s%n", folder.resolve("index.html"));
    } catch (QuantGateException e) {
      err.println(
          "quantgate: the reports are not whole, the verdict stands: %s".formatted(Message.of(e)));
    }
  }

  /** Writes reports, each whole or not at all. */
  static void write(ReportSource source, List<ReportFormat> formats, Path folder) {
    formats.forEach(format -> format.write(source, folder));
  }

  private static void appendStepSummary(Path summary) {
    String file = System.getenv().getOrDefault(STEP_SUMMARY, "").strip();
    if (!file.isEmpty() && Files.exists(summary)) {
      try {
        Files.write(
            Path.of(file),
            Files.readAllBytes(summary),
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw FileException.cannot("written", Path.of(file), e);
      }
    }
  }
}
