package dev.quantgate.quantization;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures how near models are to a baseline on held-out text: perplexity, divergence of the whole
 * next-token distribution, and agreement on the most likely token.
 *
 * <p>The text is tokenised once, by the baseline's tokenizer, and cut into windows that know
 * nothing of each other; the first token of each is not scored. Models run block by block, so in
 * memory are one block's weights and one window's logits of two models.
 */
public final class ModelDistance {
  private ModelDistance() {}

  /**
   * Measures.
   *
   * @param baseline the folder that others are compared with
   * @param candidates folders with the same vocabulary
   * @param text a file of plain text
   * @param window tokens of a window, at least 2
   * @param windows the most windows taken, at even distances over the text
   * @throws QuantizationException if the text is too short or the vocabularies differ
   */
  public static QualityTable measure(
      Path baseline,
      List<Path> candidates,
      Path text,
      int window,
      int windows,
      String engine,
      EngineOptions options,
      ProgressListener progress) {
    if (window < 2) {
      throw new IllegalArgumentException("a window needs at least 2 tokens, not " + window);
    }
    try (Workers workers = new Workers(options.threads())) {
      List<List<Integer>> sequences = windows(baseline, text, window, windows);
      List<Path> folders = new ArrayList<>();
      folders.add(baseline);
      folders.addAll(candidates);
      List<BlockwiseModel> models = new ArrayList<>();
      try {
        List<List<float[]>> hidden = new ArrayList<>();
        for (Path folder : folders) {
          BlockwiseModel model = Engines.findBlockwise(engine).openBlockwise(folder, options);
          models.add(model);
          hidden.add(run(model, folder, sequences, progress));
        }
        return compare(text, folders, models, hidden, sequences, workers, progress);
      } finally {
        models.forEach(BlockwiseModel::close);
      }
    } catch (IOException e) {
      throw new QuantizationException("cannot read " + text + ": " + e.getMessage(), e);
    }
  }

  private static List<List<Integer>> windows(Path model, Path text, int window, int windows)
      throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(model)) {
      List<Integer> ids = tokenizer.encode(CalibrationSet.text(text)).ids();
      List<List<Integer>> sequences = new ArrayList<>();
      for (int from = 0; from + window <= ids.size(); from += window) {
        sequences.add(ids.subList(from, from + window));
      }
      if (sequences.isEmpty()) {
        throw new QuantizationException(
            text + " has " + ids.size() + " tokens, less than one window of " + window);
      }
      return CalibrationSet.spread(sequences, windows);
    }
  }

  private static List<float[]> run(
      BlockwiseModel model, Path folder, List<List<Integer>> sequences, ProgressListener progress) {
    Pace pace = new Pace("running " + folder.getFileName(), model.blocks(), progress);
    List<float[]> hidden = sequences.stream().map(model::embed).toList();
    for (int b = 0; b < model.blocks(); b++) {
      hidden = model.run(b, hidden);
      model.release(b);
      pace.done();
    }
    return hidden;
  }

  private static QualityTable compare(
      Path text,
      List<Path> folders,
      List<BlockwiseModel> models,
      List<List<float[]>> hidden,
      List<List<Integer>> sequences,
      Workers workers,
      ProgressListener progress) {
    double[] loss = new double[models.size()];
    double[] divergence = new double[models.size()];
    long[] same = new long[models.size()];
    long tokens = 0;
    Pace pace = new Pace("comparing windows", sequences.size(), progress);
    for (int s = 0; s < sequences.size(); s++) {
      List<Integer> ids = sequences.get(s);
      int scored = ids.size() - 1;
      tokens += scored;
      Matrix expected = models.getFirst().logits(hidden.getFirst().get(s));
      for (int m = 0; m < models.size(); m++) {
        boolean isBaseline = m == 0;
        Matrix logits = isBaseline ? expected : models.get(m).logits(hidden.get(m).get(s));
        if (logits.columns() != expected.columns()) {
          throw new QuantizationException(
              folders.get(m)
                  + " has a vocabulary of "
                  + logits.columns()
                  + ", "
                  + folders.getFirst()
                  + " of "
                  + expected.columns());
        }
        double[] losses = new double[scored];
        double[] divergences = new double[scored];
        boolean[] sames = new boolean[scored];
        workers.forEach(
            scored,
            t -> {
              losses[t] =
                  logSum(logits, t) - logits.values()[t * logits.columns() + ids.get(t + 1)];
              divergences[t] = isBaseline ? 0 : divergence(expected, logits, t);
              sames[t] = top(expected, t) == top(logits, t);
            });
        for (int t = 0; t < scored; t++) {
          loss[m] += losses[t];
          divergence[m] += divergences[t];
          same[m] += sames[t] ? 1 : 0;
        }
      }
      pace.done();
    }
    List<QualityTable.Row> rows = new ArrayList<>();
    for (int m = 0; m < models.size(); m++) {
      rows.add(
          new QualityTable.Row(
              folders.get(m).getFileName().toString(),
              Math.exp(loss[m] / tokens),
              divergence[m] / tokens,
              (double) same[m] / tokens,
              weightBytes(folders.get(m))));
    }
    return new QualityTable(text, tokens, rows);
  }

  private static long weightBytes(Path folder) {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      return checkpoint.weightBytes();
    }
  }

  /** {@code ln sum exp} of a row, in double. */
  static double logSum(Matrix logits, int row) {
    int from = row * logits.columns();
    float max = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + logits.columns(); i++) {
      max = Math.max(max, logits.values()[i]);
    }
    double sum = 0;
    for (int i = from; i < from + logits.columns(); i++) {
      sum += Math.exp(logits.values()[i] - max);
    }
    return max + Math.log(sum);
  }

  /** {@code sum p ln(p / q)} of two rows' distributions. */
  static double divergence(Matrix expected, Matrix found, int row) {
    double expectedSum = logSum(expected, row);
    double foundSum = logSum(found, row);
    int from = row * expected.columns();
    double sum = 0;
    for (int i = from; i < from + expected.columns(); i++) {
      double p = expected.values()[i] - expectedSum;
      double q = found.values()[i] - foundSum;
      sum += Math.exp(p) * (p - q);
    }
    return sum;
  }

  private static int top(Matrix logits, int row) {
    int from = row * logits.columns();
    int best = from;
    for (int i = from + 1; i < from + logits.columns(); i++) {
      if (logits.values()[i] > logits.values()[best]) {
        best = i;
      }
    }
    return best - from;
  }
}
