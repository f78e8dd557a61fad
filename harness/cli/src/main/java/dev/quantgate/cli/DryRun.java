package dev.quantgate.cli;

import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.QuantGate.PlannedSuite;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.reports.Figures;
import dev.quantgate.reports.TextTable;
import dev.quantgate.reports.TextTable.Align;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Says what would be done, and who said so, in place of doing it. */
final class DryRun {
  @Option(
      names = "--dry-run",
      description = "print each setting with its place, and what would be asked; do nothing")
  boolean wanted;

  /** Reads the suites' data and prints what is resolved. */
  static int print(CommandSpec command, Settings settings, RunPlan plan) {
    var said = new TextTable(Align.LEFT, Align.LEFT, Align.WORDS);
    said.row("setting", "from", "value").rule();
    settings
        .resolved()
        .forEach(each ->
            said.row(
                each.setting().key(), each.place(), each.text().isEmpty() ? "-" : each.text()));
    var asked = new TextTable(Align.LEFT, Align.LEFT, Align.RIGHT, Align.RIGHT, Align.WORDS);
    asked.row("suite", "protocol", "items", "of", "data").rule();
    for (PlannedSuite suite : new QuantGate().plan(plan)) {
      asked.row(
          suite.suite(),
          suite.protocol(),
          Figures.count(suite.items()),
          Figures.count(suite.available()),
          suite.file());
    }
    var out = command.commandLine().getOut();
    out.println(said.render());
    out.print(asked.render());
    return 0;
  }

  /** Prints which finished run of the baseline would be taken, if one is. */
  static void printBaseline(CommandSpec command, Optional<String> reused) {
    command
        .commandLine()
        .getOut()
        .printf(
            "baseline: %s%n",
            reused.map("would be reused, %s"::formatted).orElse("would be asked"));
  }
}
