package dev.quantgate.junit;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.reports.ChangeLine;
import dev.quantgate.reports.Figures;
import java.util.Locale;
import java.util.Optional;
import org.assertj.core.api.AbstractAssert;

/** Assertions over one suite of a comparison. */
public final class SuiteAssert extends AbstractAssert<SuiteAssert, SuiteComparison> {
  private final Comparison comparison;

  SuiteAssert(Comparison comparison, SuiteComparison actual) {
    super(actual, SuiteAssert.class);
    this.comparison = comparison;
  }

  /**
   * The candidate lost no more than this. A suite that could not be judged has shown no such thing
   * and fails.
   */
  public SuiteAssert losesAtMost(double most, LossUnit unit) {
    requireJudged();
    double lost =
        switch (unit) {
          case POINTS -> -actual.deltaPoints();
          case ITEMS -> actual.losses();
        };
    if (lost > most) {
      fail(
          "Expected suite \"%s\" to lose at most %s".formatted(actual.suite(), amount(most, unit)),
          "it lost %s".formatted(amount(lost, unit)));
    }
    return this;
  }

  /** The suite's own verdict is PASS. */
  public SuiteAssert passes() {
    if (actual.verdict() != Verdict.PASS) {
      fail(
          "Expected suite \"%s\" to pass".formatted(actual.suite()),
          "its verdict is %s: %s".formatted(actual.verdict(), actual.reason()));
    }
    return this;
  }

  /** The suite's verdict is what its pairs show. */
  public SuiteAssert isProven() {
    if (!actual.proven()) {
      fail(
          "Expected a proven verdict of suite \"%s\"".formatted(actual.suite()),
          "%s is not proven: %s".formatted(actual.verdict(), actual.reason()));
    }
    return this;
  }

  /** The candidate does not do worse in this item than the baseline. */
  public SuiteAssert keeps(String item) {
    requireJudged();
    Optional<Flip> loss =
        comparison.flipsOf(actual.suite()).stream()
            .filter(flip -> flip.kind() == Flip.Kind.LOSS && flip.id().equals(item))
            .findFirst();
    if (loss.isPresent()) {
      failWithMessage(
          "%s",
          """
          Expected suite "%s" to keep item %s,
          but it lost %s\
          """
              .formatted(actual.suite(), item, ChangeLine.of(loss.get())));
    }
    return this;
  }

  private void requireJudged() {
    if (actual.verdict() == Verdict.INVALID) {
      fail(
          "Expected suite \"%s\" to be judged".formatted(actual.suite()),
          "it says nothing (%s): %s".formatted(actual.finding(), actual.reason()));
    }
  }

  private void fail(String expected, String found) {
    String message =
        """
        %s,
        but %s
        %s
        %s\
        """
            .formatted(
                expected,
                found,
                GateMessage.figures(actual),
                GateMessage.losses(comparison, actual));
    failWithMessage("%s", message.stripTrailing());
  }

  private static String amount(double value, LossUnit unit) {
    return switch (unit) {
      case POINTS -> "%s points".formatted(String.format(Locale.ROOT, "%.2f", value));
      case ITEMS ->
          "%s %s".formatted(Figures.count(Math.round(value)), value == 1 ? "item" : "items");
    };
  }
}
