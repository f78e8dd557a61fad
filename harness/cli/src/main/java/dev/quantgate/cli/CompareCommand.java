package dev.quantgate.cli;

import dev.quantgate.evaluation.CompareRequest;
import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.reports.TerminalReport;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Two finished runs, paired and judged. */
@Command(
    name = "compare",
    description = "Pairs and judges two finished runs.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Writes over nothing: a folder that holds a run or another comparison is",
      "refused."
    })
final class CompareCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();

  @Parameters(index = "0", paramLabel = "RUN_A", description = "run of the baseline")
  Path baseline = Path.of("");

  @Parameters(index = "1", paramLabel = "RUN_B", description = "run of the candidate")
  Path candidate = Path.of("");

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "folder of the comparison; must be given")
  @Nullable Path out;

  @Override
  public Integer call() {
    Path folder = Failures.required(spec, "--out DIR", out);
    CompareRequest request =
        SettingFlags.resolve(spec, Map.of(Setting.OUT, folder.toString()))
            .compareRequest(baseline, candidate);
    Comparison comparison = new QuantGate().compare(request);
    spec.commandLine()
        .getOut()
        .print(TerminalReport.render(comparison, request.out(), Terminal.ink()));
    spec.commandLine().getOut().println(VerifyCommand.said(request.out(), comparison));
    ReportFiles.writeAll(spec, request.out());
    return comparison.exitCode();
  }
}
