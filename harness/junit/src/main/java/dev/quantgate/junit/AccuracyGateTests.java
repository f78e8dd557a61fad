package dev.quantgate.junit;

import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * A test class of accuracy gates, described by its {@link AccuracyGate}: a container for each
 * suite, with the suite's gate and its losses as tests, and the gate over all suites.
 */
public interface AccuracyGateTests {

  /** Runs the comparison and tells it as tests. */
  @TestFactory
  @DisplayName("accuracy gate")
  default Stream<DynamicNode> accuracyGate(TestReporter reporter) {
    return AccuracyTests.of(getClass()).tests(reporter);
  }
}
