package dev.quantgate.reports;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.pairs.SuitePairs;
import java.nio.file.Path;

/** What a report is made from: a comparison that lies on disk, with its pairs. */
public record ReportSource(ComparisonFolder folder) {

  /**
   * Opens a comparison, given comparison.json or its folder.
   *
   * @throws dev.quantgate.base.QuantGateException if it cannot be read
   */
  public static ReportSource open(Path path) {
    return new ReportSource(ComparisonFolder.read(path));
  }

  public Comparison comparison() {
    return folder.comparison();
  }

  /** The pairs of a suite, read anew each time. */
  public SuitePairs pairs(SuiteComparison suite) {
    return folder.pairs(suite);
  }
}
