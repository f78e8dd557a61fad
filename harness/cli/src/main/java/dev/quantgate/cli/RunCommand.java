package dev.quantgate.cli;

import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.RunRequest;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.reports.PlanReport;
import dev.quantgate.reports.TerminalReport;
import dev.quantgate.reports.TextTable;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The main job: both models, the suites, the gate. */
@Command(
    name = "run",
    description = "Asks two models the same questions and gates the difference.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Example:",
      "  quantgate run --baseline model-fp16 --candidate model-int4 \\",
      "    --suites humaneval,cmnli,ceval --data benchmark-files --out release-42",
      "An interrupted run is continued by the same command."
    })
final class RunCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();
  @Mixin DryRun dryRun = new DryRun();
  @Mixin Rehash rehash = new Rehash();

  @Override
  public Integer call() throws Exception {
    Settings settings = SettingFlags.resolve(spec);
    RunRequest request = settings.runRequest();
    var quantGate = new QuantGate();
    IdleFlags.refuse(spec, quantGate, request.plan());
    if (dryRun.wanted) {
      DryRun.print(spec, settings, request.plan());
      quantGate
          .prospects(request)
          .forEach(each ->
              spec.commandLine()
                  .getOut()
                  .println(TextTable.wrapped("", "  ", PlanReport.render(each))));
      DryRun.printBaseline(spec, quantGate.reusable(request));
      return 0;
    }
    EngineCheck.check(spec, settings, common.quiet);
    rehash.apply(quantGate, List.of(request.baseline(), request.candidate()));
    try (var progress = new TerminalProgress(common.quiet)) {
      quantGate
          .prospects(request)
          .forEach(each -> progress.listener().on(new Progress.Note(PlanReport.render(each))));
      Comparison comparison = Interruption.guard(() -> quantGate.run(request, progress.listener()));
      progress.close();
      spec.commandLine()
          .getOut()
          .print(TerminalReport.render(comparison, request.out(), Terminal.ink()));
      spec.commandLine().getOut().println(VerifyCommand.said(request.out(), comparison));
      ReportFiles.writeAll(spec, request.out());
      return comparison.exitCode();
    }
  }
}
