package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import dev.quantgate.base.QuantGateException;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How far a run has come, read from its journals while another process writes them. */
final class RunProgress {
  private RunProgress() {}

  /** A page that asks again by itself. */
  static String page(Path folder) {
    var rows = new StringBuilder();
    for (Side side : Side.values()) {
      var run = new RunFolder(new OutFolder(folder).run(side));
      if (Files.isRegularFile(run.identity())) {
        side(rows, side, run);
      }
    }
    return Template.of(HtmlFormat.resource("progress.html"))
        .put("folder", escaped(folder.toString()))
        .put("rows", rows.isEmpty() ? "<tr><td colspan=\"5\">not begun</td></tr>" : rows.toString())
        .text();
  }

  private static void side(StringBuilder rows, Side side, RunFolder run) {
    Identity identity;
    try {
      identity = Disk.readPage(run.identity(), Identity.class);
    } catch (QuantGateException e) {
      rows.append("<tr><td colspan=\"5\">%s</td></tr>".formatted(escaped(e.getMessage())));
      return;
    }
    for (String suite : identity.suites()) {
      String items = identity.suite(suite).items();
      String all = items.substring(0, Math.max(0, items.indexOf(' ')));
      long answered = lines(run.answers(suite));
      rows.append(
          "<tr><td>%s</td><td>%s</td><td>%s of %s</td><td>%s</td><td>%s</td></tr>\n"
              .formatted(
                  side,
                  escaped(suite),
                  Figures.count(answered),
                  escaped(all),
                  Figures.count(lines(run.executions(suite))),
                  Files.exists(run.records(suite)) ? "done" : answered == 0 ? "" : "going on"));
    }
  }

  /** Whole lines: the last one may be half written. */
  private static long lines(Path file) {
    if (!Files.isRegularFile(file)) {
      return 0;
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      long count = 0;
      byte[] block = new byte[1 << 16];
      for (int read = in.read(block); read >= 0; read = in.read(block)) {
        for (int i = 0; i < read; i++) {
          count += block[i] == '\n' ? 1 : 0;
        }
      }
      return count;
    } catch (IOException e) {
      return 0; // it is there at the next look, or the run says what is wrong
    }
  }

  private static String escaped(@Nullable String text) {
    return PlainText.line(String.valueOf(text))
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;");
  }
}
