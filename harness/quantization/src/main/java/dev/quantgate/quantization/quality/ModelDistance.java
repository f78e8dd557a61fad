package dev.quantgate.quantization.quality;

import dev.quantgate.base.Sha256;
import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import dev.quantgate.quantization.ProgressListener;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.StepProgress;
import dev.quantgate.quantization.calibration.CalibrationSet;
import dev.quantgate.quantization.solve.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Measures how near models are to a baseline on held-out text: perplexity, divergence of the whole
 * next-token distribution, and agreement on the most likely token.
 *
 * <p>The text is tokenised once, by the baseline's tokenizer, and cut into windows that know
 * nothing of each other; the first token of each is not scored. Models run block by block, so in
 * memory are one block's weights and one window's logits of two models.
 */
public final class ModelDistance {
  /** Tokens shown of each model that is worse than the baseline. */
  private static final int WORST = 10;

  /** Tokens shown before a worst one. */
  private static final int CONTEXT = 16;

  private static final double Z95 = 1.959963984540054;

  private ModelDistance() {}

  /** The windows read, and which they are. */
  private record Cut(List<List<Integer>> sequences, QualityTable.Windows windows) {}

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
      throw new IllegalArgumentException(
          "a window needs at least 2 tokens, not %d".formatted(window));
    }
    try (Workers workers = new Workers(options.threads());
        Tokenizer tokenizer = Tokenizers.open(baseline)) {
      Cut cut = cut(tokenizer, text, window, windows);
      List<Path> folders = new ArrayList<>();
      folders.add(baseline);
      folders.addAll(candidates);
      List<BlockwiseModel> models = new ArrayList<>();
      try {
        List<List<float[]>> hidden = new ArrayList<>();
        for (Path folder : folders) {
          BlockwiseModel model = Engines.findBlockwise(engine).openBlockwise(folder, options);
          models.add(model);
          hidden.add(run(model, folder, cut.sequences(), progress));
        }
        List<QualityTable.Model> rows =
            new Comparison(folders, models, hidden, cut, tokenizer, workers).rows(progress);
        return new QualityTable(
            QualityTable.SCHEMA_VERSION,
            text.getFileName().toString(),
            Sha256.hex(text),
            cut.windows(),
            (long) cut.sequences().size() * (window - 1),
            rows);
      } finally {
        models.forEach(BlockwiseModel::close);
      }
    } catch (IOException e) {
      throw new QuantizationException("cannot read %s: %s".formatted(text, e.getMessage()), e);
    }
  }

  private static Cut cut(Tokenizer tokenizer, Path text, int window, int windows)
      throws IOException {
    List<Integer> ids = tokenizer.encode(CalibrationSet.text(text)).ids();
    int available = ids.size() / window;
    if (available == 0) {
      throw new QuantizationException(
          "%s has %d tokens, less than one window of %d".formatted(text, ids.size(), window));
    }
    List<Integer> taken =
        List.copyOf(CalibrationSet.spread(IntStream.range(0, available).boxed().toList(), windows));
    return new Cut(
        taken.stream().map(w -> ids.subList(w * window, (w + 1) * window)).toList(),
        new QualityTable.Windows(window, available, taken));
  }

  private static List<float[]> run(
      BlockwiseModel model, Path folder, List<List<Integer>> sequences, ProgressListener progress) {
    StepProgress step =
        new StepProgress("running %s".formatted(folder.getFileName()), model.blocks(), progress);
    List<float[]> hidden = sequences.stream().map(model::embed).toList();
    for (int b = 0; b < model.blocks(); b++) {
      hidden = model.run(b, hidden);
      model.release(b);
      step.done();
    }
    return hidden;
  }

  /** All models beside the first, window by window. */
  private static final class Comparison {
    private final List<Path> folders;
    private final List<BlockwiseModel> models;
    private final List<List<float[]>> hidden;
    private final Cut cut;
    private final Tokenizer tokenizer;
    private final Workers workers;

    /** By model, window and position: {@code -ln p} of the text's own token. */
    private final double[][][] losses;

    /** By model, window and position. */
    private final double[][][] divergences;

    /** By model, window and position: the token found most likely. */
    private final int[][][] tops;

    Comparison(
        List<Path> folders,
        List<BlockwiseModel> models,
        List<List<float[]>> hidden,
        Cut cut,
        Tokenizer tokenizer,
        Workers workers) {
      this.folders = folders;
      this.models = models;
      this.hidden = hidden;
      this.cut = cut;
      this.tokenizer = tokenizer;
      this.workers = workers;
      int scored = cut.windows().length() - 1;
      losses = new double[models.size()][cut.sequences().size()][scored];
      divergences = new double[models.size()][cut.sequences().size()][scored];
      tops = new int[models.size()][cut.sequences().size()][scored];
    }

    List<QualityTable.Model> rows(ProgressListener progress) {
      StepProgress step = new StepProgress("comparing windows", cut.sequences().size(), progress);
      for (int w = 0; w < cut.sequences().size(); w++) {
        Matrix expected = models.getFirst().logits(hidden.getFirst().get(w));
        for (int m = 0; m < models.size(); m++) {
          measure(m, w, expected);
        }
        step.done();
      }
      return IntStream.range(0, models.size()).mapToObj(this::row).toList();
    }

    private void measure(int model, int window, Matrix expected) {
      boolean isBaseline = model == 0;
      Matrix logits =
          isBaseline ? expected : models.get(model).logits(hidden.get(model).get(window));
      if (logits.columns() != expected.columns()) {
        throw new QuantizationException(
            "%s has a vocabulary of %d, %s of %d"
                .formatted(
                    folders.get(model), logits.columns(), folders.getFirst(), expected.columns()));
      }
      List<Integer> ids = cut.sequences().get(window);
      workers.forEach(
          ids.size() - 1,
          t -> {
            losses[model][window][t] =
                logSum(logits, t) - logits.values()[t * logits.columns() + ids.get(t + 1)];
            divergences[model][window][t] = isBaseline ? 0 : divergence(expected, logits, t);
            tops[model][window][t] = top(logits, t);
          });
    }

    private QualityTable.Model row(int model) {
      int windows = cut.sequences().size();
      int scored = cut.windows().length() - 1;
      double loss = 0;
      double baseline = 0;
      long same = 0;
      double[] all = new double[windows * scored];
      double[] differences = new double[windows];
      for (int w = 0; w < windows; w++) {
        double difference = 0;
        for (int t = 0; t < scored; t++) {
          loss += losses[model][w][t];
          baseline += losses[0][w][t];
          difference += losses[model][w][t] - losses[0][w][t];
          same += tops[model][w][t] == tops[0][w][t] ? 1 : 0;
          all[w * scored + t] = divergences[model][w][t];
        }
        differences[w] = difference / scored;
      }
      Arrays.sort(all);
      long tokens = all.length;
      double mean = (loss - baseline) / tokens;
      double bar = Z95 * standardError(differences);
      return new QualityTable.Model(
          folders.get(model).getFileName().toString(),
          Math.exp(loss / tokens),
          Math.exp(mean),
          Math.exp(mean - bar),
          Math.exp(mean + bar),
          QualityTable.Divergence.of(all),
          (double) same / tokens,
          weightBytes(folders.get(model)),
          worst(model));
    }

    private List<QualityTable.WorstToken> worst(int model) {
      record Place(int window, int position, double divergence) {}
      List<Place> places = new ArrayList<>();
      for (int w = 0; w < cut.sequences().size(); w++) {
        for (int t = 0; t < divergences[model][w].length; t++) {
          if (divergences[model][w][t] > 0) {
            places.add(new Place(w, t, divergences[model][w][t]));
          }
        }
      }
      places.sort(
          Comparator.comparingDouble((Place place) -> -place.divergence())
              .thenComparing(Place::window)
              .thenComparing(Place::position));
      return places.stream()
          .limit(WORST)
          .map(place -> {
            List<Integer> ids = cut.sequences().get(place.window());
            int next = place.position() + 1;
            return new QualityTable.WorstToken(
                cut.windows().taken().get(place.window()),
                next,
                place.divergence(),
                tokenizer.decode(ids.subList(Math.max(0, next - CONTEXT), next)),
                text(ids.get(next)),
                text(tops[0][place.window()][place.position()]),
                text(tops[model][place.window()][place.position()]),
                -losses[0][place.window()][place.position()],
                -losses[model][place.window()][place.position()]);
          })
          .toList();
    }

    /** A token's own text, a special one's as its number. */
    private String text(int id) {
      return tokenizer.isSpecial(id)
          ? "<%d>".formatted(id)
          : new String(tokenizer.bytesOf(id), StandardCharsets.UTF_8);
    }
  }

  /** Of the mean of some values; 0 where there are fewer than two. */
  static double standardError(double[] values) {
    if (values.length < 2) {
      return 0;
    }
    double mean = Arrays.stream(values).average().orElse(0);
    double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    return Math.sqrt(squares / (values.length - 1) / values.length);
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
