package dev.quantgate.reports;

import dev.quantgate.base.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The terminal's table as a file: {@code summary.txt}. */
public final class TerminalFormat implements ReportFormat {
  @Override
  public String id() {
    return "terminal";
  }

  @Override
  public void write(ReportSource source, Path out) {
    String text = TerminalReport.render(source.comparison(), source.folder().path());
    AtomicFile.write(out.resolve("summary.txt"), text.getBytes(StandardCharsets.UTF_8));
  }
}
