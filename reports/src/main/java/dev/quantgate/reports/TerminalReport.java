package dev.quantgate.reports;

import static dev.quantgate.reports.TextTable.Align.LEFT;
import static dev.quantgate.reports.TextTable.Align.RIGHT;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.Evaluation;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.comparison.SuiteComparison.SideScore;
import dev.quantgate.evaluation.comparison.SuiteComparison.Ungraded;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.record.ModelUsage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What an engineer reads in a terminal. */
public final class TerminalReport {
  /** Flips listed for each suite; comparison.json has them all. */
  private static final int FLIPS_SHOWN = 8;

  /** Cells of a line of prose. */
  private TerminalReport() {}

  /**
   * A comparison: scores, memory and speed, flips, verdict.
   *
   * @param folder where comparison.json lies
   */
  public static String render(Comparison comparison, Path folder) {
    return render(comparison, folder, Ink.PLAIN);
  }

  /** The same in colours, where there are some. */
  public static String render(Comparison comparison, Path folder, Ink ink) {
    var text = new StringBuilder();
    var scores = new TextTable(LEFT, LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, LEFT, LEFT);
    scores.row(
        "suite",
        "protocol",
        "items",
        "baseline",
        "candidate",
        "delta",
        "loss/gain",
        "changed",
        "finding",
        "verdict");
    scores.rule();
    for (SuiteComparison suite : comparison.suites()) {
      scores.row(
          suite.suite(),
          variant(suite.protocol()),
          items(suite),
          percent(suite, suite.baseline()),
          percent(suite, suite.candidate()),
          suite.items() == 0 ? "-" : Figures.points(suite.deltaPoints()),
          "%d/%d".formatted(suite.losses(), suite.gains()),
          suite.changed().isPresent() ? Figures.count(suite.changed().getAsInt()) : "-",
          suite.finding().name(),
          verdict(suite));
    }
    text.append(scores.render());
    pooled(text, comparison);
    averages(text, comparison);
    text.append('\n').append(models(List.of(comparison.baseline(), comparison.candidate())));
    flips(text, comparison, ink);
    for (SuiteComparison suite : comparison.suites()) {
      if (!suite.ungraded().isEmpty()) {
        Ungraded first = suite.ungraded().getFirst();
        int count = suite.ungraded().size();
        text.append(
            "\n%s: %s without a grade, judged without and with them; the first: %s, %s, %s\n"
                .formatted(
                    suite.suite(),
                    count == 1 ? "1 answer" : "%d answers".formatted(count),
                    first.id(),
                    first.category(),
                    first.message()));
      }
    }
    notes(text, comparison.notes());
    text.append('\n')
        .append(verdict(comparison, ink))
        .append("\nFull report: ")
        .append(folder.resolve("comparison.json"))
        .append('\n');
    return PlainText.lines(text.toString());
  }

  /** "PASS proven", "PASS by policy", or "-" for a suite that says nothing. */
  private static String verdict(SuiteComparison suite) {
    return switch (suite.finding()) {
      case INVALID, UNINFORMATIVE -> "-";
      case PASS, FAIL, INCONCLUSIVE ->
          suite.verdict() == Verdict.INCONCLUSIVE
              ? suite.verdict().name()
              : "%s %s".formatted(suite.verdict(), suite.proven() ? "proven" : "not proven");
    };
  }

  /** The estimate over all suites. */
  private static void pooled(StringBuilder text, Comparison comparison) {
    comparison
        .pooled()
        .ifPresent(pooled ->
            text.append(
                "  all %d suites, equal weights: %s, 95 %% bounds %s and %s\n"
                    .formatted(
                        pooled.suites(),
                        Figures.points(pooled.deltaPoints()),
                        Figures.points(pooled.lowerPoints()),
                        Figures.points(pooled.upperPoints()))));
  }

  /** The verdict, and each suite's with its reason. */
  private static String verdict(Comparison comparison, Ink ink) {
    var text = new StringBuilder(headline(comparison, ink));
    Map<String, String> reasons = new LinkedHashMap<>();
    comparison.suites().forEach(suite -> reasons.put(suite.suite(), suite.reason()));
    String deciding =
        comparison.suites().stream()
            .filter(suite -> suite.verdict() == comparison.verdict())
            .map(suite -> "%s: %s".formatted(suite.suite(), suite.reason()))
            .collect(Collectors.joining("; "));
    if (!comparison.reason().equals(deciding)) {
      text.append(": ").append(comparison.reason());
    }
    reasons.forEach((suite, reason) ->
        text.append('\n').append(TextTable.wrapped("  %s: ".formatted(suite), "    ", reason)));
    return text.toString();
  }

  /** "PASS (not proven; the pairs are INCONCLUSIVE)". */
  private static String headline(Comparison comparison, Ink ink) {
    String proven =
        comparison.proven()
            ? " (proven)"
            : comparison.verdict() == Verdict.INVALID
                ? ""
                : " (not proven; finding %s)".formatted(comparison.finding());
    String shown = comparison.verdict() + proven;
    return switch (comparison.verdict()) {
      case PASS -> ink.good(shown);
      case FAIL, INVALID -> ink.bad(shown);
      case INCONCLUSIVE -> ink.unsure(shown);
    };
  }

  /** One model's scores. */
  public static String render(Evaluation evaluation) {
    var text = new StringBuilder();
    var scores = new TextTable(LEFT, LEFT, RIGHT, RIGHT, RIGHT, RIGHT);
    scores.row("suite", "protocol", "items", "right", "score", "faults").rule();
    for (Evaluation.SuiteResult suite : evaluation.suites()) {
      scores.row(
          suite.suite(),
          variant(suite.protocol()),
          Figures.count(suite.items()),
          right(suite),
          suite.items() == 0 ? "-" : Figures.percent(suite.score().score()),
          Figures.count(suite.ungraded().size()));
    }
    text.append(scores.render());
    for (Evaluation.SuiteResult suite : evaluation.suites()) {
      for (var average : suite.averages()) {
        if (isHeadline(average.name())) {
          text.append(suite.suite())
              .append(": ")
              .append(average.name())
              .append(' ')
              .append(Figures.percent(average.score()))
              .append('\n');
        }
      }
    }
    text.append('\n').append(models(List.of(evaluation.model())));
    notes(text, evaluation.notes());
    evaluation
        .invalid()
        .ifPresent(reason -> text.append("\nINVALID: ").append(reason).append('\n'));
    text.append("\nRecords: ").append(evaluation.folder()).append('\n');
    return PlainText.lines(text.toString());
  }

  /** {@code 3}, or {@code 3 of 10} where each item was answered several times. */
  private static String right(Evaluation.SuiteResult suite) {
    SideScore score = suite.score();
    return score.answers() == suite.items()
        ? Figures.count(score.correct())
        : Figures.count(score.correct()) + " of " + Figures.count(score.answers());
  }

  /** {@code 1,346}, or {@code 6 of 204} where a limit drew some. */
  private static String items(SuiteComparison suite) {
    return suite.asked() < suite.available()
        ? "%s of %s".formatted(Figures.count(suite.items()), Figures.count(suite.available()))
        : Figures.count(suite.items());
  }

  private static String percent(SuiteComparison suite, SideScore score) {
    return suite.items() == 0 ? "-" : Figures.percent(score.score());
  }

  private static void averages(StringBuilder text, Comparison comparison) {
    for (SuiteComparison suite : comparison.suites()) {
      for (var average : suite.averages()) {
        if (isHeadline(average.name())) {
          text.append("  ")
              .append(suite.suite())
              .append(' ')
              .append(average.name())
              .append(": ")
              .append(Figures.percent(average.baseline()))
              .append(" and ")
              .append(Figures.percent(average.candidate()))
              .append(", ")
              .append(Figures.points(average.deltaPoints()))
              .append('\n');
        }
      }
    }
  }

  /** Micro is the table's own score, and single subjects are for comparison.json. */
  private static boolean isHeadline(String average) {
    return !average.equals("micro") && !average.equals("pass@1") && !average.startsWith("subject/");
  }

  private static String models(List<ModelSummary> models) {
    var table = new TextTable(LEFT, LEFT, RIGHT, RIGHT, RIGHT, RIGHT, LEFT);
    table
        .row("model", "weights", "memory", "with cache", "prompt tok/s", "decode tok/s", "from")
        .rule();
    for (ModelSummary model : models) {
      String format =
          model.identity().getOrDefault("weightFormat", model.live() ? "?" : "recorded");
      table.row(
          model.side().toString(),
          format,
          model.usage().map(usage -> Figures.bytes(usage.weightBytes())).orElse("-"),
          model.usage().map(usage -> Figures.bytes(usage.peakBytes())).orElse("-"),
          model
              .usage()
              .map(ModelUsage::promptTokensPerSecond)
              .map(TerminalReport::rate)
              .orElse("-"),
          model
              .usage()
              .map(ModelUsage::generatedTokensPerSecond)
              .map(TerminalReport::rate)
              .orElse("-"),
          fromHome(model.reference()));
    }
    return table.render();
  }

  /** {@code ~/models/fp16} for what lies in the user's home. */
  private static String fromHome(String reference) {
    String home = System.getProperty("user.home") + "/";
    return reference.startsWith(home) ? "~/" + reference.substring(home.length()) : reference;
  }

  private static String rate(double perSecond) {
    return perSecond == 0 ? "-" : Figures.rate(perSecond);
  }

  /** Each loss with what changed; of the gains the names. */
  private static void flips(StringBuilder text, Comparison comparison, Ink ink) {
    for (SuiteComparison suite : comparison.suites()) {
      Map<Flip.Kind, List<Flip>> flips =
          comparison.flipsOf(suite.suite()).stream().collect(Collectors.groupingBy(Flip::kind));
      List<Flip> losses = flips.getOrDefault(Flip.Kind.LOSS, List.of());
      List<Flip> gains = flips.getOrDefault(Flip.Kind.GAIN, List.of());
      if (!losses.isEmpty()) {
        text.append("\n%s lost %s:\n".formatted(suite.suite(), Figures.count(losses.size())));
        losses.stream()
            .limit(FLIPS_SHOWN)
            .forEach(flip -> text.append("  %s %s\n".formatted(ink.bad("-"), ChangeLine.of(flip))));
        text.append(more(losses, "  "));
      }
      if (!gains.isEmpty()) {
        text.append("\n%s gained %s:".formatted(suite.suite(), Figures.count(gains.size())));
        gains.stream()
            .limit(FLIPS_SHOWN)
            .forEach(
                flip -> text.append(" %s%s".formatted(ink.good("+"), PlainText.line(flip.id()))));
        text.append(more(gains, " ")).append(gains.size() > FLIPS_SHOWN ? "" : "\n");
      }
    }
  }

  private static String more(List<Flip> flips, String before) {
    return flips.size() > FLIPS_SHOWN
        ? "%sand %s more\n".formatted(before, Figures.count(flips.size() - FLIPS_SHOWN))
        : "";
  }

  private static void notes(StringBuilder text, List<String> notes) {
    if (!notes.isEmpty()) {
      text.append('\n');
      notes.forEach(note -> text.append("Note: ").append(note).append('\n'));
    }
  }

  private static String variant(String protocol) {
    return protocol.substring(protocol.indexOf('/') + 1);
  }
}
