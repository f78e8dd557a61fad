package dev.quantgate.reports.junit;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.reports.ReportFormat;
import dev.quantgate.reports.ReportSource;
import java.nio.file.Path;

/**
 * {@code junit.xml}: each suite's gate is a test case, and so is each loss and each item without a
 * grade. A loss within what its gate allows is a skipped case, so that a CI server is red exactly
 * where the gate is.
 */
public final class JUnitXmlFormat implements ReportFormat {
  @Override
  public String id() {
    return "junit";
  }

  @Override
  public void write(ReportSource source, Path out) {
    AtomicFile.write(out.resolve("junit.xml"), JUnitXml.of(source.comparison(), source.ended()));
  }
}
