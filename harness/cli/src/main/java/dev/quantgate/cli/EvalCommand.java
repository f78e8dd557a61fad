package dev.quantgate.cli;

import dev.quantgate.evaluation.EvalRequest;
import dev.quantgate.evaluation.Evaluation;
import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.reports.TerminalReport;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** One model's scores, for a later {@code compare}. */
@Command(
    name = "eval",
    description = "Asks one model; compare takes the result.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class EvalCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();
  @Mixin DryRun dryRun = new DryRun();
  @Mixin Rehash rehash = new Rehash();

  @Override
  public Integer call() throws Exception {
    Settings settings = SettingFlags.resolve(spec);
    EvalRequest request = settings.evalRequest();
    var quantGate = new QuantGate();
    IdleFlags.refuse(spec, quantGate, request.plan());
    if (dryRun.wanted) {
      return DryRun.print(spec, settings, request.plan());
    }
    EngineCheck.check(spec, settings, common.quiet);
    rehash.apply(quantGate, List.of(request.model()));
    try (var progress = new TerminalProgress(common.quiet)) {
      Evaluation evaluation =
          Interruption.guard(() -> quantGate.eval(request, progress.listener()));
      progress.close();
      spec.commandLine().getOut().print(TerminalReport.render(evaluation));
      return evaluation.exitCode();
    }
  }
}
