package dev.quantgate.junit;

import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a test class that implements {@link AccuracyGateTests} compares. What is left empty is taken
 * from a system property such as {@code quantgate.candidate}, from the environment, {@code
 * QUANTGATE_CANDIDATE}, or has the command line's default.
 *
 * <pre>{@code
 * @AccuracyGate(baseline = "models/fp16", candidate = "models/int4", suites = "ceval")
 * class Int4IsAsGoodTest implements AccuracyGateTests {}
 * }</pre>
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface AccuracyGate {
  /** Model reference: a checkpoint folder, or {@code replay:} and a file or finished run. */
  String baseline() default "";

  /** Model reference, likewise. */
  String candidate() default "";

  /** Names of suites, or files that describe one. */
  String[] suites() default {};

  /**
   * The allowed loss of each suite in percentage points; left out, it is 1, or what a property or
   * the environment says.
   */
  double margin() default Double.NaN;

  /**
   * What happens where neither a loss nor its absence is proven: one answer, of which {@code
   * REPORT} aborts the test. Left out, it is {@code POINT}, or what a property or the environment
   * says.
   */
  OnInconclusive[] onInconclusive() default {};

  /** Further settings as {@code key=value}, by the command line's keys: {@code "limit=100"}. */
  String[] settings() default {};
}
