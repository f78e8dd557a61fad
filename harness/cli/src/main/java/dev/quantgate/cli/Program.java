package dev.quantgate.cli;

import dev.quantgate.evaluation.settings.Setting;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;

/** The commands and their flags, and what a call of one of them ends with. */
final class Program {
  private Program() {}

  static int run(String[] arguments) {
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
    int exitCode = execute(command, arguments);
    command.getOut().flush();
    command.getErr().flush();
    Interruption.told();
    return exitCode;
  }

  /**
   * Parses, fills in what quantgate.yaml and the environment say, runs. Whatever is thrown becomes
   * a line for people and exit code 2; picocli's own {@code execute} would let an {@link Error}
   * through.
   */
  static int execute(CommandLine command, String... arguments) {
    CommandLine called = command;
    try {
      ParseResult parsed = command.parseArgs(arguments);
      called = parsed.asCommandLineList().getLast();
      if (Configuration.isTakenBy(called)) {
        Configuration.requireKnownVariables(command);
        parsed = Configuration.read(command, parsed).apply(command, arguments);
      }
      return new RunLast().execute(parsed);
    } catch (ParameterException e) {
      return Failures.onBadArguments(e);
    } catch (ExecutionException e) {
      return Failures.onFailure(Objects.requireNonNullElse(e.getCause(), e), called);
    } catch (Throwable e) {
      return Failures.onFailure(e, called);
    }
  }

  static CommandLine commandLine() {
    var command = new CommandLine(new QuantGateCommand());
    add(
        command,
        "demo",
        SettingFlags.union(Set.of(Setting.LIMIT, Setting.SANDBOX), SettingFlags.ENGINE));
    add(command, "run", SettingFlags.allBut(Setting.MODEL));
    add(command, "eval", SettingFlags.ofOneModel());
    add(command, "compare", SettingFlags.JUDGING);
    List.of("report", "view", "show", "plan").forEach(name -> add(command, name, Set.of()));
    add(command, "verify", Set.of(Setting.DATA, Setting.SUITES));
    add(command, "quantize", SettingFlags.union(Set.of(Setting.MODEL), SettingFlags.ENGINE));
    add(
        command,
        "quality",
        Set.of(Setting.ENGINE, Setting.THREADS, Setting.DEVICE, Setting.GPU_MEMORY));
    add(
        command,
        "bench",
        SettingFlags.union(
            Set.of(
                Setting.MODEL,
                Setting.DATA,
                Setting.ENGINE,
                Setting.THREADS,
                Setting.MEMORY,
                Setting.DEVICE,
                Setting.GPU_MEMORY),
            SettingFlags.SANDBOX));
    CommandLine data = subcommand(command, "data");
    add(data, "fetch", Set.of());
    add(data, "verify", Set.of(Setting.DATA, Setting.ACCEPT_DATA));
    CommandLine sandbox = subcommand(command, "sandbox");
    add(sandbox, "check", Set.of(Setting.SANDBOX));
    add(sandbox, "build", Set.of());
    return command
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExpandAtFiles(false)
        .setUsageHelpAutoWidth(true)
        .setUsageHelpLongOptionsMaxWidth(28);
  }

  private static void add(CommandLine parent, String name, Set<Setting> settings) {
    SettingFlags.add(subcommand(parent, name).getCommandSpec(), settings);
  }

  private static CommandLine subcommand(CommandLine parent, String name) {
    return Objects.requireNonNull(parent.getSubcommands().get(name), name);
  }
}
