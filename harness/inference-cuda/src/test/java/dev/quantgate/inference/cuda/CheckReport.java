package dev.quantgate.inference.cuda;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a check of a device finds, printed line by line, and written as JSON and Markdown after
 * every line: a run that is cut off is worth what it came to.
 */
final class CheckReport {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final Path folder;
  private final PrintStream out;
  private final long begun = System.nanoTime();
  private final Map<String, Object> facts = new LinkedHashMap<>();
  private final Map<String, List<Map<String, Object>>> tables = new LinkedHashMap<>();
  private int failures;

  CheckReport(Path folder, PrintStream out) {
    this.folder = folder;
    this.out = out;
    facts.put("begun", Instant.now().toString());
  }

  double seconds() {
    return (System.nanoTime() - begun) / 1e9;
  }

  int failures() {
    return failures;
  }

  /** A fact about the machine or the run. */
  void fact(String name, Object value) {
    facts.put(name, value);
    out.printf("%7.1f  %s: %s%n", seconds(), name, shown(value));
    write();
  }

  /** A line of a table: names and values in turn. */
  void row(String table, Object... cells) {
    var row = new LinkedHashMap<String, Object>();
    var text = new StringBuilder();
    for (int i = 0; i < cells.length; i += 2) {
      row.put(cells[i].toString(), cells[i + 1]);
      text.append("  ").append(cells[i]).append(' ').append(shown(cells[i + 1]));
    }
    tables.computeIfAbsent(table, name -> new ArrayList<>()).add(row);
    out.printf("%7.1f  [%s]%s%n", seconds(), table, text);
    out.flush();
    write();
  }

  /** A check that holds or not. */
  void check(String table, KernelChecks.Finding finding) {
    failures += finding.good() ? 0 : 1;
    row(
        table,
        "check",
        finding.name(),
        "error",
        finding.error(),
        "result",
        finding.good() ? "ok" : "FAILED");
  }

  /** What could not be done. */
  void failed(String step, Throwable e) {
    failures++;
    row("failures", "step", step, "error", String.valueOf(e));
    e.printStackTrace(out);
  }

  private static String shown(Object value) {
    if (value instanceof Double number) {
      double size = Math.abs(number);
      return size == 0 || (size >= 1e-2 && size < 1e6)
          ? "%.4g".formatted(number)
          : "%.3e".formatted(number);
    }
    return String.valueOf(value);
  }

  private void write() {
    try {
      Files.createDirectories(folder);
      facts.put("seconds", seconds());
      facts.put("failures", failures);
      var all = new LinkedHashMap<String, Object>();
      all.put("facts", facts);
      all.put("tables", tables);
      Files.writeString(folder.resolve("gpu-check.json"), JSON.writeValueAsString(all));
      Files.writeString(folder.resolve("gpu-check.md"), markdown());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String markdown() {
    var text = new StringBuilder();
    facts.forEach((name, value) -> text.append("- %s: %s%n".formatted(name, shown(value))));
    tables.forEach((name, rows) -> {
      text.append("%n## %s%n%n".formatted(name));
      var columns = new java.util.LinkedHashSet<String>();
      rows.forEach(row -> columns.addAll(row.keySet()));
      text.append("| ").append(String.join(" | ", columns)).append(" |\n|");
      text.append("---|".repeat(columns.size())).append('\n');
      for (Map<String, Object> row : rows) {
        text.append('|');
        columns.forEach(
            column -> text.append(' ').append(shown(row.getOrDefault(column, ""))).append(" |"));
        text.append('\n');
      }
    });
    return text.toString();
  }
}
