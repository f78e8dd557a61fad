package dev.quantgate.reports.junit;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.reports.ChangeLine;
import dev.quantgate.reports.ReportFormat;
import dev.quantgate.reports.ReportSource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code github-annotations.txt}: workflow commands that GitHub Actions turns into annotations of a
 * run once a step prints them ({@code cat report/github-annotations.txt}).
 */
public final class GithubAnnotationsFormat implements ReportFormat {
  /** GitHub shows ten annotations of a kind for each step. */
  private static final int MOST_LOSSES = 10;

  @Override
  public String id() {
    return "github";
  }

  @Override
  public void write(ReportSource source, Path out) {
    String text = "%s\n".formatted(String.join("\n", lines(source.comparison())));
    AtomicFile.write(out.resolve("github-annotations.txt"), text.getBytes(StandardCharsets.UTF_8));
  }

  static List<String> lines(Comparison comparison) {
    List<String> lines = new ArrayList<>();
    lines.add(
        command(
            level(comparison.verdict()),
            "Accuracy gate",
            "%s: %s".formatted(comparison.verdict(), comparison.reason())));
    int losses = 0;
    for (SuiteComparison suite : comparison.suites()) {
      lines.add(
          command(
              suite.finding() == Finding.UNINFORMATIVE ? "warning" : level(suite.verdict()),
              "Accuracy of %s".formatted(suite.suite()),
              suite.reason()));
      for (Flip flip : comparison.flipsOf(suite.suite())) {
        if (flip.kind() == Flip.Kind.LOSS && losses < MOST_LOSSES) {
          losses++;
          lines.add(command("warning", "Lost in %s".formatted(suite.suite()), ChangeLine.of(flip)));
        }
      }
    }
    return lines;
  }

  private static String level(Verdict verdict) {
    return switch (verdict) {
      case PASS -> "notice";
      case INCONCLUSIVE -> "warning";
      case FAIL, INVALID -> "error";
    };
  }

  /** One line: nothing in a message can end it or begin another command. */
  private static String command(String level, String title, String message) {
    return "::%s title=%s::%s"
        .formatted(level, escaped(title).replace(":", "%3A").replace(",", "%2C"), escaped(message));
  }

  private static String escaped(String text) {
    return PlainText.line(text, 2_000).replace("%", "%25");
  }
}
