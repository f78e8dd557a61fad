package org.example.newcomer;

import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteProvider;
import java.util.List;

/** The suites of this module. */
public final class Newcomer implements SuiteProvider {
  @Override
  public List<Suite<?>> suites() {
    return List.of(new SumSuite());
  }
}
