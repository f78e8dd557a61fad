package dev.quantgate.reports;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Evidence;
import dev.quantgate.evaluation.gate.statistics.McNemar;
import dev.quantgate.evaluation.record.ModelUsage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Flat figures for trackers of experiments: {@code metrics.json}, one object of numbers as MLflow's
 * {@code log_metrics} takes it, and {@code metrics.csv} with the same. Names have only characters
 * that MLflow allows; shares are 0 .. 1, deltas and bounds percentage points.
 */
public final class MetricsFormat implements ReportFormat {
  private static final Pattern NOT_OF_NAMES = Pattern.compile("[^A-Za-z0-9_./-]");
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  @Override
  public String id() {
    return "metrics";
  }

  @Override
  public void write(ReportSource source, Path out) {
    Map<String, Number> metrics = metrics(source.comparison());
    AtomicFile.write(out.resolve("metrics.json"), JSON.writeValueAsBytes(metrics));
    var csv = new StringBuilder("metric,value\n");
    metrics.forEach((name, value) -> csv.append(name).append(',').append(value).append('\n'));
    AtomicFile.write(out.resolve("metrics.csv"), csv.toString().getBytes(StandardCharsets.UTF_8));
  }

  static Map<String, Number> metrics(Comparison comparison) {
    var metrics = new LinkedHashMap<String, Number>();
    metrics.put("exit_code", comparison.exitCode());
    metrics.put("proven", comparison.proven() ? 1 : 0);
    if (!comparison.policy().general().relative()) {
      metrics.put("margin_points", comparison.policy().margin());
    }
    comparison
        .pooled()
        .ifPresent(pooled -> {
          metrics.put("pooled/delta_points", pooled.deltaPoints());
          metrics.put("pooled/lower_points", pooled.lowerPoints());
          metrics.put("pooled/upper_points", pooled.upperPoints());
        });
    for (SuiteComparison suite : comparison.suites()) {
      suite(metrics, name(suite.suite()), suite);
    }
    usage(metrics, comparison.baseline());
    usage(metrics, comparison.candidate());
    return metrics;
  }

  private static void suite(Map<String, Number> metrics, String name, SuiteComparison suite) {
    metrics.put("%s/items".formatted(name), suite.items());
    metrics.put("%s/ungraded".formatted(name), suite.asked() - suite.items());
    metrics.put("%s/losses".formatted(name), suite.losses());
    metrics.put("%s/gains".formatted(name), suite.gains());
    suite.changed().ifPresent(count -> metrics.put("%s/changed".formatted(name), count));
    if (suite.items() > 0) {
      metrics.put("%s/baseline_score".formatted(name), suite.baseline().score());
      metrics.put("%s/candidate_score".formatted(name), suite.candidate().score());
      metrics.put("%s/delta_points".formatted(name), suite.deltaPoints());
    }
    suite
        .evidence()
        .ifPresent(evidence -> {
          metrics.put("%s/margin_points".formatted(name), evidence.scale().marginPoints());
          evidence(metrics, name, evidence);
        });
    suite
        .withFaults()
        .ifPresent(evidence -> {
          String counted = "%s/with_ungraded".formatted(name);
          metrics.put("%s/delta_points".formatted(counted), evidence.difference().deltaPoints());
          evidence(metrics, counted, evidence);
        });
    suite.averages().stream()
        .filter(average -> !average.name().startsWith("subject/"))
        .forEach(average ->
            metrics.put(
                "%s/average/%s/delta_points".formatted(name, name(average.name())),
                average.deltaPoints()));
    var diagnostics = suite.diagnostics();
    metrics.put("%s/near_tie_flips".formatted(name), diagnostics.nearTieFlips());
    put(metrics, "%s/same_tokens".formatted(name), diagnostics.sameTokens());
    put(metrics, "%s/length_ratio".formatted(name), diagnostics.lengthRatio());
    diagnostics
        .choices()
        .ifPresent(choices -> {
          metrics.put("%s/kl_mean".formatted(name), choices.klMean());
          metrics.put("%s/kl_p99".formatted(name), choices.kl99());
          metrics.put(
              "%s/same_argmax".formatted(name), (double) choices.sameArgmax() / choices.items());
        });
  }

  private static void evidence(Map<String, Number> metrics, String name, Evidence evidence) {
    metrics.put("%s/lower_points".formatted(name), evidence.difference().lowerPoints());
    metrics.put("%s/upper_points".formatted(name), evidence.difference().upperPoints());
    metrics.put("%s/flip_rate".formatted(name), evidence.spread().flipRate());
    evidence
        .loss()
        .mcnemar()
        .map(McNemar::twoSided)
        .ifPresent(p -> metrics.put("%s/mcnemar_p".formatted(name), p));
  }

  private static void usage(Map<String, Number> metrics, ModelSummary model) {
    model
        .usage()
        .ifPresent(usage -> {
          String side = model.side().toString();
          metrics.put("%s/weight_bytes".formatted(side), usage.weightBytes());
          metrics.put("%s/peak_bytes".formatted(side), usage.peakBytes());
          metrics.put("%s/load_seconds".formatted(side), usage.loadSeconds());
          speed(metrics, side, usage);
        });
  }

  private static void speed(Map<String, Number> metrics, String side, ModelUsage usage) {
    if (usage.promptTokensPerSecond() > 0) {
      metrics.put("%s/prompt_tokens_per_second".formatted(side), usage.promptTokensPerSecond());
    }
    if (usage.generatedTokensPerSecond() > 0) {
      metrics.put(
          "%s/generated_tokens_per_second".formatted(side), usage.generatedTokensPerSecond());
    }
  }

  private static void put(Map<String, Number> metrics, String name, OptionalDouble value) {
    value.ifPresent(each -> metrics.put(name, each));
  }

  private static String name(String text) {
    return NOT_OF_NAMES.matcher(text.replace("@", "_at_")).replaceAll("_");
  }
}
