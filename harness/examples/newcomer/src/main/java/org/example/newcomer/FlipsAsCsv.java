package org.example.newcomer;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.reports.ReportFormat;
import dev.quantgate.reports.ReportSource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** flips.csv: a line for each item that only one model gets right. */
public final class FlipsAsCsv implements ReportFormat {
  @Override
  public String id() {
    return "flips-csv";
  }

  @Override
  public void write(ReportSource source, Path out) {
    var csv = new StringBuilder("suite,item,kind,expected,baseline,candidate\n");
    for (SuiteComparison suite : source.comparison().suites()) {
      for (Pair pair : source.pairs(suite).pairs()) {
        if (pair.kind().flip()) {
          csv.append(
              "%s,%s,%s,%s,%s,%s\n"
                  .formatted(
                      suite.suite(),
                      quoted(pair.id()),
                      pair.kind(),
                      quoted(pair.expected()),
                      quoted(pair.baseline().answer()),
                      quoted(pair.candidate().answer())));
        }
      }
    }
    AtomicFile.write(out.resolve("flips.csv"), csv.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String quoted(String text) {
    return "\"%s\"".formatted(text.replace("\"", "\"\""));
  }
}
