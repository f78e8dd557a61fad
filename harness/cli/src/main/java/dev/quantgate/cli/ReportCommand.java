package dev.quantgate.cli;

import dev.quantgate.base.FolderTree;
import dev.quantgate.base.PlainText;
import dev.quantgate.reports.ReportFormat;
import dev.quantgate.reports.ReportFormats;
import dev.quantgate.reports.ReportSource;
import dev.quantgate.reports.allure.AllureFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A finished result, told again. */
@Command(
    name = "report",
    description = "Renders a finished comparison again, whatever it was rendered as before.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Example:",
      "  quantgate report release-42 --format html,markdown --out site",
      "The exit code says whether the reports were written; run and compare give the",
      "verdict's."
    })
final class ReportCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();
  @Mixin AllureOptions allure = new AllureOptions();

  @Parameters(index = "0", paramLabel = "DIR", description = "folder with comparison.json")
  Path result = Path.of("");

  @Option(
      names = "--format",
      paramLabel = "FORMATS",
      split = ",",
      completionCandidates = Ids.class,
      description = "${COMPLETION-CANDIDATES}, separated by commas (default: all)")
  List<String> formats = new ArrayList<>();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "where the reports go (default: the folder report of the result)")
  @Nullable Path out;

  /** The formats of this installation. */
  static final class Ids implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return ids().iterator();
    }
  }

  private static List<String> ids() {
    return ReportFormats.all().stream().map(ReportFormat::id).toList();
  }

  @Override
  public Integer call() {
    List<ReportFormat> wanted =
        formats.isEmpty() ? ReportFormats.all() : formats.stream().map(this::format).toList();
    ReportSource source = ReportSource.open(result);
    source
        .warnings()
        .forEach(line -> spec.commandLine().getErr().println("quantgate: %s".formatted(line)));
    Path folder = out == null ? ReportFiles.folder(source.folder().path()) : out;
    if (out == null) {
      FolderTree.requireNoLink(source.folder().path(), folder);
    }
    ReportFiles.write(source, wanted.stream().filter(this::isPlain).toList(), folder);
    if (allure.said()) {
      for (Path page : allure.write(source, folder)) {
        spec.commandLine().getOut().printf("Allure report: %s%n", page);
      }
    }
    if (!common.quiet) {
      spec.commandLine().getOut().printf("%s: %s%n", folder, String.join(", ", written(wanted)));
    }
    return 0;
  }

  /** What was asked for, and Allure's results where one of its options was. */
  private List<String> written(List<ReportFormat> wanted) {
    List<String> ids = new ArrayList<>(wanted.stream().map(ReportFormat::id).toList());
    if (allure.said() && wanted.stream().noneMatch(AllureFormat.class::isInstance)) {
      ids.add(new AllureFormat().id());
    }
    return ids;
  }

  /** Whether the options of Allure leave a format as it is; where they do not, they write it. */
  private boolean isPlain(ReportFormat format) {
    return !allure.said() || !(format instanceof AllureFormat);
  }

  private ReportFormat format(String id) {
    return ReportFormats.find(id.strip())
        .orElseThrow(() ->
            new ParameterException(
                spec.commandLine(),
                "--format: expected %s, found %s"
                    .formatted(String.join(", ", ids()), PlainText.quoted(id, 60))));
  }
}
