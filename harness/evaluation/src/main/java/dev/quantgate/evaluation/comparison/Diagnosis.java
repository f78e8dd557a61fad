package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.comparison.SuiteComparison.Diagnostics;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.Pair.Answered;
import dev.quantgate.evaluation.pairs.Pair.Text;
import dev.quantgate.inference.Generation;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/** Finds what stands beside the score of a suite. */
final class Diagnosis {
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
        count(graded, pair -> pair.baseline().shortened() > 0));
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
    if (margins.length == 0) {
      return OptionalDouble.empty();
    }
    int middle = margins.length / 2;
    return OptionalDouble.of(
        margins.length % 2 == 1 ? margins[middle] : (margins[middle - 1] + margins[middle]) / 2);
  }
}
