package dev.quantgate.cli;

import dev.quantgate.evaluation.CompareRequest;
import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.reports.TerminalReport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Two finished runs, paired and judged. */
@Command(
    name = "compare",
    description = "Pairs and judges two finished runs.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CompareCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();

  @Parameters(index = "0", paramLabel = "RUN_A", description = "run of the baseline")
  Path baseline = Path.of("");

  @Parameters(index = "1", paramLabel = "RUN_B", description = "run of the candidate")
  Path candidate = Path.of("");

  @Override
  public Integer call() {
    CompareRequest request =
        SettingFlags.resolve(spec.commandLine().getParseResult())
            .compareRequest(baseline, candidate);
    Comparison comparison = new QuantGate().compare(request);
    spec.commandLine().getOut().print(TerminalReport.render(comparison, request.out()));
    return comparison.exitCode();
  }
}
