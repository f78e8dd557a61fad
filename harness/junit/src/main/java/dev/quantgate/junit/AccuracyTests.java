package dev.quantgate.junit;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.SETTING;

import dev.quantgate.base.Nearest;
import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.RunRequest;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.settings.ConfigFile;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.reports.ReportFormat;
import dev.quantgate.reports.ReportFormats;
import dev.quantgate.reports.ReportSource;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestReporter;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * A comparison of two models as dynamic tests, for a {@code @TestFactory}. Immutable.
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicNode> int4(TestReporter reporter) {
 *   return AccuracyTests.of("models/fp16", "models/int4", "ceval", "humaneval")
 *       .margin(0.5)
 *       .with(Setting.LIMIT, "200")
 *       .tests(reporter);
 * }
 * }</pre>
 *
 * <p>The run lies in {@code target/quantgate/NAME} ({@code build/quantgate/NAME} under Gradle) with
 * its reports. What is not said here is taken from a system property, {@code quantgate.candidate}
 * and so on, or the environment, {@code QUANTGATE_CANDIDATE}.
 */
public final class AccuracyTests {
  private final Map<Setting, String> said;
  private final Optional<String> name;

  private AccuracyTests(Map<Setting, String> said, Optional<String> name) {
    this.said = Collections.unmodifiableMap(said);
    this.name = name;
  }

  /**
   * Two models over some suites.
   *
   * @param baseline a model reference: a checkpoint folder, or {@code replay:} and a file or a
   *     finished run's folder
   */
  public static AccuracyTests of(String baseline, String candidate, String... suites) {
    var said = new EnumMap<Setting, String>(Setting.class);
    put(said, Setting.BASELINE, baseline);
    put(said, Setting.CANDIDATE, candidate);
    put(said, Setting.SUITES, String.join(",", suites));
    return new AccuracyTests(said, Optional.empty());
  }

  /**
   * What a class says by its {@link AccuracyGate}.
   *
   * @throws IllegalArgumentException if the class has none
   */
  public static AccuracyTests of(Class<?> testClass) {
    AccuracyGate gate =
        AnnotationSupport.findAnnotation(testClass, AccuracyGate.class)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "%s: expected an @AccuracyGate on the class, found none"
                        .formatted(testClass.getName())));
    AccuracyTests tests =
        new AccuracyTests(
            of(gate.baseline(), gate.candidate(), gate.suites()).said,
            Optional.of(testClass.getName()));
    if (!Double.isNaN(gate.margin())) {
      tests = tests.margin(gate.margin());
    }
    if (gate.onInconclusive().length > 1) {
      throw new EvaluationException(
          SETTING,
          "@AccuracyGate: onInconclusive: expected one answer, found %d on %s"
              .formatted(gate.onInconclusive().length, testClass.getName()));
    }
    for (OnInconclusive policy : gate.onInconclusive()) {
      tests = tests.onInconclusive(policy);
    }
    for (String setting : gate.settings()) {
      tests = tests.with(setting);
    }
    return tests;
  }

  /** With this allowed loss of each suite, in percentage points. */
  public AccuracyTests margin(double points) {
    return with(Setting.MARGIN, Double.toString(points));
  }

  /** With this answer to what proves nothing. */
  public AccuracyTests onInconclusive(OnInconclusive policy) {
    return with(Setting.ON_INCONCLUSIVE, policy.toString());
  }

  /** With a folder for the run; one that holds another run is refused. */
  public AccuracyTests out(Path folder) {
    return with(Setting.OUT, folder.toString());
  }

  /** With any other setting of the command line, such as a limit, an engine or a protocol. */
  public AccuracyTests with(Setting setting, String value) {
    var more = new EnumMap<Setting, String>(Setting.class);
    more.putAll(said);
    put(more, setting, value);
    return new AccuracyTests(more, name);
  }

  private AccuracyTests with(String keyAndValue) {
    String[] parts = keyAndValue.split("=", 2);
    List<String> keys = Arrays.stream(Setting.values()).map(Setting::key).toList();
    int index = keys.indexOf(parts[0].strip());
    if (index < 0 || parts.length < 2) {
      throw new EvaluationException(
          SETTING,
          "@AccuracyGate: settings: expected key=value with a key of the command line, such as limit=100, found \"%s\"%s"
              .formatted(keyAndValue, Nearest.hint(parts[0].strip(), keys)));
    }
    return with(Setting.values()[index], parts[1].strip());
  }

  private static void put(Map<Setting, String> said, Setting setting, String value) {
    if (!value.isBlank()) {
      said.put(setting, value);
    }
  }

  /**
   * Runs the comparison, or continues an interrupted one, and writes all reports beside it.
   *
   * @throws dev.quantgate.base.QuantGateException if it cannot be run
   */
  public Comparison run() {
    return compare().comparison();
  }

  /** Runs the comparison and tells it as tests. */
  public Stream<DynamicNode> tests() {
    return GateNodes.of(compare());
  }

  /** Runs the comparison and tells it as tests; each suite's figures go to the reporter too. */
  public Stream<DynamicNode> tests(TestReporter reporter) {
    ReportSource source = compare();
    GateNodes.publish(source, reporter);
    return GateNodes.of(source);
  }

  private ReportSource compare() {
    Settings settings =
        Settings.resolve(
            taken(), said, Surroundings.settings(System.getenv(), properties()), ConfigFile.NONE);
    RunRequest request = settings.runRequest();
    if (settings.isSaid(Setting.OUT)) {
      new QuantGate().run(request, Progress.Listener.NONE);
      return reported(request.out());
    }
    var folder = OutputFolder.named(name.orElseGet(() -> OutputFolder.nameOf(request)));
    RunRequest own =
        new RunRequest(
            request.baseline(),
            request.candidate(),
            request.plan(),
            request.environment(),
            request.policy(),
            folder.path(),
            request.stopWhenDecided(),
            request.baselineRun());
    try {
      new QuantGate().run(own, Progress.Listener.NONE);
    } catch (EvaluationException e) {
      if (e.kind() != EvaluationException.Kind.OTHER_RUN) {
        throw e;
      }
      folder.setAside();
      new QuantGate().run(own, Progress.Listener.NONE);
    }
    return reported(folder.path());
  }

  private static ReportSource reported(Path out) {
    ReportSource source = ReportSource.open(out);
    for (ReportFormat format : ReportFormats.all()) {
      format.write(source, out.resolve("report"));
    }
    return source;
  }

  private static Set<Setting> taken() {
    return EnumSet.complementOf(EnumSet.of(Setting.MODEL));
  }

  private static Map<String, String> properties() {
    var properties = new HashMap<String, String>();
    System.getProperties()
        .stringPropertyNames()
        .forEach(name -> properties.put(name, System.getProperty(name)));
    return properties;
  }

  @Override
  public String toString() {
    return said.entrySet().stream()
        .map(each -> "%s=%s".formatted(each.getKey().key(), each.getValue()))
        .collect(Collectors.joining(" "));
  }
}
