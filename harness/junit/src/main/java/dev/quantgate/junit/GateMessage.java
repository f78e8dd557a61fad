package dev.quantgate.junit;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.reports.ChangeLine;
import dev.quantgate.reports.Figures;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** What a red gate says. */
final class GateMessage {
  /** Flips named in a message; the reports have them all. */
  private static final int FLIPS_SHOWN = 10;

  private GateMessage() {}

  /** Why a suite is red. */
  static String of(Comparison comparison, SuiteComparison suite, Path folder) {
    return """
    %s: %s
    %s
    %s\
    Full report: %s\
    """
        .formatted(
            suite.suite(),
            suite.reason(),
            figures(suite),
            losses(comparison, suite),
            folder.resolve("report"));
  }

  /** Why the whole is red. */
  static String of(Comparison comparison, Path folder) {
    return "%s: %s\nFull report: %s"
        .formatted(comparison.verdict(), comparison.reason(), folder.resolve("report"));
  }

  /** Scores, delta, and what changed. */
  static String figures(SuiteComparison suite) {
    return suite.items() == 0
        ? "no item was judged"
        : "baseline %s, candidate %s, delta %s points in %s items: %s, %s"
            .formatted(
                Figures.percent(suite.baseline().score()),
                Figures.percent(suite.candidate().score()),
                Figures.points(suite.deltaPoints()),
                Figures.count(suite.items()),
                counted(suite.losses(), "loss", "losses"),
                counted(suite.gains(), "gain", "gains"));
  }

  /** The losses, one on each line; nothing where there are none. */
  static String losses(Comparison comparison, SuiteComparison suite) {
    List<Flip> losses =
        comparison.flipsOf(suite.suite()).stream()
            .filter(flip -> flip.kind() == Flip.Kind.LOSS)
            .toList();
    String shown =
        losses.stream()
            .limit(FLIPS_SHOWN)
            .map(flip -> "  lost %s\n".formatted(ChangeLine.of(flip)))
            .collect(Collectors.joining());
    return losses.size() <= FLIPS_SHOWN
        ? shown
        : "%s  and %s more\n".formatted(shown, Figures.count(losses.size() - FLIPS_SHOWN));
  }

  private static String counted(int count, String one, String many) {
    return "%s %s".formatted(Figures.count(count), count == 1 ? one : many);
  }
}
