package dev.quantgate.quantization;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * How near some models are to a baseline on a text.
 *
 * @param text the file
 * @param tokens scored positions
 * @param rows the baseline first
 */
public record QualityTable(Path text, long tokens, List<Row> rows) {
  public QualityTable {
    rows = List.copyOf(rows);
  }

  /**
   * One model.
   *
   * @param perplexity exp of the mean negative log-probability of the text's own tokens
   * @param divergence mean over positions of the Kullback-Leibler divergence, in nats, of the
   *     model's next-token distribution from the baseline's: {@code sum p_baseline * ln(p_baseline
   *     / p_model)}
   * @param sameTop share of positions where both find the same token most likely
   * @param weightBytes bytes of all its tensors
   */
  public record Row(
      String name, double perplexity, double divergence, double sameTop, long weightBytes) {}

  /** The table for a terminal. */
  public String table() {
    int width = rows.stream().mapToInt(row -> row.name().length()).max().orElse(5);
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-" + width + "s %10s %8s %8s %10s %9s%n",
            "model",
            "perplexity",
            "ratio",
            "KL",
            "same top-1",
            "MB"));
    double baseline = rows.isEmpty() ? 1 : rows.getFirst().perplexity();
    for (Row row : rows) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-" + width + "s %10.3f %8.3f %8.4f %9.1f%% %9.1f%n",
              row.name(),
              row.perplexity(),
              row.perplexity() / baseline,
              row.divergence(),
              100 * row.sameTop(),
              row.weightBytes() / 1e6));
    }
    return text.toString();
  }
}
