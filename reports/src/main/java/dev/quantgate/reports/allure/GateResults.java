package dev.quantgate.reports.allure;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Evidence;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.reports.Figures;
import dev.quantgate.reports.ItemView;
import dev.quantgate.reports.ReportSource;
import dev.quantgate.reports.allure.Naming.Severity;
import io.qameta.allure.model.Parameter;
import io.qameta.allure.model.Status;
import io.qameta.allure.model.StatusDetails;
import io.qameta.allure.model.TestResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** A result for each suite's gate and for the gate over all suites, and what sums up the rest. */
final class GateResults {
  private static final String GATE = "gate";

  private final Comparison comparison;
  private final Naming naming;
  private final ResultFolder folder;

  GateResults(ReportSource source, Naming naming, ResultFolder folder) {
    this.comparison = source.comparison();
    this.naming = naming;
    this.folder = folder;
  }

  /** The gate of one suite. */
  TestResult of(SuiteComparison suite) {
    TestResult result =
        naming.result(
            Optional.of(suite), GATE, "gate of %s".formatted(suite.suite()), Severity.BLOCKER);
    boolean uninformative = suite.finding() == Finding.UNINFORMATIVE;
    judge(result, uninformative ? Status.SKIPPED : status(suite.verdict()), suite.reason());
    told(result, suite.finding(), suite.proven());
    List<Parameter> figures = new ArrayList<>(result.getParameters());
    if (suite.items() > 0) {
      figures.add(Naming.excluded("baseline's score", Figures.percent(suite.baseline().score())));
      figures.add(Naming.excluded("candidate's score", Figures.percent(suite.candidate().score())));
      figures.add(Naming.excluded("delta in points", Figures.points(suite.deltaPoints())));
      figures.add(
          Naming.excluded(
              "losses and gains", "%d and %d".formatted(suite.losses(), suite.gains())));
      figures.add(Naming.excluded("items", Figures.count(suite.items())));
    }
    suite.evidence().ifPresent(evidence -> figures.add(bounds(evidence)));
    suite
        .withFaults()
        .ifPresent(evidence ->
            figures.add(
                Naming.excluded(
                    "delta with missing answers counted",
                    Figures.points(evidence.difference().deltaPoints()))));
    return result.setParameters(figures);
  }

  private static Parameter bounds(Evidence evidence) {
    return Naming.excluded(
        "delta in 95 of 100 cases each",
        "above %s and below %s"
            .formatted(
                Figures.points(evidence.difference().lowerPoints()),
                Figures.points(evidence.difference().upperPoints())));
  }

  /** The gate over all suites. */
  TestResult whole() {
    TestResult result =
        naming.result(Optional.empty(), GATE, "gate over all suites", Severity.BLOCKER);
    judge(result, status(comparison.verdict()), reasons());
    told(result, comparison.finding(), comparison.proven());
    if (!comparison.notes().isEmpty()) {
      result.setAttachments(
          List.of(folder.text(result, "notes", String.join("\n", comparison.notes()))));
    }
    return result;
  }

  /** The reason of the whole; on lines of their own where it is those of the suites. */
  private String reasons() {
    List<String> reasons =
        comparison.suites().stream()
            .map(suite -> "%s: %s".formatted(suite.suite(), suite.reason()))
            .toList();
    return String.join("; ", reasons).equals(comparison.reason())
        ? String.join("\n", reasons)
        : comparison.reason();
  }

  /** The items of a suite that have no result of their own. */
  TestResult unchanged(SuiteComparison suite, List<ItemView> items) {
    TestResult result =
        naming.result(Optional.of(suite), "items", "unchanged items", Severity.TRIVIAL);
    long churned = items.stream().filter(item -> item.pair().kind() == Pair.Kind.CHURN).count();
    String rows =
        items.stream()
            .map(item ->
                "%s,%s,%s,%s"
                    .formatted(
                        Csv.cell(item.id()),
                        Csv.cell(item.pair().stratum()),
                        item.pair().kind(),
                        item.baseline().right().map(right -> right ? "right" : "wrong").orElse("")))
            .collect(Collectors.joining("\n"));
    return result
        .setStatus(Status.PASSED)
        .setStatusDetails(
            new StatusDetails()
                .setMessage(
                    "%s items are worth the same from both models, %s of them answered otherwise"
                        .formatted(Figures.count(items.size()), Figures.count(churned))))
        .setAttachments(
            List.of(
                folder.csv(result, "items", "item,subject,kind,baseline\n%s\n".formatted(rows))));
  }

  /** The items of a suite that a limit left out. */
  TestResult notAsked(SuiteComparison suite) {
    return naming
        .result(Optional.of(suite), "items", "items not asked", Severity.TRIVIAL)
        .setStatus(Status.SKIPPED)
        .setStatusDetails(
            new StatusDetails()
                .setMessage(
                    "%s of %s items were not asked (--limit or --items)"
                        .formatted(
                            Figures.count(suite.available() - suite.asked()),
                            Figures.count(suite.available()))));
  }

  private static Status status(Verdict verdict) {
    return switch (verdict) {
      case PASS -> Status.PASSED;
      case FAIL -> Status.FAILED;
      case INCONCLUSIVE -> Status.SKIPPED;
      case INVALID -> Status.BROKEN;
    };
  }

  private static void judge(TestResult result, Status status, String reason) {
    result
        .setStatus(status)
        .setStatusDetails(
            new StatusDetails()
                .setMessage(
                    "Gate: %s"
                        .formatted(
                            reason
                                .lines()
                                .map(PlainText::line)
                                .collect(Collectors.joining("\n")))));
  }

  private void told(TestResult result, Finding finding, boolean proven) {
    result.setStart(naming.begun());
    result.getParameters().addAll(naming.models());
    result.getLabels().add(Naming.label("tag", proven ? "proven" : "not proven"));
    result.getParameters().add(Naming.excluded("finding", finding.name()));
  }
}
