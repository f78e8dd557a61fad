package dev.quantgate.junit;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Verdict;
import java.util.stream.Collectors;
import org.assertj.core.api.AbstractAssert;

/** Assertions over a comparison of all its suites. */
public final class ComparisonAssert extends AbstractAssert<ComparisonAssert, Comparison> {

  ComparisonAssert(Comparison actual) {
    super(actual, ComparisonAssert.class);
  }

  /** The verdict over all suites is this one. */
  public ComparisonAssert hasVerdict(Verdict verdict) {
    if (actual.verdict() != verdict) {
      fail(
          """
          Expected the verdict %s,
          but it is %s: %s
          %s\
          """
              .formatted(verdict, actual.verdict(), actual.reason(), suites()));
    }
    return this;
  }

  /** The verdict is PASS. */
  public ComparisonAssert passes() {
    return hasVerdict(Verdict.PASS);
  }

  /** The verdict is what the pairs show, not what policy makes of them. */
  public ComparisonAssert isProven() {
    if (!actual.proven()) {
      fail(
          """
          Expected a proven verdict,
          but %s is not proven, the pairs show %s: %s
          %s\
          """
              .formatted(actual.verdict(), actual.finding(), actual.reason(), suites()));
    }
    return this;
  }

  /** Goes on with one suite, which must be there. */
  public SuiteAssert suite(String name) {
    for (SuiteComparison suite : actual.suites()) {
      if (suite.suite().equals(name)) {
        return new SuiteAssert(actual, suite);
      }
    }
    String found =
        actual.suites().stream()
            .map(suite -> "\"%s\"".formatted(suite.suite()))
            .collect(Collectors.joining(", "));
    fail(
        """
        Expected a suite "%s",
        but the comparison has %s\
        """
            .formatted(name, found));
    throw new IllegalStateException("not reached");
  }

  private String suites() {
    return actual.suites().stream()
        .map(suite ->
            "%s: %s\n%s"
                .formatted(
                    suite.suite(), GateMessage.figures(suite), GateMessage.losses(actual, suite)))
        .collect(Collectors.joining())
        .stripTrailing();
  }

  private void fail(String message) {
    failWithMessage("%s", message);
  }
}
