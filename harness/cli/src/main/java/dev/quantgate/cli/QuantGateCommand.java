package dev.quantgate.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The root of the commands. */
@Command(
    name = "quantgate",
    description = "Tells whether an int4 model is still the same model as its fp16 baseline.",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:pass, or the command did what it was asked",
      "1:the candidate lost accuracy",
      "2:invalid input, or it could not run",
      "3:inconclusive, under --on-inconclusive report"
    },
    footer = {"", "quantgate COMMAND --help says more. First time: quantgate demo"},
    subcommands = {
      DemoCommand.class,
      RunCommand.class,
      EvalCommand.class,
      CompareCommand.class,
      ReportCommand.class,
      ViewCommand.class,
      QuantizeCommand.class,
      QualityCommand.class,
      BenchCommand.class,
      SuitesCommand.class,
      DataCommand.class,
      SandboxCommand.class,
      ShowCommand.class,
      PlanCommand.class,
      VerifyCommand.class,
      DoctorCommand.class,
      AutoComplete.GenerateCompletion.class
    })
final class QuantGateCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    return Failures.withoutCommand(spec);
  }
}
