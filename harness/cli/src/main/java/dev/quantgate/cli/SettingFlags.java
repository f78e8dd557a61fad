package dev.quantgate.cli;

import static java.util.stream.Collectors.toSet;

import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Setting.Group;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.evaluation.settings.ValueKind;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
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
  /** What judges two runs that are finished, and so cannot stop. */
  static final Set<Setting> JUDGING =
      of(Group.JUDGED).filter(setting -> setting != Setting.STOP_WHEN_DECIDED).collect(toSet());

  static final Set<Setting> ENGINE = of(Group.COMPUTED).collect(toSet());
  static final Set<Setting> SANDBOX = of(Group.EXECUTED).collect(toSet());

  private SettingFlags() {}

  private static Stream<Setting> of(Group group) {
    return Stream.of(Setting.values()).filter(setting -> setting.group() == group);
  }

  /** What makes a run of one model: all but what compares and judges two. */
  static Set<Setting> ofOneModel() {
    Set<Setting> all = allBut(Setting.BASELINE, Setting.CANDIDATE, Setting.REUSE_BASELINE);
    all.removeIf(setting -> setting.group() == Group.JUDGED);
    return all;
  }

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
          settings.stream().sorted().filter(setting -> setting.group() == group).toList();
      if (!of.isEmpty()) {
        var flags = ArgGroupSpec.builder().heading("%%n%s:%%n".formatted(group.heading()));
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

  private static OptionSpec flag(Setting setting) {
    String byDefault = setting.defaultText();
    String description =
        setting.description()
            + (byDefault.isEmpty() || byDefault.equals("false")
                ? ""
                : " (default: %s)".formatted(byDefault));
    OptionSpec.Builder flag =
        OptionSpec.builder("--" + setting.key()).description(description.replace("%", "%%"));
    return switch (setting.kind()) {
      case ValueKind.Switch() -> flag.type(boolean.class).arity("0").build();
      case ValueKind.Several(String label) ->
          flag.paramLabel(label).type(List.class).auxiliaryTypes(String.class).arity("1").build();
      case ValueKind.Place(String label) ->
          flag.paramLabel(label).type(Path.class).arity("1").build();
      case ValueKind.Words(String label) ->
          flag.paramLabel(label).type(String.class).arity("1").build();
      case ValueKind.Choice(String label, Supplier<List<String>> known) ->
          flag.paramLabel(label)
              .completionCandidates(() -> known.get().iterator())
              .type(String.class)
              .arity("1")
              .build();
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
            setting.kind() instanceof ValueKind.Switch
                ? String.valueOf((Object) option.getValue())
                : String.join(",", option.stringValues()));
      }
    }
    typed.putAll(own);
    return Settings.resolve(taken, typed, System.getenv(), Configuration.of(command).file());
  }
}
