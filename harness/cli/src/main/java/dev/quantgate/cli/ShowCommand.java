package dev.quantgate.cli;

import dev.quantgate.base.Nearest;
import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.reports.ChangeLine;
import dev.quantgate.reports.Ink;
import dev.quantgate.reports.ItemReport;
import dev.quantgate.reports.ItemView;
import dev.quantgate.reports.ReportSource;
import dev.quantgate.reports.TextTable;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What changed in a finished comparison: a list, or one item with both answers. */
@Command(
    name = "show",
    description = "Shows what changed: a list of items, or one with both answers side by side.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  quantgate show release-42              what was lost and gained",
      "  quantgate show release-42 --losses     what was lost",
      "  quantgate show release-42 HumanEval/12 prompt, both answers, test and outcome"
    })
final class ShowCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();

  @Parameters(index = "0", paramLabel = "DIR", description = "folder of a comparison")
  Path folder = Path.of("");

  @Parameters(index = "1", arity = "0..1", paramLabel = "ITEM", description = "id of an item")
  @Nullable String item;

  @ArgGroup Kinds kinds = new Kinds();

  /** Which items are listed. */
  static final class Kinds {
    @Option(names = "--flips", description = "list what was lost or gained (the default)")
    boolean flips;

    @Option(names = "--losses", description = "list what was lost")
    boolean losses;

    @Option(names = "--changed", description = "list every item that was answered otherwise")
    boolean changed;

    boolean has(Pair.Kind kind) {
      return switch (kind) {
        case LOSS -> true;
        case GAIN -> !losses;
        case CHURN -> changed;
        case SAME, UNGRADED -> false;
      };
    }
  }

  @Override
  public Integer call() {
    if (item != null) {
      Failures.refuseTyped(
          spec,
          "is for the list of items, and one item is named",
          List.of("--flips", "--losses", "--changed"));
    }
    ReportSource source = ReportSource.open(folder);
    source
        .warnings()
        .forEach(line ->
            spec.commandLine().getErr().println("Note: %s".formatted(PlainText.line(line))));
    PrintWriter out = spec.commandLine().getOut();
    String id = item;
    if (id == null) {
      list(source, out);
    } else {
      one(source, id, out);
    }
    out.flush();
    return 0;
  }

  private void list(ReportSource source, PrintWriter out) {
    Ink ink = Terminal.ink();
    for (SuiteComparison suite : source.comparison().suites()) {
      out.println(
          "%s: lost %d, gained %d, %s"
              .formatted(
                  ink.heading(suite.suite()),
                  suite.losses(),
                  suite.gains(),
                  suite.changed().isPresent()
                      ? "%d other answers worth the same".formatted(suite.changed().getAsInt())
                      : "other changes not counted"));
      for (Pair pair : source.pairs(suite).pairs()) {
        if (kinds.has(pair.kind())) {
          String line = TextTable.wrapped("  . ", "    ", ChangeLine.of(pair));
          out.println("  %s%s".formatted(mark(pair.kind(), ink), line.substring("  .".length())));
        }
      }
    }
  }

  private static String mark(Pair.Kind kind, Ink ink) {
    return switch (kind) {
      case LOSS -> ink.bad("-");
      case GAIN -> ink.good("+");
      case CHURN, SAME, UNGRADED -> ink.unsure("~");
    };
  }

  private void one(ReportSource source, String id, PrintWriter out) {
    List<String> known = new ArrayList<>();
    boolean found = false;
    for (SuiteComparison suite : source.comparison().suites()) {
      for (ItemView view : source.items(suite)) {
        known.add(view.id());
        if (view.id().equals(id)) {
          out.print(found ? "\n" : "");
          out.print(ItemReport.render(view, Terminal.ink(), Terminal.width()));
          found = true;
        }
      }
    }
    if (!found) {
      throw new ParameterException(
          spec.commandLine(),
          "%s has no item %s%s; quantgate show %s --changed lists items"
              .formatted(folder, id, Nearest.hint(id, known), folder));
    }
  }
}
