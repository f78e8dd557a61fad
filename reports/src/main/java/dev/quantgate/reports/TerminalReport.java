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
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What an engineer reads in a terminal. */
public final class TerminalReport {
  /** Flips listed for each suite; comparison.json has them all. */
  private static final int FLIPS_SHOWN = 8;

  private static final String INDENT = "  ";
  private static final String DEEPER = "    ";

  private TerminalReport() {}

  /**
   * A comparison: scores, memory and speed, flips, verdict. No line is wider than {@link
   * TextTable#WIDTH} cells, but for words that are wider by themselves, such as paths.
   *
   * @param folder where comparison.json lies
   */
  public static String render(Comparison comparison, Path folder) {
    return render(comparison, folder, Ink.PLAIN);
  }

  /** The same in colours, where there are some. */
  public static String render(Comparison comparison, Path folder, Ink ink) {
    var text = new StringBuilder();
    var scores = new TextTable(LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, LEFT);
    scores.row("suite", "items", "baseline", "candidate", "delta", "loss/gain", "verdict").rule();
    for (SuiteComparison suite : comparison.suites()) {
      scores.row(
          suite.suite(),
          Figures.count(suite.items()),
          percent(suite, suite.baseline()),
          percent(suite, suite.candidate()),
          suite.items() == 0 ? "-" : Figures.points(suite.deltaPoints()),
          "%d/%d".formatted(suite.losses(), suite.gains()),
          verdict(suite));
    }
    text.append(scores.render());
    comparison
        .suites()
        .forEach(suite -> paragraph(text, INDENT, "%s: %s".formatted(suite.suite(), asked(suite))));
    pooled(text, comparison);
    averages(text, comparison);
    text.append('\n').append(models(List.of(comparison.baseline(), comparison.candidate())));
    flips(text, comparison, ink);
    for (SuiteComparison suite : comparison.suites()) {
      ungraded(text, suite);
    }
    notes(text, comparison.notes());
    text.append('\n');
    verdict(text, comparison, ink);
    text.append("Full report: %s\n".formatted(plain(folder.resolve("comparison.json"))));
    return text.toString();
  }

  /** Appends words from outside, in lines that begin with an indent and go on with a deeper one. */
  private static void paragraph(StringBuilder text, String indent, String words) {
    text.append(TextTable.wrapped(indent, indent + INDENT, PlainText.line(words))).append('\n');
  }

  private static String plain(Object text) {
    return PlainText.line(text.toString());
  }

  /** "protocol base, 100 of 1,346 items, 12 other answers worth the same". */
  private static String asked(SuiteComparison suite) {
    String drawn =
        suite.asked() < suite.available()
            ? ", %s of %s items"
                .formatted(Figures.count(suite.asked()), Figures.count(suite.available()))
            : "";
    String changed =
        suite.changed().isEmpty()
            ? ""
            : ", %s other answer%s worth the same"
                .formatted(
                    Figures.count(suite.changed().getAsInt()),
                    suite.changed().getAsInt() == 1 ? "" : "s");
    return "protocol %s%s%s".formatted(variant(suite.protocol()), drawn, changed);
  }

  private static void ungraded(StringBuilder text, SuiteComparison suite) {
    if (suite.ungraded().isEmpty()) {
      return;
    }
    Ungraded first = suite.ungraded().getFirst();
    int count = suite.ungraded().size();
    text.append('\n');
    paragraph(
        text,
        "",
        "%s: %s without a grade, judged without and with them; the first: %s, %s, %s"
            .formatted(
                suite.suite(),
                count == 1 ? "1 answer" : "%d answers".formatted(count),
                first.id(),
                first.category(),
                first.message()));
  }

  /** "PASS proven", "PASS not proven"; for a suite that says nothing what it is. */
  private static String verdict(SuiteComparison suite) {
    return switch (suite.finding()) {
      case INVALID, UNINFORMATIVE -> suite.finding().name();
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
  private static void verdict(StringBuilder text, Comparison comparison, Ink ink) {
    String headline = headline(comparison);
    text.append(inked(comparison.verdict(), headline, ink));
    String deciding =
        comparison.suites().stream()
            .filter(suite -> suite.verdict() == comparison.verdict())
            .map(suite -> "%s: %s".formatted(suite.suite(), suite.reason()))
            .collect(Collectors.joining("; "));
    if (!comparison.reason().equals(deciding)) {
      String whole =
          TextTable.wrapped("%s: ".formatted(headline), INDENT, plain(comparison.reason()));
      text.append(whole.substring(headline.length()));
    }
    text.append('\n');
    for (SuiteComparison suite : comparison.suites()) {
      paragraph(text, INDENT, "%s: %s".formatted(suite.suite(), suite.reason()));
    }
  }

  /** "PASS (not proven; finding INCONCLUSIVE)"; a verdict that is the finding says it once. */
  private static String headline(Comparison comparison) {
    String verdict = comparison.verdict().name();
    boolean plain = comparison.verdict() == Verdict.INVALID || verdict.equals("INCONCLUSIVE");
    String proven =
        comparison.proven()
            ? " (proven)"
            : plain && comparison.finding().name().equals(verdict)
                ? ""
                : " (not proven; finding %s)".formatted(comparison.finding());
    return "%s%s".formatted(verdict, proven);
  }

  private static String inked(Verdict verdict, String text, Ink ink) {
    return switch (verdict) {
      case PASS -> ink.good(text);
      case FAIL, INVALID -> ink.bad(text);
      case INCONCLUSIVE -> ink.unsure(text);
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
          paragraph(
              text,
              "",
              "%s: %s %s"
                  .formatted(suite.suite(), average.name(), Figures.percent(average.score())));
        }
      }
    }
    text.append('\n').append(models(List.of(evaluation.model())));
    notes(text, evaluation.notes());
    evaluation
        .invalid()
        .ifPresent(reason -> {
          text.append('\n');
          paragraph(text, "", "INVALID: %s".formatted(reason));
        });
    text.append("\nRecords: %s\n".formatted(plain(evaluation.folder())));
    return text.toString();
  }

  /** {@code 3}, or {@code 3 of 10} where each item was answered several times. */
  private static String right(Evaluation.SuiteResult suite) {
    SideScore score = suite.score();
    return score.answers() == suite.items()
        ? Figures.count(score.correct())
        : "%s of %s".formatted(Figures.count(score.correct()), Figures.count(score.answers()));
  }

  private static String percent(SuiteComparison suite, SideScore score) {
    return suite.items() == 0 ? "-" : Figures.percent(score.score());
  }

  private static void averages(StringBuilder text, Comparison comparison) {
    for (SuiteComparison suite : comparison.suites()) {
      for (var average : suite.averages()) {
        if (isHeadline(average.name())) {
          paragraph(
              text,
              INDENT,
              "%s %s: %s and %s, %s"
                  .formatted(
                      suite.suite(),
                      average.name(),
                      Figures.percent(average.baseline()),
                      Figures.percent(average.candidate()),
                      Figures.points(average.deltaPoints())));
        }
      }
    }
  }

  /** Micro is the table's own score, and single subjects are for comparison.json. */
  private static boolean isHeadline(String average) {
    return !average.equals("micro") && !average.equals("pass@1") && !average.startsWith("subject/");
  }

  private static String models(List<ModelSummary> models) {
    var table = new TextTable(LEFT, LEFT, RIGHT, RIGHT, RIGHT, RIGHT);
    table.row("model", "weights", "memory", "with cache", "prompt tok/s", "decode tok/s").rule();
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
              .orElse("-"));
    }
    var text = new StringBuilder(table.render());
    for (ModelSummary model : models) {
      paragraph(text, INDENT, "%s: %s".formatted(model.side(), fromHome(model.reference())));
    }
    return text.toString();
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
        text.append('\n');
        paragraph(text, "", "%s lost %s:".formatted(suite.suite(), Figures.count(losses.size())));
        for (Flip flip : losses.stream().limit(FLIPS_SHOWN).toList()) {
          String line = TextTable.wrapped("  - ", DEEPER, ChangeLine.of(flip));
          text.append("  %s%s\n".formatted(ink.bad("-"), line.substring("  -".length())));
        }
        text.append(losses.size() > FLIPS_SHOWN ? "  %s\n".formatted(more(losses)) : "");
      }
      if (!gains.isEmpty()) {
        String listed =
            gains.stream()
                .limit(FLIPS_SHOWN)
                .map(flip -> "+%s".formatted(plain(flip.id())))
                .collect(Collectors.joining(" "));
        String line =
            TextTable.wrapped(
                "%s gained %s: ".formatted(plain(suite.suite()), Figures.count(gains.size())),
                INDENT,
                gains.size() > FLIPS_SHOWN ? "%s %s".formatted(listed, more(gains)) : listed);
        text.append("\n%s\n".formatted(line.replace(" +", " %s".formatted(ink.good("+")))));
      }
    }
  }

  private static String more(List<Flip> flips) {
    return "and %s more".formatted(Figures.count(flips.size() - FLIPS_SHOWN));
  }

  private static void notes(StringBuilder text, List<String> notes) {
    if (!notes.isEmpty()) {
      text.append('\n');
      notes.forEach(note -> paragraph(text, "", "Note: %s".formatted(note)));
    }
  }

  private static String variant(String protocol) {
    return protocol.substring(protocol.indexOf('/') + 1);
  }
}
