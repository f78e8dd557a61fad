package dev.quantgate.reports.allure;

import dev.quantgate.base.PlainText;
import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.reports.ReportSource;
import io.qameta.allure.model.Label;
import io.qameta.allure.model.Parameter;
import io.qameta.allure.model.Stage;
import io.qameta.allure.model.TestResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * What results are called, and by what they are the same from release to release: kinds of model,
 * suite, protocol and item; never a folder, a commit or a hash of weights, which are new in every
 * release.
 */
final class Naming {
  /** Labels of how much a result matters. */
  enum Severity {
    BLOCKER,
    CRITICAL,
    NORMAL,
    MINOR,
    TRIVIAL;

    private String label() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private final ReportSource source;
  private final String pair;
  private final long begun;
  private final long time;

  Naming(ReportSource source) {
    this.source = source;
    this.pair =
        "%s against %s"
            .formatted(kind(source.comparison().candidate()), kind(source.comparison().baseline()));
    this.time = source.ended().toEpochMilli();
    this.begun =
        Stream.of(source.baseline(), source.candidate())
            .flatMap(Optional::stream)
            .flatMap(run -> run.provenance().sessions().stream())
            .mapToLong(session -> session.started().toEpochMilli())
            .reduce(time, Math::min);
  }

  /** "int4 g64 sym" of a live model, "recorded" of answers from elsewhere. */
  private static String kind(ModelSummary model) {
    return PlainText.line(
        model.identity().getOrDefault("weightFormat", model.live() ? "model" : "recorded"), 60);
  }

  /** When the comparison's run ended, in milliseconds since 1970. */
  long time() {
    return time;
  }

  /** When the first of its runs began, in milliseconds since 1970. */
  long begun() {
    return begun;
  }

  /** A result of a suite, or of the whole where there is none. */
  TestResult result(Optional<SuiteComparison> suite, String story, String name, Severity severity) {
    String suiteName = suite.map(SuiteComparison::suite).orElse("all suites");
    String protocol = suite.map(SuiteComparison::protocol).orElse("");
    String identity = String.join("/", pair, suiteName, protocol, story, name);
    String historyId = Sha256.hex(identity).substring(0, 32);
    var uuid =
        UUID.nameUUIDFromBytes("%s/%d".formatted(identity, time).getBytes(StandardCharsets.UTF_8));
    String shown = PlainText.line(name, 200);
    return new TestResult()
        .setUuid(uuid.toString())
        .setHistoryId(historyId)
        .setTestCaseId(historyId)
        .setTestCaseName(shown)
        .setFullName(PlainText.line("%s/%s".formatted(suiteName, name), 300))
        .setTitlePath(List.of(pair, suiteName, PlainText.line(story)))
        .setName(shown)
        .setStage(Stage.FINISHED)
        .setStart(time)
        .setStop(time)
        .setLabels(labels(suiteName, PlainText.line(story), severity))
        .setParameters(
            protocol.isEmpty()
                ? new ArrayList<>()
                : new ArrayList<>(List.of(new Parameter().setName("protocol").setValue(protocol))));
  }

  private List<Label> labels(String suite, String story, Severity severity) {
    return new ArrayList<>(
        List.of(
            label("epic", pair),
            label("feature", suite),
            label("story", story),
            label("parentSuite", pair),
            label("suite", suite),
            label("subSuite", story),
            label("severity", severity.label()),
            label("framework", "quantgate")));
  }

  static Label label(String name, String value) {
    return new Label().setName(name).setValue(value);
  }

  /** Which models were compared. Items do without: lists would show nothing else behind each. */
  List<Parameter> models() {
    List<Parameter> parameters = new ArrayList<>();
    for (ModelSummary model :
        List.of(source.comparison().baseline(), source.comparison().candidate())) {
      parameters.add(excluded(model.side().toString(), model.reference()));
      String weights = model.identity().get("weightsSha256");
      if (weights != null) {
        parameters.add(excluded("%s weights".formatted(model.side()), weights));
      }
    }
    return parameters;
  }

  /** A parameter that says which release this is, and is no part of what the result is. */
  static Parameter excluded(String name, String value) {
    return new Parameter().setName(name).setValue(PlainText.line(value, 300)).setExcluded(true);
  }
}
