package dev.quantgate.reports;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Evidence;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.pairs.Pair;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What fits into a pull request: {@code summary.md}, and {@code headline.txt} with one line for a
 * chat.
 */
public final class MarkdownFormat implements ReportFormat {
  private static final int LOSSES_SHOWN = 20;
  private static final int NOTES_SHOWN = 10;
  private static final int MOST_LINE = 400;

  @Override
  public String id() {
    return "markdown";
  }

  @Override
  public void write(ReportSource source, Path out) {
    write(out.resolve("summary.md"), summary(source));
    write(out.resolve("headline.txt"), "%s\n".formatted(line(source.comparison())));
  }

  private static void write(Path file, String text) {
    AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * {@code PASS (not proven): ceval -0.42, humaneval -0.67 points in 389 items}; missing answers
   * count where the gate counts them.
   */
  static String line(Comparison comparison) {
    String suites =
        comparison.suites().stream()
            .filter(suite -> suite.items() > 0)
            .map(suite -> "%s %s".formatted(suite.suite(), Figures.points(Headline.counted(suite))))
            .collect(Collectors.joining(", "));
    int items = comparison.suites().stream().mapToInt(SuiteComparison::items).sum();
    return PlainText.line(
        comparison.verdict() == Verdict.INVALID
            ? "QuantGate INVALID: %s".formatted(comparison.reason())
            : "QuantGate %s: %s points in %s items"
                .formatted(verdict(comparison), suites, Figures.count(items)),
        MOST_LINE);
  }

  private static String verdict(Comparison comparison) {
    return comparison.verdict() == Verdict.INVALID
        ? "INVALID"
        : "%s (%s)".formatted(comparison.verdict(), comparison.proven() ? "proven" : "not proven");
  }

  private static String summary(ReportSource source) {
    Comparison comparison = source.comparison();
    var text = new StringBuilder();
    text.append("### QuantGate: %s\n\n".formatted(verdict(comparison)))
        .append("%s\n\n".formatted(Markdown.text(Headline.of(comparison).english(), 600)));
    if (!comparison.suites().isEmpty()) {
      text.append(
          """
          | suite | items | baseline | candidate | delta | 95 % bounds | lost / gained | verdict |
          |---|---:|---:|---:|---:|---:|---:|---|
          """);
      comparison.suites().forEach(suite -> text.append(row(suite)));
    }
    comparison
        .pooled()
        .ifPresent(pooled ->
            text.append(
                "| all, equal weights | | | | %s | %s … %s | | |\n"
                    .formatted(
                        Figures.points(pooled.deltaPoints()),
                        Figures.points(pooled.lowerPoints()),
                        Figures.points(pooled.upperPoints()))));
    comparison.suites().forEach(suite -> ungraded(text, suite));
    text.append(
        "\nCandidate %s, baseline %s; margin %s; where nothing is proven, %s.\n"
            .formatted(
                Markdown.text(comparison.candidate().reference(), MOST_LINE),
                Markdown.text(comparison.baseline().reference(), MOST_LINE),
                Markdown.text(MarginWords.of(comparison.policy()).english(), MOST_LINE),
                switch (comparison.policy().onInconclusive()) {
                  case POINT -> "the measured delta decides";
                  case FAIL -> "the gate fails";
                  case PASS -> "the gate passes";
                  case REPORT -> "nothing is decided";
                }));
    losses(text, source);
    notes(text, comparison.notes());
    return text.toString();
  }

  private static String row(SuiteComparison suite) {
    boolean judged = suite.items() > 0;
    String bounds =
        suite
            .evidence()
            .map(Evidence::difference)
            .map(difference ->
                "%s … %s"
                    .formatted(
                        Figures.points(difference.lowerPoints()),
                        Figures.points(difference.upperPoints())))
            .orElse("–");
    String items =
        suite.asked() < suite.available()
            ? "%s of %s".formatted(Figures.count(suite.items()), Figures.count(suite.available()))
            : Figures.count(suite.items());
    String verdict =
        switch (suite.finding()) {
          case INVALID, UNINFORMATIVE -> suite.finding().name();
          case PASS, FAIL, INCONCLUSIVE ->
              "%s%s".formatted(suite.verdict(), suite.proven() ? ", proven" : "");
        };
    return "| %s | %s | %s | %s | %s | %s | %d / %d | %s |\n"
        .formatted(
            Markdown.text(suite.suite(), 80),
            items,
            judged ? Figures.percent(suite.baseline().score()) : "–",
            judged ? Figures.percent(suite.candidate().score()) : "–",
            judged ? Figures.points(suite.deltaPoints()) : "–",
            bounds,
            suite.losses(),
            suite.gains(),
            verdict);
  }

  private static void ungraded(StringBuilder text, SuiteComparison suite) {
    int missing = suite.asked() - suite.items();
    suite
        .withFaults()
        .ifPresent(evidence ->
            text.append(
                "\n%s: %d of %d items without a grade; with %s counted against the candidate the delta is %s.\n"
                    .formatted(
                        Markdown.text(suite.suite(), 80),
                        missing,
                        suite.asked(),
                        missing == 1 ? "it" : "them",
                        Figures.points(evidence.difference().deltaPoints()))));
  }

  private static void losses(StringBuilder text, ReportSource source) {
    List<Flip> losses =
        source.comparison().flips().stream().filter(flip -> flip.kind() == Flip.Kind.LOSS).toList();
    if (losses.isEmpty()) {
      return;
    }
    List<Flip> shown = losses.stream().limit(LOSSES_SHOWN).toList();
    Map<String, Map<String, Pair>> pairs = new HashMap<>();
    source.comparison().suites().stream()
        .filter(suite -> shown.stream().anyMatch(flip -> flip.suite().equals(suite.suite())))
        .forEach(suite -> pairs.put(suite.suite(), source.pairsById(suite)));
    String listed =
        shown.stream()
            .map(flip ->
                "- %s %s%s%s\n"
                    .formatted(
                        Markdown.text(flip.suite(), 80),
                        Markdown.text(flip.id(), 120),
                        flip.nearTie() ? " (near tie)" : "",
                        Optional.ofNullable(
                                pairs.getOrDefault(flip.suite(), Map.of()).get(flip.id()))
                            .flatMap(ChangeLine::firstOther)
                            .map(", first other token %s"::formatted)
                            .orElse("")))
            .collect(Collectors.joining());
    text.append(
        "\n<details><summary>%s lost</summary>\n\n%s%s\n</details>\n"
            .formatted(
                losses.size() == 1 ? "1 item" : "%s items".formatted(Figures.count(losses.size())),
                listed,
                losses.size() > LOSSES_SHOWN
                    ? "- and %s more\n".formatted(Figures.count(losses.size() - LOSSES_SHOWN))
                    : ""));
  }

  private static void notes(StringBuilder text, List<String> notes) {
    if (!notes.isEmpty()) {
      text.append('\n');
      notes.stream()
          .limit(NOTES_SHOWN)
          .forEach(note -> text.append("- %s\n".formatted(Markdown.text(note, MOST_LINE))));
    }
  }
}
