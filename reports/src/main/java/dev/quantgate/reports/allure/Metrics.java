package dev.quantgate.reports.allure;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.reports.ReportSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/**
 * performance.json: the figures whose trends Allure 3 draws and on which its quality gate can hold
 * rules.
 */
final class Metrics {
  private final Comparison comparison;
  private final long time;
  private final List<Metric> metrics = new ArrayList<>();

  /**
   * One figure.
   *
   * @param better which way is the better one, {@code higher} or {@code lower}; empty for neither
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Metric(
      String id,
      String key,
      double value,
      long start,
      long stop,
      String title,
      String unit,
      String group,
      Optional<String> better) {}

  Metrics(ReportSource source, long time) {
    this.comparison = source.comparison();
    this.time = time;
  }

  String json() {
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all());
  }

  List<Metric> all() {
    metrics.clear();
    for (SuiteComparison suite : comparison.suites()) {
      if (suite.items() > 0) {
        suite(suite);
      }
    }
    for (ModelSummary model : List.of(comparison.baseline(), comparison.candidate())) {
      model(model);
    }
    return List.copyOf(metrics);
  }

  private void suite(SuiteComparison suite) {
    String name = suite.suite();
    add(name, "baseline", suite.baseline().score() * 100, "baseline's score", "%", "higher");
    add(name, "candidate", suite.candidate().score() * 100, "candidate's score", "%", "higher");
    add(name, "delta", suite.deltaPoints(), "delta", "points", "higher");
    add(name, "losses", suite.losses(), "losses", "items", "lower");
    add(name, "gains", suite.gains(), "gains", "items", "");
    suite
        .evidence()
        .ifPresent(evidence ->
            add(name, "flip-rate", evidence.spread().flipRate() * 100, "flip rate", "%", "lower"));
    suite
        .diagnostics()
        .choices()
        .ifPresent(choices ->
            add(name, "kl", choices.klMean(), "mean KL over the choices", "nats", "lower"));
  }

  private void model(ModelSummary model) {
    String side = model.side().toString();
    model
        .usage()
        .ifPresent(usage -> {
          add(side, "memory", usage.weightBytes() / 1e6, "memory of the weights", "MB", "lower");
          if (usage.generatedTokensPerSecond() > 0) {
            add(
                side,
                "tokens-per-second",
                usage.generatedTokensPerSecond(),
                "generated tokens a second",
                "tokens/s",
                "higher");
          }
        });
  }

  private void add(
      String group, String figure, double value, String title, String unit, String better) {
    String key = "quantgate.%s.%s".formatted(group, figure);
    metrics.add(
        new Metric(
            key,
            key,
            value,
            time,
            time,
            "%s: %s".formatted(group, title),
            unit,
            group,
            Optional.of(better).filter(way -> !way.isEmpty())));
  }
}
