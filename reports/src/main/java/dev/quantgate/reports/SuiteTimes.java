package dev.quantgate.reports;

import static dev.quantgate.reports.TextTable.Align.LEFT;
import static dev.quantgate.reports.TextTable.Align.RIGHT;

import dev.quantgate.inference.ShapeReport;
import dev.quantgate.inference.ShapeReport.Column;
import dev.quantgate.inference.SuiteTokens;
import dev.quantgate.inference.SuiteTokens.Rates;
import dev.quantgate.reports.TextTable.Align;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/** How long a pair takes for the benchmarks, as a sum over rates that {@code bench} measured. */
final class SuiteTimes {
  private SuiteTimes() {}

  /** A table that goes on below that of the rates; empty where a rate is missing. */
  static String render(ShapeReport report) {
    List<Rates> rates =
        report.columns().stream().map(Column::rates).flatMap(Optional::stream).toList();
    if (rates.size() < Math.max(2, report.columns().size())) {
      return "";
    }
    Align[] alignment = new Align[3 + rates.size()];
    Arrays.fill(alignment, RIGHT);
    alignment[0] = LEFT;
    var table = new TextTable(alignment);
    var head = new ArrayList<>(List.of("", "prompts", "answers"));
    report.columns().forEach(column -> head.add(SpeedTables.name(column)));
    table.row(head.toArray(String[]::new)).rule();
    for (SuiteTokens suite : SuiteTokens.BENCHMARKS) {
      row(
          table,
          "%s/%s".formatted(suite.suite(), suite.protocol()),
          Figures.count(suite.promptTokens()),
          suite.writtenTokens() > 0 ? Figures.count(suite.writtenTokens()) : "-",
          rates.stream().mapToDouble(suite::seconds));
    }
    double[] sums =
        rates.stream()
            .mapToDouble(each ->
                SuiteTokens.BENCHMARKS.stream().mapToDouble(suite -> suite.seconds(each)).sum())
            .toArray();
    row(table, "sum", "", "", Arrays.stream(sums));
    return """

    HumanEval, C-Eval and CMNLI with both models, by the rates above: %s
    tokens as Llama 2 counts them; reading weights and running programs come on top

    %s\
    """
        .formatted(duration(Arrays.stream(sums).sum()), table.render());
  }

  private static void row(
      TextTable table, String what, String prompts, String answers, DoubleStream seconds) {
    var cells = new ArrayList<>(List.of(what, prompts, answers));
    seconds.forEach(each -> cells.add(duration(each)));
    table.row(cells.toArray(String[]::new));
  }

  private static String duration(double seconds) {
    return Figures.duration(Duration.ofMillis(Math.round(seconds * 1e3)));
  }
}
