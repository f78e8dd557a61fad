package dev.quantgate.junit;

import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.reports.ChangeLine;
import dev.quantgate.reports.ReportSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestReporter;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * A comparison as tests. Their names are the same in every run, so that a CI server can follow
 * them: figures stand in messages and in published entries.
 */
final class GateNodes {
  private GateNodes() {}

  static Stream<DynamicNode> of(ReportSource source) {
    Comparison comparison = source.comparison();
    Path folder = shown(source.folder().path());
    List<DynamicNode> nodes = new ArrayList<>();
    for (SuiteComparison suite : comparison.suites()) {
      nodes.add(dynamicContainer(suite.suite(), suite(comparison, suite, folder)));
    }
    nodes.add(
        dynamicTest(
            "all suites",
            () ->
                judge(
                    comparison.verdict(),
                    comparison.reason(),
                    GateMessage.of(comparison, folder))));
    return nodes.stream();
  }

  /** As a person in the project's folder would type it. */
  private static Path shown(Path folder) {
    Path here = Path.of("").toAbsolutePath();
    return folder.isAbsolute() && folder.startsWith(here) ? here.relativize(folder) : folder;
  }

  private static Stream<DynamicNode> suite(
      Comparison comparison, SuiteComparison suite, Path folder) {
    List<DynamicNode> nodes = new ArrayList<>();
    nodes.add(
        dynamicTest(
            "gate",
            () -> {
              if (suite.finding() == Finding.UNINFORMATIVE) {
                throw new TestAbortedException(suite.reason());
              }
              judge(suite.verdict(), suite.reason(), GateMessage.of(comparison, suite, folder));
            }));
    List<DynamicNode> losses =
        comparison.flipsOf(suite.suite()).stream()
            .filter(flip -> flip.kind() == Flip.Kind.LOSS)
            .<DynamicNode>map(flip -> dynamicTest(flip.id(), () -> loss(suite, flip, folder)))
            .toList();
    if (!losses.isEmpty()) {
      nodes.add(dynamicContainer("losses", losses.stream()));
    }
    return nodes.stream();
  }

  private static void judge(Verdict verdict, String reason, String message) {
    switch (verdict) {
      case PASS -> {}
      case FAIL -> throw new AssertionFailedError(message);
      case INCONCLUSIVE -> throw new TestAbortedException(reason);
      case INVALID -> throw new EvaluationException(EvaluationException.Kind.INPUT, reason);
    }
  }

  /** A loss fails with its gate; within what the gate allows it is only told. */
  private static void loss(SuiteComparison suite, Flip flip, Path folder) {
    String message =
        "%s\nSee it: quantgate show %s %s".formatted(ChangeLine.of(flip), folder, flip.id());
    switch (suite.verdict()) {
      case FAIL ->
          throw new AssertionFailedError(message, flip.baselineAnswer(), flip.candidateAnswer());
      case PASS ->
          throw new TestAbortedException("%s\nWithin what the gate allows.".formatted(message));
      case INCONCLUSIVE, INVALID ->
          throw new TestAbortedException("%s\nThe gate is %s.".formatted(message, suite.verdict()));
    }
  }

  static void publish(ReportSource source, TestReporter reporter) {
    Comparison comparison = source.comparison();
    for (SuiteComparison suite : comparison.suites()) {
      reporter.publishEntry("quantgate.%s".formatted(suite.suite()), GateMessage.figures(suite));
    }
    reporter.publishEntry(
        "quantgate.verdict",
        "%s%s".formatted(comparison.verdict(), comparison.proven() ? " (proven)" : ""));
    reporter.publishEntry(
        "quantgate.report", shown(source.folder().path()).resolve("report").toString());
  }
}
