package dev.quantgate.evaluation.suite;

import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.CodeProblem;
import dev.quantgate.evaluation.protocol.Item;
import java.util.List;

/** A programming problem, which stands alone. */
record ProblemItem(CodeProblem problem) implements Item {

  static List<ProblemItem> of(SuiteData.Code code) {
    return code.problems().stream().map(ProblemItem::new).toList();
  }

  @Override
  public String id() {
    return problem.id();
  }

  @Override
  public String stratum() {
    return "";
  }

  @Override
  public String cluster() {
    return problem.id();
  }

  @Override
  public int choices() {
    return 0;
  }
}
