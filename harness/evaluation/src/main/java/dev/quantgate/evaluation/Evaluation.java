package dev.quantgate.evaluation;

import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.comparison.SuiteComparison.Data;
import dev.quantgate.evaluation.comparison.SuiteComparison.SideScore;
import dev.quantgate.evaluation.comparison.SuiteComparison.Ungraded;
import dev.quantgate.evaluation.protocol.Averages.Average;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How one model did.
 *
 * @param folder the run's folder, which {@code compare} and {@code replay:} take
 */
public record Evaluation(
    ModelSummary model, List<SuiteResult> suites, List<String> notes, Path folder) {
  public Evaluation {
    suites = List.copyOf(suites);
    notes = List.copyOf(notes);
  }

  /**
   * Why the scores say nothing: a suite of which more than {@link SuiteComparison#FAULT_SHARE} of
   * the items have no grade. Empty where every score stands.
   */
  public Optional<String> invalid() {
    return suites.stream()
        .filter(suite -> suite.ungraded().size() > SuiteComparison.FAULT_SHARE * suite.asked())
        .findFirst()
        .map(suite ->
            String.format(
                Locale.ROOT,
                "%s: %d of %d items have no grade, more than %.0f %%; the first, %s: %s",
                suite.suite(),
                suite.ungraded().size(),
                suite.asked(),
                100 * SuiteComparison.FAULT_SHARE,
                suite.ungraded().getFirst().id(),
                suite.ungraded().getFirst().message()));
  }

  /** 0, or 2 where the scores say nothing. */
  public int exitCode() {
    return invalid().isEmpty() ? 0 : 2;
  }

  /**
   * One suite.
   *
   * @param items items graded: {@code asked} less those in faults
   */
  public record SuiteResult(
      String suite,
      String protocol,
      Data data,
      int available,
      int asked,
      int items,
      SideScore score,
      List<Average> averages,
      List<Ungraded> ungraded) {
    public SuiteResult {
      averages = List.copyOf(averages);
      ungraded = List.copyOf(ungraded);
    }
  }
}
