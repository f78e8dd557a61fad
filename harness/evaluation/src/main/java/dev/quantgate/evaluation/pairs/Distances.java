package dev.quantgate.evaluation.pairs;

import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemRecord.Choice;
import dev.quantgate.evaluation.record.ItemRecord.Sample;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How far two models' answers to one item lie apart. Exponentials and logarithms are those of
 * {@link StrictMath}, so that every machine recomputes the same bits.
 */
public final class Distances {
  private Distances() {}

  /**
   * The Kullback-Leibler divergence {@code sum p ln(p / q)} of the candidate's distribution q over
   * the choices from the baseline's p, in nats, at least 0. A distribution is what the protocol's
   * rule compares (a log-probability, or its mean over tokens), normalised over the choices. Equal
   * values give exactly 0.
   *
   * @return empty where a side has no values, or the two have other choices
   */
  static OptionalDouble kl(List<Choice> baseline, List<Choice> candidate) {
    if (baseline.isEmpty()
        || !baseline.stream()
            .map(Choice::label)
            .toList()
            .equals(candidate.stream().map(Choice::label).toList())) {
      return OptionalDouble.empty();
    }
    double first = logSum(baseline);
    double second = logSum(candidate);
    double sum = 0;
    for (int i = 0; i < baseline.size(); i++) {
      double p = baseline.get(i).value() - first;
      double q = candidate.get(i).value() - second;
      sum += StrictMath.exp(p) * (p - q);
    }
    return Double.isFinite(sum) ? OptionalDouble.of(Math.max(0, sum)) : OptionalDouble.empty();
  }

  private static double logSum(List<Choice> choices) {
    double most = choices.stream().mapToDouble(Choice::value).max().orElseThrow();
    double sum = 0;
    for (Choice choice : choices) {
      sum += StrictMath.exp(choice.value() - most);
    }
    return most + StrictMath.log(sum);
  }

  /** Where the first texts that differ do. */
  record Place(int sample, int token) {
    /** By how much a model preferred its token here; empty where it is not known. */
    OptionalDouble margin(ItemRecord record) {
      List<Double> margins = record.samples().get(sample).margins();
      return token < margins.size()
          ? OptionalDouble.of(margins.get(token))
          : OptionalDouble.empty();
    }
  }

  /** Empty where no two texts of the same sample differ. */
  static Optional<Place> parted(ItemRecord one, ItemRecord other) {
    int samples = Math.min(one.samples().size(), other.samples().size());
    for (int i = 0; i < samples; i++) {
      List<Integer> first = one.samples().get(i).tokens();
      List<Integer> second = other.samples().get(i).tokens();
      if (!first.equals(second)) {
        int at = 0;
        while (at < Math.min(first.size(), second.size()) && first.get(at).equals(second.get(at))) {
          at++;
        }
        return Optional.of(new Place(i, at));
      }
    }
    return Optional.empty();
  }

  /**
   * Tokens that are equal at the same place, by the tokens of the longer text, over all samples.
   */
  static OptionalDouble sameTokenShare(ItemRecord one, ItemRecord other) {
    long same = 0;
    long all = 0;
    for (int i = 0; i < Math.min(one.samples().size(), other.samples().size()); i++) {
      List<Integer> first = one.samples().get(i).tokens();
      List<Integer> second = other.samples().get(i).tokens();
      for (int at = 0; at < Math.min(first.size(), second.size()); at++) {
        same += first.get(at).equals(second.get(at)) ? 1 : 0;
      }
      all += Math.max(first.size(), second.size());
    }
    return all == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) same / all);
  }

  /** Tokens of all of the candidate's texts by those of the baseline's. */
  static OptionalDouble lengthRatio(ItemRecord one, ItemRecord other) {
    long first = tokens(one);
    return first == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) tokens(other) / first);
  }

  private static long tokens(ItemRecord record) {
    return record.samples().stream().map(Sample::tokens).mapToLong(List::size).sum();
  }
}
