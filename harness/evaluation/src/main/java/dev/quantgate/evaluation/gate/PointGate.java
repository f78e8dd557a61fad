package dev.quantgate.evaluation.gate;

import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Judgement.Ruling;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.record.EvaluationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rule that the 1 % gate is known by: pass if the measured loss is at most the margin. It
 * proves nothing: on a few hundred items chance alone moves a score by more than a point, and every
 * line it writes says so.
 *
 * @param margin in percentage points
 */
public record PointGate(double margin) implements Gate {
  /** More than this share of a suite's items in faults, and its pairs say nothing. */
  public static final double FAULT_SHARE = 0.01;

  /** The gate of a policy. */
  public static Gate of(GatePolicy policy) {
    if (policy.onInconclusive() != OnInconclusive.POINT) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "--on-inconclusive "
              + policy.onInconclusive()
              + " needs the statistics of the verdict, which this version does not have; leave it"
              + " at point");
    }
    return new PointGate(policy.margin());
  }

  @Override
  public Judgement judge(List<SuitePairs> suites) {
    return Judgement.of(suites.stream().map(this::judge).toList());
  }

  private Ruling judge(SuitePairs suite) {
    List<String> obstacles = new ArrayList<>(suite.obstacles());
    int asked = suite.pairs().size();
    int items = suite.graded().size();
    if (asked - items > FAULT_SHARE * asked) {
      obstacles.add(
          String.format(
              Locale.ROOT,
              "%d of %d items have no grade (%s), more than %.0f %%",
              asked - items,
              asked,
              faults(suite),
              100 * FAULT_SHARE));
    }
    if (!obstacles.isEmpty()) {
      return new Ruling(suite.suite(), Verdict.INVALID, String.join("; ", obstacles));
    }
    if (items == 0) {
      return new Ruling(suite.suite(), Verdict.INVALID, "no pair of answers was judged");
    }
    double delta = suite.deltaPoints();
    boolean pass = delta >= -margin;
    return new Ruling(
        suite.suite(),
        pass ? Verdict.PASS : Verdict.FAIL,
        String.format(
            Locale.ROOT,
            "delta %+.2f points %s -%.2f allowed, %d losses and %d gains in %d items (point rule,"
                + " not proven)",
            delta == 0 ? 0.0 : delta,
            pass ? ">=" : "<",
            margin,
            suite.count(Pair.Kind.LOSS),
            suite.count(Pair.Kind.GAIN),
            items));
  }

  /** How many faults of each kind each side has. */
  private static String faults(SuitePairs suite) {
    return suite.pairs().stream()
        .flatMap(pair ->
            Stream.concat(
                pair.baseline().fault().stream().map(fault -> "baseline " + fault.category()),
                pair.candidate().fault().stream().map(fault -> "candidate " + fault.category())))
        .collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()))
        .entrySet()
        .stream()
        .map(entry -> "%s: %d".formatted(entry.getKey(), entry.getValue()))
        .collect(Collectors.joining(", "));
  }
}
