package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.comparison.SuiteComparison.Choices;
import dev.quantgate.evaluation.comparison.SuiteComparison.Diagnostics;
import dev.quantgate.evaluation.comparison.SuiteComparison.Texts;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.Pair.Answered;
import dev.quantgate.evaluation.pairs.Pair.Text;
import dev.quantgate.inference.Generation;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/** Computes the diagnostics reported beside a suite's score. */
final class Diagnosis {
  /** The length rule of MLPerf's inference benchmark for language models. */
  private static final double LEAST_LENGTH_RATIO = 0.9;

  private static final double MOST_LENGTH_RATIO = 1.1;

  private Diagnosis() {}

  /** Of the pairs of which both sides have a grade. */
  static Diagnostics of(List<Pair> graded) {
    List<Pair> generated = graded.stream().filter(pair -> pair.sameTokens().isPresent()).toList();
    long same = generated.stream().filter(pair -> pair.sameTokens().orElseThrow()).count();
    long first = generated.stream().mapToLong(pair -> tokens(pair.baseline())).sum();
    long second = generated.stream().mapToLong(pair -> tokens(pair.candidate())).sum();
    return new Diagnostics(
        count(graded, Pair::sameAnswer),
        count(graded, pair -> pair.baseline().tied()),
        count(graded, pair -> pair.candidate().tied()),
        count(graded, pair -> pair.kind().flip() && pair.nearTie()),
        medianMargin(graded, Pair::baseline),
        medianMargin(graded, Pair::candidate),
        generated.isEmpty()
            ? OptionalDouble.empty()
            : OptionalDouble.of((double) same / generated.size()),
        first == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) second / first),
        truncated(graded, Pair::baseline),
        truncated(graded, Pair::candidate),
        count(graded, pair -> pair.baseline().shortened() > 0),
        choices(graded),
        texts(generated));
  }

  private static Optional<Choices> choices(List<Pair> graded) {
    List<Pair> scored = graded.stream().filter(pair -> pair.choiceKl().isPresent()).toList();
    if (scored.isEmpty()) {
      return Optional.empty();
    }
    double[] sorted =
        scored.stream().mapToDouble(pair -> pair.choiceKl().getAsDouble()).sorted().toArray();
    double sum = 0;
    for (double value : sorted) {
      sum += value;
    }
    return Optional.of(
        new Choices(
            scored.size(),
            count(scored, Pair::sameAnswer),
            count(scored, Pair::nearTie),
            sum / sorted.length,
            percentile(sorted, 0.5),
            percentile(sorted, 0.9),
            percentile(sorted, 0.99),
            sorted[sorted.length - 1]));
  }

  /** The smallest value that so many reach. */
  private static double percentile(double[] sorted, double share) {
    return sorted[Math.clamp((int) Math.ceil(share * sorted.length) - 1, 0, sorted.length - 1)];
  }

  private static Optional<Texts> texts(List<Pair> generated) {
    if (generated.isEmpty()) {
      return Optional.empty();
    }
    double[] places =
        generated.stream()
            .filter(pair -> pair.divergence().isPresent())
            .mapToDouble(pair -> pair.divergence().getAsInt())
            .sorted()
            .toArray();
    return Optional.of(
        new Texts(
            generated.size(),
            count(generated, pair -> pair.sameTokens().orElse(false)),
            generated.stream()
                .mapToDouble(pair -> pair.sameTokenShare().orElse(1))
                .average()
                .orElse(1),
            median(places),
            median(margins(generated, Pair::baseline)),
            median(margins(generated, Pair::candidate)),
            truncationRate(generated, Pair::baseline),
            truncationRate(generated, Pair::candidate)));
  }

  private static double[] margins(List<Pair> pairs, Function<Pair, Answered> side) {
    return pairs.stream()
        .map(side)
        .filter(answered -> answered.divergenceMargin().isPresent())
        .mapToDouble(answered -> answered.divergenceMargin().getAsDouble())
        .sorted()
        .toArray();
  }

  private static double truncationRate(List<Pair> pairs, Function<Pair, Answered> side) {
    long texts = pairs.stream().map(side).mapToLong(answered -> answered.texts().size()).sum();
    return texts == 0 ? 0 : (double) truncated(pairs, side) / texts;
  }

  /** What a reader must know of the lengths of the texts. */
  static List<String> notes(String suite, Diagnostics diagnostics) {
    if (diagnostics.lengthRatio().isEmpty()) {
      return List.of();
    }
    double ratio = diagnostics.lengthRatio().getAsDouble();
    if (ratio >= LEAST_LENGTH_RATIO && ratio <= MOST_LENGTH_RATIO) {
      return List.of();
    }
    return List.of(
        String.format(
            Locale.ROOT,
            "%s: the candidate wrote %.1f %% of the baseline's tokens, expected 90 to 110 %%; %d of its texts and %d of the baseline's were cut at the limit of length",
            suite,
            100 * ratio,
            diagnostics.candidateTruncated(),
            diagnostics.baselineTruncated()));
  }

  private static int count(List<Pair> pairs, Function<Pair, Boolean> which) {
    return (int) pairs.stream().filter(which::apply).count();
  }

  private static int tokens(Answered side) {
    return side.texts().stream().mapToInt(text -> text.tokens().orElse(0)).sum();
  }

  private static int truncated(List<Pair> pairs, Function<Pair, Answered> side) {
    return (int)
        pairs.stream()
            .map(side)
            .flatMap(answered -> answered.texts().stream())
            .map(Text::end)
            .filter(end -> end.filter(Generation.End.LENGTH::equals).isPresent())
            .count();
  }

  private static OptionalDouble medianMargin(List<Pair> pairs, Function<Pair, Answered> side) {
    double[] margins =
        pairs.stream()
            .map(side)
            .filter(answered -> answered.margin().isPresent())
            .mapToDouble(answered -> answered.margin().getAsDouble())
            .sorted()
            .toArray();
    return median(margins);
  }

  private static OptionalDouble median(double[] sorted) {
    if (sorted.length == 0) {
      return OptionalDouble.empty();
    }
    int middle = sorted.length / 2;
    return OptionalDouble.of(
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
  }
}
