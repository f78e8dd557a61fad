package dev.quantgate.evaluation;

import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.SuiteComparison.Data;
import dev.quantgate.evaluation.comparison.SuiteComparison.SideScore;
import dev.quantgate.evaluation.comparison.SuiteComparison.Ungraded;
import dev.quantgate.evaluation.protocol.Protocol.Average;
import java.nio.file.Path;
import java.util.List;

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
