package dev.quantgate.cli;

import dev.quantgate.evaluation.settings.ConfigFile;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * What is said for a command's flags besides what is typed: by the environment, then by
 * quantgate.yaml. Flags that are a {@link Setting} are resolved with the other settings; the rest
 * is given to picocli here, as defaults.
 */
final class Configuration implements IDefaultValueProvider {
  static final String FLAG = "--config";
  static final String FILE = "quantgate.yaml";

  /** Names the file where no flag does. */
  static final String VARIABLE = "QUANTGATE_CONFIG";

  /** Variables besides those of flags: for the launcher, the data store and the project's tests. */
  private static final Set<String> OTHERS =
      Set.of(
          VARIABLE,
          "QUANTGATE_JAVA",
          "QUANTGATE_JAVA_OPTS",
          "QUANTGATE_CACHE",
          "QUANTGATE_CONTAINER_ENGINE",
          "QUANTGATE_STDERR",
          "QUANTGATE_LAUNCHER",
          "QUANTGATE_LOST",
          "QUANTGATE_REQUIRE_DATA",
          "QUANTGATE_REQUIRE_DOCKER",
          "QUANTGATE_TEST_ALLURE3");

  private final ParseResult typed;
  private final ConfigFile file;

  private Configuration(ParseResult typed, ConfigFile file) {
    this.typed = typed;
    this.file = file;
  }

  /** Whether a command that was parsed is to run with what a configuration says. */
  static boolean isTakenBy(CommandLine command) {
    return command.getCommandSpec().findOption(FLAG) != null
        && !command.isUsageHelpRequested()
        && !command.isVersionHelpRequested();
  }

  /** Reads what is said for the command that was typed. */
  static Configuration read(CommandLine root, ParseResult parsed) {
    ParseResult typed = parsed;
    while (typed.hasSubcommand()) {
      typed = typed.subcommand();
    }
    String named = System.getenv().getOrDefault(VARIABLE, "").strip();
    Path file = typed.matchedOptionValue(FLAG, named.isEmpty() ? Path.of(FILE) : Path.of(named));
    if (!typed.hasMatchedOption(FLAG) && named.isEmpty() && !Files.exists(file)) {
      return new Configuration(typed, ConfigFile.NONE);
    }
    Map<String, Set<String>> flags = new TreeMap<>();
    root.getSubcommands().forEach((name, command) -> flags.put(name, flags(command)));
    String command = parsed.subcommand().commandSpec().name();
    return new Configuration(typed, ConfigFile.read(file, flags, command));
  }

  /** The one that a command runs with. */
  static Configuration of(CommandSpec command) {
    return (Configuration) command.commandLine().getDefaultValueProvider();
  }

  /** Whether a flag was typed, or is said by the environment or the file. */
  static boolean isSaid(CommandSpec command, String flag) {
    OptionSpec option = command.findOption(flag);
    return option != null
        && (command.commandLine().getParseResult().hasMatchedOption(option)
            || of(command).defaultValue(option) != null);
  }

  ConfigFile file() {
    return file;
  }

  /** Parses again, with what is said here where nothing is typed. */
  ParseResult apply(CommandLine root, String... arguments) {
    root.setDefaultValueProvider(this);
    try {
      return root.parseArgs(arguments);
    } catch (ParameterException e) {
      // What is typed was right before.
      throw new ParameterException(
          e.getCommandLine(), "quantgate.yaml or the environment: %s".formatted(e.getMessage()), e);
    }
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)
        || option.command() != typed.commandSpec()
        || !isKey(option)
        || hasTypedRival(option)) {
      return null;
    }
    String key = key(option);
    String value = isSetting(key) ? null : System.getenv(variable(key));
    return value == null || value.isBlank() ? file.flags().get(key) : value.strip();
  }

  /** Whether another flag that excludes this one was typed. */
  private boolean hasTypedRival(OptionSpec option) {
    return option.group() != null
        && option.group().exclusive()
        && option.group().args().stream()
            .anyMatch(other -> other instanceof OptionSpec rival && typed.hasMatchedOption(rival));
  }

  private static Set<String> flags(CommandLine command) {
    Set<String> flags = new TreeSet<>();
    for (OptionSpec option : command.getCommandSpec().options()) {
      if (isKey(option)) {
        flags.add(key(option));
      }
    }
    command.getSubcommands().values().forEach(each -> flags.addAll(flags(each)));
    return flags;
  }

  private static boolean isKey(OptionSpec option) {
    return !option.usageHelp() && !option.versionHelp() && !option.longestName().equals(FLAG);
  }

  /** Variables besides those of flags. */
  static Set<String> otherVariables() {
    return OTHERS;
  }

  /** Refuses variables of the environment that look like this program's and that nothing reads. */
  static void requireKnownVariables(CommandLine root) {
    Set<String> known = new TreeSet<>(OTHERS);
    flags(root).forEach(key -> known.add(variable(key)));
    Settings.requireKnownVariables(System.getenv().keySet(), known);
  }

  private static String variable(String key) {
    return "QUANTGATE_%s".formatted(key.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  private static String key(OptionSpec option) {
    return option.longestName().substring("--".length());
  }

  private static boolean isSetting(String key) {
    for (Setting setting : Setting.values()) {
      if (setting.key().equals(key)) {
        return true;
      }
    }
    return false;
  }
}
