package dev.quantgate.cli;

import dev.quantgate.base.PlainText;
import dev.quantgate.benchmarks.Catalogue;
import dev.quantgate.benchmarks.DataSet;
import dev.quantgate.benchmarks.DataStore;
import dev.quantgate.benchmarks.FetchOptions;
import dev.quantgate.benchmarks.Verification;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.reports.Figures;
import dev.quantgate.reports.TextTable;
import dev.quantgate.reports.TextTable.Align;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The official data sets: what there is, bringing it, checking it. */
@Command(
    name = "data",
    description = "Lists, fetches and verifies the official data sets.",
    mixinStandardHelpOptions = true,
    subcommands = {DataCommand.ListSets.class, DataCommand.Fetch.class, DataCommand.Verify.class})
final class DataCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    return Failures.withoutCommand(spec);
  }

  /** What the catalogue has. */
  @Command(
      name = "list",
      description = "What there is, and what is here.",
      mixinStandardHelpOptions = true)
  static final class ListSets implements Callable<Integer> {
    @Spec CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
      DataStore store = DataStore.standard();
      var table = new TextTable(Align.LEFT, Align.LEFT, Align.LEFT, Align.WORDS);
      table.row("set", "suites", "here", "licence").rule();
      for (DataSet set : Catalogue.sets()) {
        table.row(
            set.name(),
            String.join(", ", set.suites()),
            store.find(set).map(file -> inside(store, file)).orElse("no"),
            set.licence());
      }
      PrintWriter out = spec.commandLine().getOut();
      out.print(table.render());
      out.println("Store: %s".formatted(PlainText.line(store.folder().toString())));
      if (Catalogue.sets().stream().anyMatch(set -> store.find(set).isEmpty())) {
        out.println("To bring what is not here: quantgate data fetch");
      }
      return 0;
    }

    /** A file of the store, as it is called there. */
    private static String inside(DataStore store, Path file) {
      return file.startsWith(store.folder())
          ? store.folder().relativize(file).toString()
          : file.toString();
    }
  }

  /** Brings data sets into the store. */
  @Command(
      name = "fetch",
      description = "Brings data sets into the store.",
      mixinStandardHelpOptions = true)
  static final class Fetch implements Callable<Integer> {
    @Spec CommandSpec spec = CommandSpec.create();
    @Mixin Common common = new Common();

    @Parameters(arity = "0..*", paramLabel = "SET", description = "sets; all where none is named")
    List<String> sets = List.of();

    @Option(
        names = "--from",
        paramLabel = "PATH",
        description = "a local file, or a folder that holds it")
    @Nullable Path from;

    @Option(
        names = "--mirror",
        paramLabel = "ADDRESS",
        description = "base address in place of the published ones")
    @Nullable URI mirror;

    @Option(names = "--offline", description = "do not use the network")
    boolean offline;

    @Override
    public Integer call() throws Exception {
      if (from != null) {
        Failures.refuseTyped(
            spec, "is for the network, and --from names local files", List.of("--mirror"));
      }
      if (offline) {
        Failures.refuseTyped(
            spec, "is for the network, and --offline keeps away from it", List.of("--mirror"));
      }
      var options =
          new FetchOptions(Optional.ofNullable(from), Optional.ofNullable(mirror), offline);
      List<DataSet> wanted =
          sets.isEmpty() ? Catalogue.sets() : sets.stream().map(Catalogue::set).toList();
      try (var progress = new TerminalProgress(common.quiet)) {
        for (DataSet set : wanted) {
          boolean[] begun = new boolean[1];
          Path path =
              Interruption.guard(() ->
                  DataStore.standard()
                      .fetch(
                          set,
                          options,
                          (file, done, total) -> {
                            if (!begun[0]) {
                              progress.begin(file, total, done);
                              begun[0] = true;
                            }
                            progress.advance(done, total);
                          }));
          progress.close();
          spec.commandLine()
              .getOut()
              .println("%s: %s".formatted(set.name(), PlainText.line(path.toString())));
        }
      }
      return 0;
    }
  }

  /** Checks what is there. */
  @Command(
      name = "verify",
      description = "Checks the data that is here, in the store or in --data.",
      mixinStandardHelpOptions = true,
      footer = {
        "",
        "Exits 2 where there is none, where some is damaged, or where some is not",
        "catalogued and --accept-data is not given."
      })
  static final class Verify implements Callable<Integer> {
    @Spec CommandSpec spec = CommandSpec.create();

    @Mixin Common common = new Common();

    @Override
    public Integer call() {
      Settings settings = SettingFlags.resolve(spec);
      boolean acceptsCustom = settings.acceptData();
      var table = new TextTable(Align.LEFT, Align.LEFT, Align.RIGHT, Align.WORDS);
      table.row("suite", "status", "items", "what").rule();
      boolean refused = false;
      boolean any = false;
      for (Verification found : DataStore.standard().verify(settings.data())) {
        refused |=
            switch (found.status()) {
              case DAMAGED -> true;
              case CUSTOM -> !acceptsCustom;
              case OFFICIAL, MISSING -> false;
            };
        any |= found.status() != Verification.Status.MISSING;
        table.row(
            found.suite(), found.status().name(), Figures.count(found.items()), found.message());
      }
      spec.commandLine().getOut().print(table.render());
      return refused || !any ? Failures.COULD_NOT_RUN : 0;
    }
  }
}
