package dev.quantgate.evaluation.gate;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.quantgate.evaluation.record.EvaluationException;
import java.util.Locale;

/**
 * What the gate is told.
 *
 * @param margin the allowed loss in percentage points, 0 .. 100
 * @param onInconclusive what happens where nothing is proven
 */
public record GatePolicy(double margin, OnInconclusive onInconclusive) {
  /** One point; the point rule. */
  public static final GatePolicy DEFAULT = new GatePolicy(1.0, OnInconclusive.POINT);

  public GatePolicy {
    if (!(margin >= 0 && margin <= 100)) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING, "margin must be in 0 .. 100 points, not " + margin);
    }
  }

  /** What happens where neither a loss nor its absence is proven. */
  public enum OnInconclusive {
    /** Pass if the measured loss is at most the margin. */
    POINT,
    FAIL,
    PASS,
    /** Say so: exit code 3. */
    REPORT;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
