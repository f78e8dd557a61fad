package dev.quantgate.evaluation.pairs;

import dev.quantgate.evaluation.pairs.Pair.Answered;
import dev.quantgate.evaluation.pairs.Pair.Kind;
import dev.quantgate.evaluation.record.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Pairs with known counts, for tests of what judges and shows them. */
public final class PairsOf {
  private PairsOf() {}

  /** A suite of four-choice questions with so many pairs of each cell, and no clusters. */
  public static SuitePairs table(
      String suite, int bothRight, int losses, int gains, int bothWrong) {
    List<Pair> pairs = new ArrayList<>();
    add(pairs, bothRight, 1, 1);
    add(pairs, losses, 1, 0);
    add(pairs, gains, 0, 1);
    add(pairs, bothWrong, 0, 0);
    return suite(suite, pairs);
  }

  /** A suite of four-choice questions. */
  public static SuitePairs suite(String suite, List<Pair> pairs) {
    return new SuitePairs(
        suite, suite + "/test", pairs.size(), OptionalDouble.of(0.25), List.of(), pairs);
  }

  /** An item answered {@code answers} times by each side, so often rightly. */
  public static Pair graded(int ordinal, int answers, int baselineRight, int candidateRight) {
    Kind kind =
        baselineRight > candidateRight
            ? Kind.LOSS
            : baselineRight < candidateRight ? Kind.GAIN : Kind.SAME;
    return pair(
        ordinal,
        kind,
        answered(answers, baselineRight, Optional.empty()),
        answered(answers, candidateRight, Optional.empty()));
  }

  /** An item that one side has no grade for. */
  public static Pair faulted(int ordinal, Fault.Category category, boolean baseline) {
    var fault = Optional.of(new Fault(category, "no answer"));
    return pair(
        ordinal,
        Kind.UNGRADED,
        answered(1, 0, baseline ? fault : Optional.empty()),
        answered(1, 0, baseline ? Optional.empty() : fault));
  }

  private static void add(List<Pair> pairs, int count, int baselineRight, int candidateRight) {
    for (int i = 0; i < count; i++) {
      pairs.add(graded(pairs.size(), 1, baselineRight, candidateRight));
    }
  }

  private static Pair pair(int ordinal, Kind kind, Answered baseline, Answered candidate) {
    return new Pair(
        ordinal,
        Integer.toString(ordinal),
        "",
        "",
        Optional.empty(),
        4,
        "A",
        kind,
        false,
        kind == Kind.SAME,
        Optional.empty(),
        OptionalInt.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        baseline,
        candidate);
  }

  private static Answered answered(int answers, int right, Optional<Fault> fault) {
    return new Answered(
        right > 0 ? "A" : "B",
        answers,
        right,
        fault,
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        false,
        0,
        List.of(),
        List.of());
  }
}
