package dev.quantgate.reports;

import static dev.quantgate.reports.TextTable.Align.LEFT;
import static dev.quantgate.reports.TextTable.Align.RIGHT;

import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxBenchmark;
import dev.quantgate.sandbox.SandboxCheck;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a sandbox was put through, for a terminal. */
public final class SandboxTables {
  private SandboxTables() {}

  /** The red team's programs, wrong lines marked and explained, and a summary below. */
  public static String render(SandboxCheck.Report report) {
    var table = new TextTable(LEFT, LEFT, LEFT, LEFT, RIGHT);
    table.row("", "program", "category", "got", "ms").rule();
    for (SandboxCheck.Row row : report.rows()) {
      table.row(
          row.good() ? "" : "!",
          row.attack().name(),
          row.attack().category(),
          name(row.got().outcome()),
          Figures.count(row.got().usage().wallMillis()));
      if (!row.good()) {
        table.note(
            "expected: %s; %s; the sentinel behind it: %s %s"
                .formatted(
                    row.attack().expected().name().toLowerCase(Locale.ROOT),
                    row.got().detail().isEmpty() ? "no details" : row.got().detail(),
                    name(row.sentinel().outcome()),
                    row.sentinel().detail()));
      }
    }
    Map<String, Long> counts =
        report.rows().stream()
            .collect(
                Collectors.groupingBy(
                    row -> name(row.got().outcome()), TreeMap::new, Collectors.counting()));
    return """
    %ssandbox %s: %d programs, %d wrong (%s)
    """
        .formatted(
            table.render(),
            report.sandbox().kind(),
            report.rows().size(),
            report.rows().stream().filter(row -> !row.good()).count(),
            counts.entrySet().stream()
                .map(each -> "%d %s".formatted(each.getValue(), each.getKey()))
                .collect(Collectors.joining(", ")));
  }

  private static String name(Outcome outcome) {
    return outcome.name().toLowerCase(Locale.ROOT);
  }

  /** How long a sandbox takes to start, and how many programs it judges in a second. */
  public static String render(SandboxBenchmark.Report report) {
    var table = new TextTable(RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT);
    table.row("round", "programs", "passed", "faults", "seconds", "a second", "CPU seconds").rule();
    int number = 0;
    for (SandboxBenchmark.Round round : report.rounds()) {
      number++;
      table.row(
          Integer.toString(number),
          Figures.count(report.programs()),
          Figures.count(round.passed()),
          Figures.count(round.faults()),
          Figures.decimals(2, round.seconds()),
          Figures.rate(round.perSecond()),
          Figures.decimals(2, round.cpuSeconds()));
    }
    return """
    sandbox %s, %s checker, %s workers: ready (self-test passed) in %s s

    %s\
    """
        .formatted(
            report.sandbox().kind(),
            report.sandbox().identity().getOrDefault("checker", "?"),
            report.sandbox().facts().getOrDefault("workers", "?"),
            Figures.decimals(2, report.startSeconds()),
            table.render());
  }
}
