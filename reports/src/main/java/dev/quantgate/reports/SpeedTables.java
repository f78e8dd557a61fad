package dev.quantgate.reports;

import static dev.quantgate.reports.TextTable.Align.LEFT;
import static dev.quantgate.reports.TextTable.Align.RIGHT;

import dev.quantgate.inference.ShapeReport;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.reports.TextTable.Align;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What `bench` measured of an engine, for a terminal. */
public final class SpeedTables {
  private static final double GIGA = 1e9;
  private static final double TERA = 1e12;

  private SpeedTables() {}

  /** A checkpoint's memory and speed. */
  public static String render(SpeedReport report) {
    var table = new TextTable(LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT);
    table.row("", "context", "tokens/s", "GFLOP/s", "MB/token", "of read bandwidth").rule();
    table.row(
        "prefill",
        Figures.count(report.prefill().tokens()),
        Figures.rate(report.prefill().tokensPerSecond()),
        Figures.rate(report.prefill().flops() / GIGA),
        "-",
        "-");
    for (SpeedReport.Decode decode : report.decodes()) {
      table.row(
          "decode, batch %d".formatted(decode.batch()),
          Figures.count(decode.context()),
          Figures.rate(decode.tokensPerSecond()),
          Figures.rate(decode.flops() / GIGA),
          Figures.rate(decode.bytesPerToken() / 1e6),
          Figures.percent(decode.bandwidthShare()));
    }
    return """
    weights: %s, %s in files, %s in memory, loaded in %s
    threads: %d; plain reading from memory, measured in this run: %s GB/s

    %s\
    """
        .formatted(
            report.weightFormat(),
            Figures.bytes(report.checkpointBytes()),
            Figures.bytes(report.weightBytes()),
            Figures.duration(report.loadTime()),
            report.threads(),
            Figures.rate(report.readBandwidth() / GIGA),
            table.render());
  }

  /**
   * A shape's memory and speed, its weight formats side by side. Behind each rate stand what it
   * takes of the device, and the share of the read stream or of the largest matrix product.
   */
  public static String render(ShapeReport report) {
    List<ShapeReport.Column> columns = report.columns();
    boolean ratio = columns.size() == 2;
    Align[] alignment = new Align[1 + 2 * columns.size() + (ratio ? 1 : 0)];
    Arrays.fill(alignment, RIGHT);
    alignment[0] = LEFT;
    var rows = new Rows(report, new TextTable(alignment), ratio);
    rows.head();
    rows.plain("weights", column -> Figures.bytes(column.weightBytes()));
    rows.plain(
        "memory in all",
        column -> column.refused().isPresent() ? "-" : Figures.bytes(column.memoryBytes()));
    for (int i = 0; i < most(columns, column -> column.prefills().size()); i++) {
      int at = i;
      rows.cells(
          columns.stream()
              .map(column ->
                  at < column.prefills().size()
                      ? rows.prefill(column.prefills().get(at))
                      : Cell.NONE)
              .toList());
    }
    rows.cells(
        columns.stream().map(column -> column.texts().map(rows::texts).orElse(Cell.NONE)).toList());
    for (int i = 0; i < most(columns, column -> column.passages().size()); i++) {
      int at = i;
      rows.cells(
          columns.stream()
              .map(column ->
                  at < column.passages().size()
                      ? rows.passage(column.passages().get(at))
                      : Cell.NONE)
              .toList());
    }
    for (int i = 0; i < most(columns, column -> column.batches().size()); i++) {
      int at = i;
      rows.cells(
          columns.stream()
              .map(column ->
                  at < column.batches().size() ? rows.batch(column.batches().get(at)) : Cell.NONE)
              .toList());
    }
    return """
    %s on %s; weights made up there
    measured in this run: read stream %s GB/s, largest matrix product %s TFLOP/s
    %s
    rates are tokens a second; a/b: over b tokens behind a prompt of a; at c: behind c tokens;
    texts: many in one step, each of their positions read

    %s\
    """
            .formatted(
                report.shape(),
                report.device(),
                Figures.rate(report.readBandwidth() / GIGA),
                Figures.rate(report.matrixRate() / TERA),
                peer(report.peer()),
                rows.table.render())
        + refusals(columns)
        + SuiteTimes.render(report);
  }

  private static String refusals(List<ShapeReport.Column> columns) {
    return columns.stream()
        .flatMap(column ->
            column.refused().stream()
                .map(why -> "%s was not measured: it %s%n".formatted(name(column), why)))
        .collect(Collectors.joining());
  }

  private static String peer(ShapeReport.Peer peer) {
    return peer.matrixRate().isPresent()
        ? "to compare with: the same product by %s, %s TFLOP/s"
            .formatted(peer.note(), Figures.rate(peer.matrixRate().getAsDouble() / TERA))
        : "note: %s".formatted(peer.note());
  }

  /** A weight format's name, short. */
  static String name(ShapeReport.Column column) {
    return column.weights().replace(", groups of ", " g");
  }

  private static int most(
      List<ShapeReport.Column> columns, Function<ShapeReport.Column, Integer> count) {
    return columns.stream().map(count).mapToInt(Integer::intValue).max().orElse(0);
  }

  /** A figure of one column: what it is of, tokens a second, and what that takes of the device. */
  private record Cell(String what, double rate, String use) {
    static final Cell NONE = new Cell("", 0, "-");
  }

  private record Rows(ShapeReport report, TextTable table, boolean ratio) {
    void head() {
      var cells = new ArrayList<String>(List.of(""));
      for (ShapeReport.Column column : report.columns()) {
        cells.add(name(column));
        cells.add("of the device");
      }
      if (ratio) {
        cells.add("ratio");
      }
      table.row(cells.toArray(String[]::new)).rule();
    }

    void plain(String what, Function<ShapeReport.Column, String> text) {
      var cells = new ArrayList<String>(List.of(what));
      for (ShapeReport.Column column : report.columns()) {
        cells.add(text.apply(column));
        cells.add("");
      }
      if (ratio) {
        cells.add("");
      }
      table.row(cells.toArray(String[]::new));
    }

    void cells(List<Cell> found) {
      String what =
          found.stream()
              .map(Cell::what)
              .filter(each -> !each.isEmpty())
              .distinct()
              .collect(Collectors.joining(", "));
      var cells = new ArrayList<String>(List.of(what));
      for (Cell cell : found) {
        cells.add(cell.rate() > 0 ? Figures.rate(cell.rate()) : "-");
        cells.add(cell.use());
      }
      if (ratio) {
        double first = found.getFirst().rate();
        double last = found.getLast().rate();
        cells.add(first > 0 && last > 0 ? "%.2f".formatted(first / last) : "-");
      }
      table.row(cells.toArray(String[]::new));
    }

    Cell prefill(ShapeReport.Prefill prefill) {
      return new Cell(
          "prefill of %s".formatted(Figures.count(prefill.tokens())),
          prefill.tokensPerSecond(),
          "%s TFLOP/s %s"
              .formatted(
                  Figures.rate(prefill.flops() / TERA),
                  Figures.percent(prefill.flops() / report.matrixRate())));
    }

    Cell texts(ShapeReport.Prefill texts) {
      Cell cell = prefill(texts);
      return new Cell(
          "texts of %s".formatted(Figures.count(texts.tokens())), cell.rate(), cell.use());
    }

    Cell passage(ShapeReport.Decode decode) {
      return new Cell(
          "%s/%s".formatted(Figures.count(decode.context()), Figures.count(decode.tokens())),
          decode.tokensPerSecond(),
          use(decode));
    }

    Cell batch(ShapeReport.Decode decode) {
      return decode.context() == 0
          ? new Cell("batch %d".formatted(decode.batch()), 0, "does not fit")
          : new Cell(
              "batch %d at %s".formatted(decode.batch(), Figures.count(decode.context())),
              decode.tokensPerSecond(),
              use(decode));
    }

    private String use(ShapeReport.Decode decode) {
      return "%s GB/s %s"
          .formatted(
              Figures.rate(decode.bandwidth() / GIGA),
              Figures.percent(decode.bandwidth() / report.readBandwidth()));
    }
  }
}
