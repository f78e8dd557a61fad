package dev.quantgate.cli;

import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.evaluation.suite.Suites;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.Engines;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxProvider;
import dev.quantgate.sandbox.Sandboxes;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The flags of a command, one for each {@link Setting} it takes, so that flag, environment variable
 * and key of quantgate.yaml are said in one place.
 */
final class SettingFlags {
  static final Set<Setting> JUDGING =
      EnumSet.of(
          Setting.MARGIN,
          Setting.MARGIN_KIND,
          Setting.MARGIN_REASON,
          Setting.MARGINS,
          Setting.ON_INCONCLUSIVE,
          Setting.FROZEN_BASELINE);
  static final Set<Setting> ENGINE =
      EnumSet.of(
          Setting.ENGINE,
          Setting.THREADS,
          Setting.MEMORY,
          Setting.DEVICE,
          Setting.GPU_MEMORY,
          Setting.MAX_BATCH);
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
    for (Group group : Group.values()) {
      List<Setting> of =
          settings.stream().sorted().filter(setting -> group(setting) == group).toList();
      if (!of.isEmpty()) {
        var flags = ArgGroupSpec.builder().heading("%%n%s:%%n".formatted(group.heading));
        of.forEach(setting -> flags.addArg(flag(setting)));
        spec.addArgGroup(flags.exclusive(false).validate(false).multiplicity("0..1").build());
      }
    }
    spec.addOption(
        OptionSpec.builder(Configuration.FLAG)
            .type(Path.class)
            .paramLabel("FILE")
            .description(
                "flags that are not typed; by default %s where there is one, or %s"
                    .formatted(Configuration.FILE, Configuration.VARIABLE))
            .build());
  }

  /** What a help page puts together. */
  private enum Group {
    WHAT("What is compared"),
    ASKED("How it is asked"),
    JUDGED("How it is judged"),
    COMPUTED("What computes"),
    EXECUTED("What executes programs");

    private final String heading;

    Group(String heading) {
      this.heading = heading;
    }
  }

  private static Group group(Setting setting) {
    return switch (setting) {
      case STOP_WHEN_DECIDED -> Group.JUDGED;
      case BASELINE,
          CANDIDATE,
          REUSE_BASELINE,
          MODEL,
          SUITES,
          DATA,
          ACCEPT_DATA,
          OUT,
          LIMIT,
          ITEMS ->
          Group.WHAT;
      case SEED, CHAT_DATE, PROTOCOL, LAYOUT, TEMPERATURE, TOP_P, SAMPLES, MAX_NEW_TOKENS ->
          Group.ASKED;
      default ->
          JUDGING.contains(setting)
              ? Group.JUDGED
              : SANDBOX.contains(setting) ? Group.EXECUTED : Group.COMPUTED;
    };
  }

  /** What a shell completes; empty where anything can be said. */
  private static List<String> values(Setting setting) {
    return switch (setting) {
      case SUITES -> Suites.all().stream().<String>map(Suite::name).toList();
      case LAYOUT -> Arrays.stream(Layout.values()).map(Layout::id).toList();
      case ON_INCONCLUSIVE -> words(GatePolicy.OnInconclusive.values());
      case CHECKER -> words(SandboxOptions.Checker.values());
      case ENGINE ->
          Stream.concat(Stream.of(Engines.AUTO), Engines.all().stream().map(EngineProvider::kind))
              .distinct()
              .toList();
      case SANDBOX, REQUIRE_SANDBOX ->
          Stream.concat(
                  Stream.of(Sandboxes.AUTO), Sandboxes.all().stream().map(SandboxProvider::kind))
              .distinct()
              .toList();
      default -> List.of();
    };
  }

  private static List<String> words(Enum<?>[] constants) {
    return Arrays.stream(constants).map(each -> each.name().toLowerCase(Locale.ROOT)).toList();
  }

  private static OptionSpec flag(Setting setting) {
    String byDefault = setting.defaultText();
    String description =
        setting.description()
            + (byDefault.isEmpty() || byDefault.equals("false")
                ? ""
                : " (default: %s)".formatted(byDefault));
    OptionSpec.Builder flag =
        OptionSpec.builder("--" + setting.key())
            .description(description.replace("%", "%%"))
            .paramLabel(label(setting));
    return switch (setting) {
      case ACCEPT_DATA, REUSE_BASELINE, STOP_WHEN_DECIDED ->
          flag.type(boolean.class).arity("0").build();
      case PROTOCOL -> flag.type(List.class).auxiliaryTypes(String.class).arity("1").build();
      case BASELINE, CANDIDATE, MODEL, DATA, OUT -> flag.type(Path.class).arity("1").build();
      default -> {
        List<String> values = values(setting);
        yield (values.isEmpty() ? flag : flag.completionCandidates(values))
            .type(String.class)
            .arity("1")
            .build();
      }
    };
  }

  private static String label(Setting setting) {
    return switch (setting) {
      case BASELINE, CANDIDATE, MODEL -> "MODEL";
      case FROZEN_BASELINE -> "SHA256";
      case SUITES -> "SUITES";
      case ITEMS -> "IDS";
      case DATA, OUT -> "DIR";
      case PROTOCOL -> "SUITE=VARIANT";
      case MARGIN -> "LOSS";
      case MARGIN_REASON -> "TEXT";
      case MARGINS -> "MAPPING";
      case MEMORY, GPU_MEMORY, MEMORY_LIMIT, FILE_LIMIT, OUTPUT_LIMIT, FRAME_LIMIT -> "SIZE";
      case TIME_LIMIT, CPU_LIMIT -> "SECONDS";
      case TOP_P -> "SHARE";
      case TEMPERATURE -> "T";
      case LIMIT,
          SEED,
          SAMPLES,
          MAX_NEW_TOKENS,
          THREADS,
          DEVICE,
          MAX_BATCH,
          WORKERS,
          PROCESS_LIMIT,
          SLOW_DOWN_LIMIT ->
          "N";
      case CHAT_DATE -> "DAY";
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
                    || setting == Setting.REUSE_BASELINE
                    || setting == Setting.STOP_WHEN_DECIDED
                ? String.valueOf((Object) option.getValue())
                : String.join(",", option.stringValues()));
      }
    }
    typed.putAll(own);
    return Settings.resolve(taken, typed, System.getenv(), Configuration.of(command).file());
  }
}
