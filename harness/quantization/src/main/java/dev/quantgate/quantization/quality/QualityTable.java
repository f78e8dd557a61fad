package dev.quantgate.quantization.quality;

import dev.quantgate.base.PlainText;
import dev.quantgate.quantization.file.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How near some models are to a baseline on a text.
 *
 * @param schemaVersion of the file that {@code quality --out} writes: 1
 * @param text the file
 * @param textSha256 over its content
 * @param windows the parts of the text that were read
 * @param tokens scored positions of all windows
 * @param models the baseline first
 */
public record QualityTable(
    int schemaVersion,
    String text,
    String textSha256,
    Windows windows,
    long tokens,
    List<Model> models) {

  static final int SCHEMA_VERSION = 1;

  /** Writes all of it as JSON, whole or not at all. */
  public void write(Path file) {
    Json.write(file, this);
  }

  public QualityTable {
    models = List.copyOf(models);
  }

  /**
   * Parts of the text that know nothing of each other.
   *
   * @param length tokens of each; the first is not scored
   * @param available how many such parts the text has, one after another
   * @param taken which of them were read, from 0, at even distances
   */
  public record Windows(int length, int available, List<Integer> taken) {
    public Windows {
      taken = List.copyOf(taken);
    }
  }

  /**
   * One model beside the baseline.
   *
   * @param perplexity exp of the mean negative log-probability of the text's own tokens
   * @param ratio its perplexity to the baseline's
   * @param ratioLow lower end of the ratio's 95 % interval: the mean paired difference of
   *     log-probabilities a window, plus and minus 1.96 of its standard errors over windows; as the
   *     ratio where there is one window only
   * @param ratioHigh upper end
   * @param divergence of its next-token distribution from the baseline's
   * @param sameTop share of positions where both find the same token most likely
   * @param weightBytes bytes of all its tensors
   * @param worst the positions of the largest divergence, the worst first; none of the baseline
   */
  public record Model(
      String name,
      double perplexity,
      double ratio,
      double ratioLow,
      double ratioHigh,
      Divergence divergence,
      double sameTop,
      long weightBytes,
      List<WorstToken> worst) {
    public Model {
      worst = List.copyOf(worst);
    }
  }

  /**
   * Kullback-Leibler divergence over positions, in nats: {@code sum p_baseline * ln(p_baseline /
   * p_model)}.
   */
  public record Divergence(
      double mean, double median, double p90, double p99, double p999, double maximum) {

    /** Of values in ascending order; a percentile is the smallest value that so many reach. */
    static Divergence of(double[] sorted) {
      double sum = 0;
      for (double value : sorted) {
        sum += value;
      }
      return new Divergence(
          sum / sorted.length,
          percentile(sorted, 0.5),
          percentile(sorted, 0.9),
          percentile(sorted, 0.99),
          percentile(sorted, 0.999),
          sorted[sorted.length - 1]);
    }

    private static double percentile(double[] sorted, double share) {
      int rank = (int) Math.ceil(share * sorted.length);
      return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
    }
  }

  /**
   * A position where two models part.
   *
   * @param window which of the text's windows
   * @param position of the token that was predicted, in the window, from 0
   * @param context the end of the text before it
   * @param token the text's own next token
   * @param baselineTop what the baseline finds most likely
   * @param modelTop what the model finds most likely
   * @param baselineLogProbability of the text's own token
   * @param modelLogProbability of the text's own token
   */
  public record WorstToken(
      int window,
      int position,
      double divergence,
      String context,
      String token,
      String baselineTop,
      String modelTop,
      double baselineLogProbability,
      double modelLogProbability) {}

  /** The table for a terminal, the windows above it and the worst tokens below it. */
  public String table() {
    int width = models.stream().mapToInt(model -> model.name().length()).max().orElse(5);
    String name = "%%-%ds".formatted(Math.max(width, 5));
    List<String> lines = new ArrayList<>();
    lines.add(
        "%d of the %d windows of %d tokens in %s, at even distances: %s"
            .formatted(
                windows.taken().size(),
                windows.available(),
                windows.length(),
                text,
                numbers(windows.taken())));
    lines.add("");
    lines.add(
        "%s %10s %7s %-17s %8s %8s %8s %8s %8s %8s %8s %9s"
            .formatted(
                name.formatted("model"),
                "perplexity",
                "ratio",
                "95 % interval",
                "KL mean",
                "median",
                "90 %",
                "99 %",
                "99.9 %",
                "max",
                "same top",
                "MB"));
    for (Model model : models) {
      Divergence kl = model.divergence();
      lines.add(
          String.format(
              Locale.ROOT,
              "%s %10.3f %7.4f %-17s %8.4f %8.4f %8.4f %8.3f %8.3f %8.3f %7.1f%% %9.1f",
              name.formatted(model.name()),
              model.perplexity(),
              model.ratio(),
              String.format(Locale.ROOT, "%.4f to %.4f", model.ratioLow(), model.ratioHigh()),
              kl.mean(),
              kl.median(),
              kl.p90(),
              kl.p99(),
              kl.p999(),
              kl.maximum(),
              100 * model.sameTop(),
              model.weightBytes() / 1e6));
    }
    for (Model model : models) {
      if (model.worst().isEmpty()) {
        continue;
      }
      lines.add("");
      lines.add("worst tokens of %s:".formatted(model.name()));
      for (WorstToken worst : model.worst()) {
        lines.add(
            String.format(
                Locale.ROOT,
                "  KL %.3f in window %d: %s -> %s (ln p %.2f, baseline %.2f); it says %s, the"
                    + " baseline %s",
                worst.divergence(),
                worst.window(),
                quoted(worst.context()),
                quoted(worst.token()),
                worst.modelLogProbability(),
                worst.baselineLogProbability(),
                quoted(worst.modelTop()),
                quoted(worst.baselineTop())));
      }
    }
    return lines.stream().collect(Collectors.joining("\n", "", "\n"));
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
