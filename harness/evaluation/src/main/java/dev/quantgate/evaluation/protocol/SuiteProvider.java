package dev.quantgate.evaluation.protocol;

import java.util.List;

/**
 * Brings suites to this program. A module has one for all of its suites, with a public constructor
 * without parameters, and names it in {@code META-INF/services}.
 */
public interface SuiteProvider {

  /** Its suites, in the order in which they are listed. */
  List<Suite<?>> suites();
}
