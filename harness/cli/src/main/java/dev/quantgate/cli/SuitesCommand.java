package dev.quantgate.cli;

import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteItems;
import dev.quantgate.evaluation.suite.Suites;
import dev.quantgate.evaluation.suite.file.FileSuite;
import dev.quantgate.reports.TextTable;
import dev.quantgate.reports.TextTable.Align;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What can be asked: suites and the protocols of each, or what a user's own files describe. */
@Command(
    name = "suites",
    description = "Lists suites and their protocols; checks a suite of your own.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Each suite's first protocol is its default; another is chosen by",
      "--protocol SUITE=VARIANT. A suite of your own is a YAML file beside JSON Lines:",
      "quantgate suites my-suite.yaml checks it, --suites my-suite.yaml asks it."
    })
final class SuitesCommand implements Callable<Integer> {
  private static final String INDENT = "  ";

  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "SUITE",
      arity = "0..*",
      description = "suites by name, or files that are read and checked; by default all suites")
  List<String> names = new ArrayList<>();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<Suite<?>> suites =
        names.isEmpty()
            ? Suites.all()
            : Failures.checked(spec, () -> names.stream().<Suite<?>>map(Suites::find).toList());
    for (int i = 0; i < suites.size(); i++) {
      Suite<?> suite = suites.get(i);
      out.printf("%s%s%n", i == 0 ? "" : System.lineSeparator(), suite.name());
      out.println(TextTable.wrapped(INDENT, INDENT, suite.description()));
      if (i < names.size() && FileSuite.isFile(names.get(i))) {
        SuiteItems<?> items = suite.load(DataOptions.standard());
        out.printf(
            "%s%,d items, sha256 %s%n", INDENT, items.items().size(), items.origin().sha256());
      }
      var protocols = new TextTable(INDENT, Align.LEFT, Align.WORDS);
      boolean first = true;
      for (Suite.Variant variant : suite.protocols()) {
        protocols.row("%s %s".formatted(first ? "*" : " ", variant.name()), variant.description());
        first = false;
      }
      out.print(protocols.render());
    }
    out.println();
    out.println("* the default protocol");
    return 0;
  }
}
