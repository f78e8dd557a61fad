package dev.quantgate.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.displayName;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedSuccessfully;
import static org.junit.platform.testkit.engine.EventConditions.test;

import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.settings.Setting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

class AccuracyTestsTest {
  private static final String FP16 = "replay:example/answers/fp16";
  private static final String BROKEN = "replay:example/answers/int4-broken";

  @TempDir Path folder;

  @AccuracyGate(
      baseline = FP16,
      candidate = FP16,
      suites = {"starter-nli", "starter-exam"})
  @Tag("accuracy")
  static class Same implements AccuracyGateTests {}

  @AccuracyGate(baseline = FP16, candidate = BROKEN, suites = "starter-exam")
  static class Lost implements AccuracyGateTests {}

  @AccuracyGate(
      baseline = FP16,
      candidate = FP16,
      suites = "starter-exam",
      onInconclusive = OnInconclusive.REPORT)
  static class NothingShown implements AccuracyGateTests {}

  @AccuracyGate(
      baseline = FP16,
      candidate = BROKEN,
      suites = "starter-exam",
      margin = 10,
      settings = "margin-reason=a test of what is allowed")
  static class WideMargin implements AccuracyGateTests {}

  @AccuracyGate(baseline = FP16, candidate = "replay:no-such-folder", suites = "starter-exam")
  static class CannotRun implements AccuracyGateTests {}

  @AccuracyGate(baseline = FP16, candidate = FP16, suites = "starter-exam", settings = "limits=3")
  static class Misspelt implements AccuracyGateTests {}

  private static EngineExecutionResults run(Class<?> testClass) {
    return EngineTestKit.engine("junit-jupiter").selectors(selectClass(testClass)).execute();
  }

  private static List<Throwable> failures(EngineExecutionResults results) {
    return results.allEvents().failed().stream()
        .map(failed -> failed.getRequiredPayload(TestExecutionResult.class))
        .flatMap(result -> result.getThrowable().stream())
        .toList();
  }

  @Test
  void suitesAreContainersAndGatesAreTests() {
    EngineExecutionResults results = run(Same.class);
    results
        .testEvents()
        .assertStatistics(statistics -> statistics.succeeded(3).failed(0).aborted(0));
    results
        .testEvents()
        .finished()
        .assertThatEvents()
        .areExactly(2, event(test(), displayName("gate"), finishedSuccessfully()))
        .areExactly(1, event(test(), displayName("all suites"), finishedSuccessfully()));
    assertThat(
            results.containerEvents().started().stream()
                .map(each -> each.getTestDescriptor().getDisplayName()))
        .contains("accuracy gate", "starter-nli", "starter-exam");
  }

  @Test
  void figuresArePublishedForTheServerToKeep() {
    assertThat(
            run(Same.class).allEvents().reportingEntryPublished().stream().map(Event::getPayload))
        .anySatisfy(entry ->
            assertThat(String.valueOf(entry))
                .contains("baseline 75.0 %, candidate 75.0 %, delta 0.00 points in 220 items"));
  }

  @Test
  void aLossFailsWithTheAnswersAsExpectedAndActual() {
    List<Throwable> failures = failures(run(Lost.class));
    assertThat(failures).hasSizeGreaterThan(3).allMatch(AssertionFailedError.class::isInstance);
    assertThat(failures)
        .filteredOn(each -> String.valueOf(each.getMessage()).startsWith("chinese_geography/8: "))
        .singleElement()
        .isInstanceOfSatisfying(
            AssertionFailedError.class,
            loss -> {
              assertThat(loss.isExpectedDefined()).isTrue();
              assertThat(loss.getExpected().getStringRepresentation())
                  .isNotEqualTo(loss.getActual().getStringRepresentation());
            });
  }

  @Test
  void lossesWithinTheMarginAreToldAndDoNotFail() {
    EngineExecutionResults results = run(WideMargin.class);
    assertThat(failures(results)).isEmpty();
    assertThat(results.testEvents().aborted().count()).isGreaterThan(3);
    results.testEvents().assertStatistics(statistics -> statistics.succeeded(2));
  }

  @Test
  void whatProvesNothingIsAbortedUnderReport() {
    EngineExecutionResults results = run(NothingShown.class);
    results
        .testEvents()
        .assertStatistics(statistics -> statistics.aborted(2).succeeded(0).failed(0));
    assertThat(
            results.testEvents().aborted().stream()
                .map(each -> each.getRequiredPayload(TestExecutionResult.class).getThrowable()))
        .allSatisfy(cause -> assertThat(cause).containsInstanceOf(TestAbortedException.class));
  }

  @Test
  void whatCannotRunIsAnErrorOfTheContainerAndNoLoss() {
    assertThat(failures(run(CannotRun.class)))
        .singleElement()
        .isNotInstanceOf(AssertionError.class)
        .satisfies(cause -> assertThat(cause).hasMessageContaining("no-such-folder"));
    assertThat(failures(run(Misspelt.class)))
        .singleElement()
        .satisfies(cause ->
            assertThat(cause)
                .hasMessageContaining("found \"limits=3\"")
                .hasMessageContaining("limit"));
  }

  @Test
  void anotherModelsRunIsSetAsideNotRefused() {
    run(Same.class);
    Path folder = OutputFolder.named(Same.class.getName()).path();
    AccuracyTests same = AccuracyTests.of(Same.class);
    same.with(Setting.LIMIT, "40").run();
    assertThat(folder.resolveSibling("%s.previous".formatted(folder.getFileName()))).isDirectory();
    assertThat(folder.resolve("comparison.json")).exists();
  }

  @AccuracyGate(baseline = FP16, candidate = BROKEN, suites = "starter-exam")
  static class MarginFromOutside implements AccuracyGateTests {}

  @Test
  void whatAClassLeavesOutIsTakenFromSystemProperties() {
    Map<String, String> properties =
        Map.of("quantgate.margin", "10", "quantgate.margin-reason", "a test");
    properties.forEach(System::setProperty);
    try {
      EngineExecutionResults results = run(MarginFromOutside.class);
      assertThat(failures(results)).isEmpty();
      results.testEvents().assertStatistics(statistics -> statistics.succeeded(2));
    } finally {
      properties.keySet().forEach(System::clearProperty);
    }
  }

  @Test
  void aPropertyWinsOverAVariableAndASlipInEitherIsNotPassedOver() {
    assertThat(
            Surroundings.settings(
                Map.of("QUANTGATE_LIMIT", "5", "QUANTGATE_CACHE", "x", "PATH", "y"),
                Map.of("quantgate.limit", "7", "quantgate.cuda.library", "z")))
        .containsEntry("QUANTGATE_LIMIT", "7")
        .containsEntry("PATH", "y");
    assertThatThrownBy(() -> Surroundings.settings(Map.of(), Map.of("quantgate.limt", "7")))
        .isInstanceOf(EvaluationException.class)
        .hasMessage(
            "unknown system property quantgate.limt, did you mean \"quantgate.limit\"? Nothing reads it");
    assertThatThrownBy(
            () -> Surroundings.settings(Map.of("QUANTGATE_ON_INCONCLUSVE", ""), Map.of()))
        .hasMessageContaining("did you mean \"QUANTGATE_ON_INCONCLUSIVE\"?");
    for (String known :
        List.of("CACHE", "JAVA", "JAVA_OPTS", "STDERR", "LAUNCHER", "LOST", "CONFIG", "PORT")) {
      String variable = "QUANTGATE_%s".formatted(known);
      assertThat(Surroundings.settings(Map.of(variable, "x"), Map.of())).containsKey(variable);
    }
    for (String known : List.of("REQUIRE_DATA", "REQUIRE_DOCKER", "REQUIRE_JUNIT")) {
      String variable = "QUANTGATE_%s".formatted(known);
      assertThat(Surroundings.settings(Map.of(variable, "x"), Map.of())).containsKey(variable);
    }
  }

  @Test
  void aFolderThatWasNamedIsNeverMovedAway() {
    AccuracyTests tests = AccuracyTests.of(FP16, FP16, "starter-exam").out(folder.resolve("mine"));
    tests.run();
    assertThatThrownBy(() -> tests.with(Setting.LIMIT, "40").run())
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("holds another run");
    assertThat(Files.exists(folder.resolve("mine.previous"))).isFalse();
  }
}
