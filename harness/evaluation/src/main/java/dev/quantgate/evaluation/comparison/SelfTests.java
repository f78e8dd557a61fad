package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.SelfTest;
import dev.quantgate.evaluation.record.SelfTest.Kind;
import dev.quantgate.evaluation.record.SelfTest.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a comparison's harness found out about itself, and what follows from it: where the right
 * answers or solutions are graded wrongly nothing is said of the models, and where the baseline
 * differs from itself nothing is proven.
 *
 * @param tests of both runs, each once; a suite of which the baseline's run says nothing has word
 *     of that
 */
record SelfTests(List<SelfTest> tests) {

  static SelfTests of(FinishedRun baseline, FinishedRun candidate) {
    List<SelfTest> tests =
        new ArrayList<>(
            Stream.concat(baseline.selfTests().stream(), candidate.selfTests().stream())
                .distinct()
                .toList());
    for (String suite : baseline.suites().keySet()) {
      if (tests.stream()
          .noneMatch(test -> test.kind() == Kind.BASELINE_TWICE && test.suite().equals(suite))) {
        tests.add(
            SelfTest.notRun(
                Kind.BASELINE_TWICE, suite, "not run: the baseline's run has none with it"));
      }
    }
    return new SelfTests(List.copyOf(tests));
  }

  private Stream<SelfTest> failed(String suite) {
    return tests.stream()
        .filter(test -> test.suite().equals(suite) && test.status() == Status.FAILED);
  }

  /** Why a suite's pairs say nothing. */
  List<String> obstacles(String suite) {
    return failed(suite)
        .filter(test -> test.kind() != Kind.BASELINE_TWICE)
        .map(test -> "the self-test %s failed: %s".formatted(test.kind(), test.detail()))
        .distinct()
        .toList();
  }

  /** Why a suite's verdict cannot be proven. */
  List<String> doubts(String suite) {
    return failed(suite).anyMatch(test -> test.kind() == Kind.BASELINE_TWICE)
        ? List.of("the baseline differs from itself")
        : List.of();
  }

  /** Whether any verdict over all suites can be proven. */
  boolean steady() {
    return tests.stream().noneMatch(test -> test.status() == Status.FAILED);
  }

  /** What a reader must know. */
  List<String> notes() {
    return tests.stream()
        .filter(test -> test.kind() == Kind.BASELINE_TWICE && test.status() == Status.FAILED)
        .map(test ->
            "%s: the baseline differs from itself, so nothing is proven here: %s"
                .formatted(test.suite(), test.detail()))
        .toList();
  }
}
