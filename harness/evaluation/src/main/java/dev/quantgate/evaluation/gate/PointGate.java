package dev.quantgate.evaluation.gate;

import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.record.EvaluationException;
import java.util.Locale;

/**
 * The rule that the 1 % gate is known by: pass if the measured loss is at most the margin. It
 * proves nothing: on a few hundred items chance alone moves a score by more than a point, and every
 * line it writes says so.
 *
 * @param margin in percentage points
 */
public record PointGate(double margin) implements Gate {

  /** The gate of a policy. */
  public static Gate of(GatePolicy policy) {
    if (policy.onInconclusive() != OnInconclusive.POINT) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "--on-inconclusive "
              + policy.onInconclusive()
              + " needs the statistics of the verdict, which this version does not have; leave it at point");
    }
    return new PointGate(policy.margin());
  }

  @Override
  public Ruling judge(Counts counts) {
    if (counts.items() == 0) {
      return new Ruling(Verdict.INVALID, "no pair of answers was judged");
    }
    double delta = counts.deltaPoints();
    boolean pass = delta >= -margin;
    return new Ruling(
        pass ? Verdict.PASS : Verdict.FAIL,
        String.format(
            Locale.ROOT,
            "delta %+.2f points %s -%.2f allowed, %d losses and %d gains in %d items (point rule, not proven)",
            delta == 0 ? 0.0 : delta,
            pass ? ">=" : "<",
            margin,
            counts.losses(),
            counts.gains(),
            counts.items()));
  }
}
