package dev.quantgate.reports.allure;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.reports.MarginWords;
import dev.quantgate.reports.ReportSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/** environment.properties and executor.json: what was compared, and which build did it. */
final class RunFacts {
  private final Comparison comparison;
  private final Map<String, String> variables;

  RunFacts(ReportSource source, Map<String, String> variables) {
    this.comparison = source.comparison();
    this.variables = variables;
  }

  /** Of what the comparison was, in the order in which it is shown. */
  Map<String, String> facts() {
    var facts = new LinkedHashMap<String, String>();
    facts.put("program", comparison.program());
    facts.put("verdict", comparison.verdict().name());
    facts.put("proven", comparison.proven() ? "yes" : "no");
    facts.put("margin", MarginWords.of(comparison.policy()).english());
    facts.put("on-inconclusive", comparison.policy().onInconclusive().toString());
    for (ModelSummary model : List.of(comparison.baseline(), comparison.candidate())) {
      facts.put(model.side().toString(), model.reference());
      model
          .identity()
          .forEach((field, value) -> facts.put("%s.%s".formatted(model.side(), field), value));
      model
          .usage()
          .ifPresent(usage -> facts.put("%s.device".formatted(model.side()), usage.device()));
    }
    for (SuiteComparison suite : comparison.suites()) {
      facts.put("%s.protocol".formatted(suite.suite()), suite.protocol());
      facts.put("%s.data".formatted(suite.suite()), suite.data().sha256());
      suite
          .sandbox()
          .ifPresent(sandbox -> facts.put("%s.sandbox".formatted(suite.suite()), sandbox.kind()));
    }
    return facts;
  }

  /** The same as Java properties. */
  String environment() {
    return facts().entrySet().stream()
        .map(fact ->
            "%s=%s\n".formatted(escaped(fact.getKey(), true), escaped(fact.getValue(), false)))
        .collect(Collectors.joining());
  }

  /** As java.util.Properties reads it; beyond Latin-1 by its escapes. */
  private static String escaped(String text, boolean key) {
    var line = new StringBuilder();
    for (char c : PlainText.line(text).toCharArray()) {
      if (c == '\\' || key && (c == '=' || c == ':' || c == ' ' || c == '#' || c == '!')) {
        line.append('\\').append(c);
      } else if (c > 0x7e) {
        line.append("\\u%04x".formatted((int) c));
      } else {
        line.append(c);
      }
    }
    return line.toString();
  }

  /** The build that a CI server's variables name; empty on a machine of one's own. */
  Optional<String> executor() {
    return github()
        .or(this::gitlab)
        .or(this::jenkins)
        .map(executor ->
            JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(executor));
  }

  private Optional<Map<String, Object>> github() {
    String id = get("GITHUB_RUN_ID");
    if (id.isEmpty()) {
      return Optional.empty();
    }
    String url =
        "%s/%s/actions/runs/%s".formatted(get("GITHUB_SERVER_URL"), get("GITHUB_REPOSITORY"), id);
    return Optional.of(
        executor(
            "GitHub Actions", "github", get("GITHUB_WORKFLOW"), get("GITHUB_RUN_NUMBER"), url));
  }

  private Optional<Map<String, Object>> gitlab() {
    return get("GITLAB_CI").isEmpty()
        ? Optional.empty()
        : Optional.of(
            executor(
                "GitLab CI",
                "gitlab",
                get("CI_JOB_NAME"),
                get("CI_PIPELINE_IID"),
                get("CI_PIPELINE_URL")));
  }

  private Optional<Map<String, Object>> jenkins() {
    return get("JENKINS_URL").isEmpty()
        ? Optional.empty()
        : Optional.of(
            executor("Jenkins", "jenkins", get("JOB_NAME"), get("BUILD_NUMBER"), get("BUILD_URL")));
  }

  private static Map<String, Object> executor(
      String name, String type, String job, String number, String url) {
    var executor = new LinkedHashMap<String, Object>();
    executor.put("name", name);
    executor.put("type", type);
    executor.put("buildName", "%s #%s".formatted(job, number));
    if (number.matches("[0-9]{1,18}")) {
      executor.put("buildOrder", Long.parseLong(number));
    }
    // Only what a browser opens as a page: the variable is as much input as anything else.
    if (url.startsWith("https://") || url.startsWith("http://")) {
      executor.put("buildUrl", url);
    }
    return executor;
  }

  private String get(String variable) {
    return variables.getOrDefault(variable, "").strip();
  }
}
