package dev.quantgate.cli;

import dev.quantgate.evaluation.settings.Setting;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import picocli.CommandLine;

/** The program's entry: arguments in, exit code out. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    StandardError.restore();
    // UTF-8 whatever the locale says: the Chinese suites are printed too.
    var out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    var err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    System.setOut(out);
    System.setErr(err);
    CommandLine command =
        commandLine()
            .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
            .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    int exitCode = command.execute(arguments);
    command.getOut().flush();
    command.getErr().flush();
    System.exit(exitCode);
  }

  static CommandLine commandLine() {
    var command = new CommandLine(new QuantGateCommand());
    addSettings(command, "run", SettingFlags.allBut(Setting.MODEL));
    addSettings(
        command,
        "eval",
        SettingFlags.allBut(
            Setting.BASELINE, Setting.CANDIDATE, Setting.MARGIN, Setting.ON_INCONCLUSIVE));
    addSettings(command, "compare", SettingFlags.union(Set.of(Setting.OUT), SettingFlags.JUDGING));
    addSettings(
        command,
        "quantize",
        SettingFlags.union(Set.of(Setting.MODEL, Setting.OUT), SettingFlags.ENGINE));
    addSettings(command, "quality", SettingFlags.ENGINE);
    addSettings(
        command,
        "bench",
        SettingFlags.union(
            Set.of(Setting.MODEL, Setting.DATA), SettingFlags.ENGINE, SettingFlags.SANDBOX));
    addSettings(subcommand(command, "sandbox"), "check", Set.of(Setting.SANDBOX));
    return command
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setUsageHelpLongOptionsMaxWidth(28)
        .setParameterExceptionHandler(Failures::onBadArguments)
        .setExecutionExceptionHandler(Failures::onFailure);
  }

  private static void addSettings(CommandLine parent, String name, Set<Setting> settings) {
    SettingFlags.add(subcommand(parent, name).getCommandSpec(), settings);
  }

  private static CommandLine subcommand(CommandLine parent, String name) {
    return Objects.requireNonNull(parent.getSubcommands().get(name), name);
  }
}
