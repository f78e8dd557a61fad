package dev.quantgate.junit;

import dev.quantgate.evaluation.comparison.Comparison;

/**
 * AssertJ assertions over a comparison.
 *
 * <pre>{@code
 * assertThat(comparison).suite("ceval").losesAtMost(1.0, POINTS);
 * }</pre>
 */
public final class QuantGateAssertions {
  private QuantGateAssertions() {}

  public static ComparisonAssert assertThat(Comparison comparison) {
    return new ComparisonAssert(comparison);
  }
}
