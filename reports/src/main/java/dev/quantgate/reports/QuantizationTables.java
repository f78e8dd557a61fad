package dev.quantgate.reports;

import static dev.quantgate.reports.TextTable.Align.LEFT;
import static dev.quantgate.reports.TextTable.Align.RIGHT;

import dev.quantgate.base.PlainText;
import dev.quantgate.quantization.QuantizationReport;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.quality.QualityTable;
import dev.quantgate.quantization.quality.QualityTable.Divergence;
import dev.quantgate.quantization.quality.QualityTable.WorstToken;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** What `quantize` did and what `quality` measured, for a terminal. */
public final class QuantizationTables {
  private static final double MEGA = 1e6;
  private static final String LAYERS = "model.layers.";

  private QuantizationTables() {}

  /** A quantised model's layers, and its size before and after below them. */
  public static String render(QuantizationReport report) {
    boolean below =
        !report.layers().isEmpty()
            && report.layers().stream().allMatch(layer -> layer.name().startsWith(LAYERS));
    var table = new TextTable(LEFT, RIGHT, LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT);
    table
        .row(
            below ? "%s*".formatted(LAYERS) : "layer",
            "shape",
            "kept",
            "loss rtn",
            "loss gptq",
            "ratio",
            "damp",
            "time")
        .rule();
    for (QuantizationReport.Layer layer : report.layers()) {
      table.row(
          below ? layer.name().substring(LAYERS.length()) : layer.name(),
          "%dx%d".formatted(layer.outputs(), layer.inputs()),
          layer.chosen().name().toLowerCase(Locale.ROOT),
          loss(layer.rtnLoss()),
          loss(layer.gptqLoss()),
          layer.rtnLoss().isPresent() && layer.gptqLoss().isPresent()
              ? Figures.decimals(3, layer.gptqLoss().getAsDouble() / layer.rtnLoss().getAsDouble())
              : "-",
          layer.damping().isPresent() ? Figures.decimals(2, layer.damping().getAsDouble()) : "-",
          "%s s".formatted(Figures.decimals(1, layer.time().toMillis() / 1e3)));
      if (!layer.note().isEmpty()) {
        table.note(layer.note());
      }
    }
    QuantizationReport.Settings settings = report.settings();
    return """
    %s%s: %s -> %s (%s) in %s
    """
        .formatted(
            table.render(),
            new Scheme(settings.bits(), settings.groupSize(), settings.symmetric()),
            Figures.bytes(report.bytesBefore()),
            Figures.bytes(report.bytesAfter()),
            Figures.percent((double) report.bytesAfter() / report.bytesBefore()),
            Figures.duration(report.time()));
  }

  private static String loss(OptionalDouble value) {
    return value.isPresent() ? String.format(Locale.ROOT, "%.4g", value.getAsDouble()) : "-";
  }

  /**
   * How near models are to a baseline: the windows that were read, perplexity and agreement,
   * divergence, and the tokens on which each model parts most.
   */
  public static String render(QualityTable quality) {
    var likelihood = new TextTable(LEFT, RIGHT, RIGHT, LEFT, RIGHT, RIGHT);
    likelihood.row("model", "perplexity", "ratio", "95 % interval", "same top", "MB").rule();
    var divergence = new TextTable(LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT);
    divergence.row("KL to the baseline", "mean", "median", "90 %", "99 %", "99.9 %", "max").rule();
    for (QualityTable.Model model : quality.models()) {
      likelihood.row(
          model.name(),
          Figures.decimals(3, model.perplexity()),
          Figures.decimals(4, model.ratio()),
          "%s to %s"
              .formatted(
                  Figures.decimals(4, model.ratioLow()), Figures.decimals(4, model.ratioHigh())),
          Figures.percent(model.sameTop()),
          Figures.decimals(1, model.weightBytes() / MEGA));
      Divergence kl = model.divergence();
      divergence.row(
          model.name(),
          Figures.decimals(4, kl.mean()),
          Figures.decimals(4, kl.median()),
          Figures.decimals(4, kl.p90()),
          Figures.decimals(3, kl.p99()),
          Figures.decimals(3, kl.p999()),
          Figures.decimals(3, kl.maximum()));
    }
    QualityTable.Windows windows = quality.windows();
    String head =
        "%d of the %d windows of %d tokens in %s, at even distances: %s"
            .formatted(
                windows.taken().size(),
                windows.available(),
                windows.length(),
                quality.text(),
                numbers(windows.taken()));
    var text =
        new StringBuilder(
            """
            %s

            %s
            %s\
            """
                .formatted(
                    TextTable.wrapped("", "  ", PlainText.line(head)),
                    likelihood.render(),
                    divergence.render()));
    for (QualityTable.Model model : quality.models()) {
      if (!model.worst().isEmpty()) {
        text.append("\nworst tokens of %s:\n".formatted(PlainText.line(model.name())));
        for (WorstToken worst : model.worst()) {
          text.append(TextTable.wrapped("  ", "    ", told(worst))).append('\n');
        }
      }
    }
    return text.toString();
  }

  private static String told(WorstToken worst) {
    return "KL %s in window %d: %s -> %s (ln p %s, baseline %s); it says %s, the baseline %s"
        .formatted(
            Figures.decimals(3, worst.divergence()),
            worst.window(),
            quoted(worst.context()),
            quoted(worst.token()),
            Figures.decimals(2, worst.modelLogProbability()),
            Figures.decimals(2, worst.baselineLogProbability()),
            quoted(worst.modelTop()),
            quoted(worst.baselineTop()));
  }

  private static String numbers(List<Integer> taken) {
    return taken.size() <= 8
        ? taken.stream().map(String::valueOf).collect(Collectors.joining(", "))
        : "%d, %d, %d, ... %d".formatted(taken.get(0), taken.get(1), taken.get(2), taken.getLast());
  }

  /** A piece of text on one line, without what a terminal would obey. */
  private static String quoted(String text) {
    return PlainText.quoted(text, text.length());
  }
}
