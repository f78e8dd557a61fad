package dev.quantgate.quantization.quality;

import dev.quantgate.quantization.file.Json;
import java.nio.file.Path;
import java.util.List;

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
}
