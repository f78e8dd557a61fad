package dev.quantgate.cli;

import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The flags of a command, one for each {@link Setting} it takes, so that flag, environment variable
 * and key of quantgate.yaml are said in one place.
 */
final class SettingFlags {
  static final Set<Setting> JUDGING = EnumSet.of(Setting.MARGIN, Setting.ON_INCONCLUSIVE);
  static final Set<Setting> ENGINE =
      EnumSet.of(Setting.ENGINE, Setting.THREADS, Setting.MEMORY, Setting.MAX_BATCH);
  static final Set<Setting> SANDBOX =
      EnumSet.of(
          Setting.SANDBOX,
          Setting.REQUIRE_SANDBOX,
          Setting.CHECKER,
          Setting.WORKERS,
          Setting.TIME_LIMIT,
          Setting.CPU_LIMIT,
          Setting.MEMORY_LIMIT,
          Setting.PROCESS_LIMIT,
          Setting.FILE_LIMIT,
          Setting.OUTPUT_LIMIT,
          Setting.FRAME_LIMIT,
          Setting.SLOW_DOWN_LIMIT);

  private SettingFlags() {}

  static Set<Setting> allBut(Setting... left) {
    EnumSet<Setting> all = EnumSet.allOf(Setting.class);
    Arrays.asList(left).forEach(all::remove);
    return all;
  }

  @SafeVarargs
  static Set<Setting> union(Set<Setting>... sets) {
    EnumSet<Setting> all = EnumSet.noneOf(Setting.class);
    for (Set<Setting> set : sets) {
      all.addAll(set);
    }
    return all;
  }

  /** Adds a flag for each setting, and {@code --config}. */
  static void add(CommandSpec spec, Set<Setting> settings) {
    for (Setting setting : Setting.values()) {
      if (settings.contains(setting)) {
        spec.addOption(flag(setting));
      }
    }
    spec.addOption(
        OptionSpec.builder(Configuration.FLAG)
            .type(Path.class)
            .paramLabel("FILE")
            .description(
                "flags that are not typed; by default "
                    + Configuration.FILE
                    + " where there is one")
            .build());
  }

  private static OptionSpec flag(Setting setting) {
    String byDefault = setting.defaultText();
    String description =
        setting.description()
            + (byDefault.isEmpty() || byDefault.equals("false")
                ? ""
                : " (default: " + byDefault + ")");
    OptionSpec.Builder flag =
        OptionSpec.builder("--" + setting.key())
            .description(description.replace("%", "%%"))
            .paramLabel(label(setting));
    return switch (setting) {
      case ACCEPT_DATA -> flag.type(boolean.class).arity("0").build();
      case PROTOCOL -> flag.type(List.class).auxiliaryTypes(String.class).arity("1").build();
      default -> flag.type(String.class).arity("1").build();
    };
  }

  private static String label(Setting setting) {
    return switch (setting) {
      case BASELINE, CANDIDATE, MODEL -> "MODEL";
      case SUITES -> "SUITES";
      case DATA, OUT -> "DIR";
      case PROTOCOL -> "SUITE=VARIANT";
      case MARGIN -> "POINTS";
      case MEMORY, MEMORY_LIMIT, FILE_LIMIT, OUTPUT_LIMIT, FRAME_LIMIT -> "SIZE";
      case TIME_LIMIT, CPU_LIMIT -> "SECONDS";
      case TOP_P -> "SHARE";
      case TEMPERATURE -> "T";
      case LIMIT,
          SEED,
          SAMPLES,
          MAX_NEW_TOKENS,
          THREADS,
          MAX_BATCH,
          WORKERS,
          PROCESS_LIMIT,
          SLOW_DOWN_LIMIT ->
          "N";
      case ON_INCONCLUSIVE -> "RULE";
      default -> "KIND";
    };
  }

  /**
   * The settings of a command that was parsed: flags, then environment, then file, then defaults.
   */
  static Settings resolve(CommandSpec command) {
    return resolve(command, Map.of());
  }

  /**
   * The settings of a command that was parsed.
   *
   * @param own what the command decides itself, whatever anybody says
   */
  static Settings resolve(CommandSpec command, Map<Setting, String> own) {
    ParseResult parsed = command.commandLine().getParseResult();
    Set<Setting> taken = EnumSet.noneOf(Setting.class);
    Map<Setting, String> typed = new EnumMap<>(Setting.class);
    for (Setting setting : Setting.values()) {
      OptionSpec option = command.findOption("--" + setting.key());
      if (option == null) {
        continue;
      }
      taken.add(setting);
      if (parsed.hasMatchedOption(option)) {
        typed.put(
            setting,
            setting == Setting.ACCEPT_DATA
                ? String.valueOf((Object) option.getValue())
                : String.join(",", option.stringValues()));
      }
    }
    typed.putAll(own);
    return Settings.resolve(taken, typed, System.getenv(), Configuration.of(command).file());
  }
}
