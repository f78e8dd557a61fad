package dev.quantgate.evaluation.settings;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.SETTING;

import dev.quantgate.base.Nearest;
import dev.quantgate.base.RegularFile;
import dev.quantgate.evaluation.CompareRequest;
import dev.quantgate.evaluation.EvalRequest;
import dev.quantgate.evaluation.RunRequest;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.RunPlan.Sampling;
import dev.quantgate.evaluation.comparison.ResultHash;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.MarginKind;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.run.BaselineChoice;
import dev.quantgate.evaluation.run.RunEnvironment;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Settings from where they may be said, each with its place: what was typed wins over the
 * environment, that over quantgate.yaml, that over the defaults. Every message about a setting
 * names the place it came from.
 */
public final class Settings {
  /**
   * More than a machine has processors is a slip of the keyboard, and a system that is asked for
   * some ten thousand threads or processes refuses one in the middle.
   */
  private static final int MOST_THREADS = 1024;

  /** A longer list of items is a slip: whole suites need none. */
  private static final long MOST_LIST_BYTES = 4 << 20;

  private final Set<Setting> taken;
  private final Map<Setting, Said> said;

  private Settings(Set<Setting> taken, Map<Setting, Said> said) {
    this.taken = taken;
    this.said = said;
  }

  /** A value and where it was said, such as "--limit" or "quantgate.yaml: limit". */
  private record Said(String text, String place) {}

  /**
   * Resolves settings.
   *
   * @param typed what was typed as flags
   * @param environment all environment variables; those that are no setting are passed over
   * @param config a quantgate.yaml
   * @throws EvaluationException if the file cannot be read or has a key that is no setting
   */
  public static Settings resolve(
      Map<Setting, String> typed, Map<String, String> environment, Optional<Path> config) {
    return resolve(
        EnumSet.allOf(Setting.class),
        typed,
        environment,
        config.map(file -> ConfigFile.read(file, Map.of(), "")).orElse(ConfigFile.NONE));
  }

  /**
   * Resolves the settings that a command takes. What the environment and the file say for others is
   * passed over.
   *
   * @param taken the settings that it takes
   * @param typed what was typed as flags, or is the command's own choice
   */
  public static Settings resolve(
      Set<Setting> taken,
      Map<Setting, String> typed,
      Map<String, String> environment,
      ConfigFile config) {
    var said = new EnumMap<Setting, Said>(Setting.class);
    for (Setting setting : taken) {
      String written = config.settings().get(setting);
      if (written != null) {
        said.put(setting, new Said(written, "%s: %s".formatted(config.name(), setting.key())));
      }
      String text = environment.get(setting.variable());
      if (text != null && !text.isBlank()) {
        said.put(setting, new Said(text.strip(), setting.variable()));
      }
    }
    typed.forEach((setting, text) ->
        said.put(setting, new Said(text.strip(), "--%s".formatted(setting.key()))));
    return new Settings(taken, said);
  }

  /**
   * Refuses variables that begin like this program's and that nothing reads, as a misspelt one
   * would be passed over in silence.
   *
   * @param others names besides those of settings
   * @throws EvaluationException naming the first one
   */
  public static void requireKnownVariables(Set<String> environment, Set<String> others) {
    var known = new TreeSet<>(others);
    Stream.of(Setting.values()).map(Setting::variable).forEach(known::add);
    environment.stream()
        .filter(name -> name.startsWith("QUANTGATE_") && !known.contains(name))
        .sorted()
        .findFirst()
        .ifPresent(name -> {
          throw new EvaluationException(
              SETTING,
              "unknown environment variable %s%s; unset it, or see `quantgate run --help` for the names"
                  .formatted(name, Nearest.hint(name, known)));
        });
  }

  /** Whether somebody said it. */
  public boolean isSaid(Setting setting) {
    return said.containsKey(setting);
  }

  /** What was said or the default; empty for neither. */
  public Optional<String> text(Setting setting) {
    Said value = said.get(setting);
    String text = value == null ? setting.defaultText() : value.text();
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  /** Both models over the same suites. */
  public RunRequest runRequest() {
    return new RunRequest(
        required(Setting.BASELINE),
        required(Setting.CANDIDATE),
        assignment(),
        machinery(),
        policy(),
        out(),
        flag(Setting.STOP_WHEN_DECIDED),
        baselineChoice());
  }

  private BaselineChoice baselineChoice() {
    return new BaselineChoice(
        flag(Setting.REUSE_BASELINE), text(Setting.FROZEN_BASELINE).map(ResultHash::in));
  }

  /** One model over some suites. */
  public EvalRequest evalRequest() {
    return new EvalRequest(required(Setting.MODEL), assignment(), machinery(), out());
  }

  /** Two finished runs. */
  public CompareRequest compareRequest(Path baseline, Path candidate) {
    return new CompareRequest(baseline, candidate, policy(), out(), baselineChoice());
  }

  /** Folder of the run. */
  public Path out() {
    return path(Setting.OUT).orElseThrow();
  }

  /** Folder of the official data files. */
  public Optional<Path> data() {
    return path(Setting.DATA);
  }

  /** Whether data files that are not in the catalogue are taken. */
  public boolean acceptData() {
    return flag(Setting.ACCEPT_DATA);
  }

  /** What every model is given. */
  public RunPlan assignment() {
    return new RunPlan(
        list(required(Setting.SUITES)),
        data(),
        acceptData(),
        integer(Setting.LIMIT, 1),
        items(),
        value(Setting.SEED, "a whole number", Long::parseLong).orElse(0L),
        protocols(),
        value(Setting.LAYOUT, "a layout", Layout::of).orElse(Layout.OPENAI),
        new Sampling(
            number(Setting.TEMPERATURE),
            number(Setting.TOP_P),
            integer(Setting.SAMPLES, 1).orElse(1),
            integer(Setting.MAX_NEW_TOKENS, 1)));
  }

  /** What computes. */
  public RunEnvironment machinery() {
    return new RunEnvironment(
        text(Setting.ENGINE).orElseThrow(),
        engineOptions(),
        text(Setting.SANDBOX).orElseThrow(),
        text(Setting.REQUIRE_SANDBOX),
        sandboxOptions());
  }

  /** How engines run. */
  public EngineOptions engineOptions() {
    EngineOptions defaults = EngineOptions.defaults();
    return defaults
        .withThreads(integer(Setting.THREADS, 1, MOST_THREADS).orElse(defaults.threads()))
        .withMemory(memory(Setting.MEMORY))
        .withDevice(
            new EngineOptions.Device(integer(Setting.DEVICE, 0), memory(Setting.GPU_MEMORY)))
        .withMaxBatch(integer(Setting.MAX_BATCH, 0).orElse(defaults.maxBatch()))
        .withChatDate(value(Setting.CHAT_DATE, "a day such as 2026-07-26", LocalDate::parse));
  }

  /** How sandboxes run. */
  public SandboxOptions sandboxOptions() {
    SandboxOptions defaults = SandboxOptions.defaults();
    return new SandboxOptions(
        integer(Setting.WORKERS, 1, MOST_THREADS).orElse(defaults.workers()),
        choice(Setting.CHECKER, SandboxOptions.Checker.class),
        limits());
  }

  /** What a program may take. */
  private Limits limits() {
    return new Limits(
        seconds(Setting.TIME_LIMIT),
        seconds(Setting.CPU_LIMIT),
        size(Setting.MEMORY_LIMIT, 128L << 20, 1L << 40),
        integer(Setting.PROCESS_LIMIT, 1).orElseThrow(),
        size(Setting.FILE_LIMIT, 1, 1L << 40),
        (int) size(Setting.OUTPUT_LIMIT, 0, 1 << 20),
        (int) size(Setting.FRAME_LIMIT, 1 << 10, 1 << 30),
        integer(Setting.SLOW_DOWN_LIMIT, 1).orElseThrow());
  }

  private Duration seconds(Setting setting) {
    return value(
            setting,
            "seconds between 0.1 and 3600",
            text -> {
              double seconds = Double.parseDouble(text);
              if (!(seconds >= 0.1 && seconds <= 3600)) {
                throw new IllegalArgumentException("no such time");
              }
              return Duration.ofMillis(Math.round(seconds * 1000));
            })
        .orElseThrow();
  }

  private long size(Setting setting, long least, long most) {
    return value(
            setting,
            "a size between %s bytes and %s".formatted(least, most),
            text -> {
              long bytes = text.equals("0") ? 0 : ByteSize.parse(text);
              if (bytes < least || bytes > most) {
                throw new IllegalArgumentException("no such size");
              }
              return bytes;
            })
        .orElseThrow();
  }

  /** What the gate is told. */
  public GatePolicy policy() {
    MarginKind kind =
        value(Setting.MARGIN_KIND, MarginSettings.KINDS, MarginKind::of).orElseThrow();
    var margin = new Margin(number(Setting.MARGIN), kind, text(Setting.MARGIN_REASON));
    Map<String, Margin> margins =
        value(Setting.MARGINS, MarginSettings.EXPECTED, text -> MarginSettings.parse(text, kind))
            .orElse(Map.of());
    var policy =
        new GatePolicy(margin, margins, choice(Setting.ON_INCONCLUSIVE, OnInconclusive.class));
    policy.requireReasons();
    return policy;
  }

  private String required(Setting setting) {
    return text(setting)
        .orElseThrow(() ->
            new EvaluationException(
                SETTING,
                "--%s is missing: %s (or %s, or %s in quantgate.yaml)"
                    .formatted(
                        setting.key(), setting.description(), setting.variable(), setting.key())));
  }

  private OptionalLong memory(Setting setting) {
    return value(setting, "a size such as 12G or 800M", ByteSize::parse)
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }

  private Map<String, String> protocols() {
    return value(
            Setting.PROTOCOL, ProtocolSettings.EXPECTED, text -> ProtocolSettings.parse(list(text)))
        .orElse(Map.of());
  }

  private List<String> items() {
    String text = text(Setting.ITEMS).orElse("");
    if (!text.startsWith("@")) {
      return list(text);
    }
    try {
      return new String(
              RegularFile.read(Path.of(text.substring(1)), MOST_LIST_BYTES), StandardCharsets.UTF_8)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .toList();
    } catch (InvalidPathException e) {
      throw bad(Setting.ITEMS, "@ and a file with one id on each line", text);
    }
  }

  /** What holds for each setting that the command takes, and who said it. */
  public List<Resolved> resolved() {
    return taken.stream()
        .sorted()
        .map(setting -> {
          Said value = said.get(setting);
          return new Resolved(
              setting,
              value == null ? setting.defaultText() : value.text(),
              value == null ? "default" : value.place());
        })
        .toList();
  }

  /**
   * A setting's value.
   *
   * @param text empty for nothing, or what the machine gives
   * @param place who said it, such as "--limit", "QUANTGATE_LIMIT" or "quantgate.yaml: limit"
   */
  public record Resolved(Setting setting, String text, String place) {}

  private Optional<Path> path(Setting setting) {
    return value(setting, "a path", Path::of);
  }

  private boolean flag(Setting setting) {
    String text = text(setting).orElse("false");
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "yes", "1" -> true;
      case "false", "no", "0" -> false;
      default -> throw bad(setting, "true or false", text);
    };
  }

  private OptionalInt integer(Setting setting, int least) {
    return integer(setting, least, Integer.MAX_VALUE);
  }

  private OptionalInt integer(Setting setting, int least, int most) {
    return value(
            setting,
            most == Integer.MAX_VALUE
                ? "a whole number of at least %s".formatted(least)
                : "a whole number from %s to %s".formatted(least, most),
            text -> {
              int number = Integer.parseInt(text);
              if (number < least || number > most) {
                throw new IllegalArgumentException("no such number");
              }
              return number;
            })
        .map(OptionalInt::of)
        .orElse(OptionalInt.empty());
  }

  private double number(Setting setting) {
    return value(
            setting,
            "a number",
            text -> {
              double number = Double.parseDouble(text);
              if (!Double.isFinite(number)) {
                throw new IllegalArgumentException("not finite");
              }
              return number;
            })
        .orElseThrow();
  }

  private <E extends Enum<E>> E choice(Setting setting, Class<E> type) {
    String text = text(setting).orElseThrow();
    return Arrays.stream(type.getEnumConstants())
        .filter(constant ->
            constant.name().toLowerCase(Locale.ROOT).equals(text.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> {
          List<String> known =
              Arrays.stream(type.getEnumConstants())
                  .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                  .toList();
          return bad(setting, "one of %s".formatted(String.join(", ", known)), text, known);
        });
  }

  private <T> Optional<T> value(Setting setting, String expected, Function<String, T> read) {
    Optional<String> text = text(setting);
    try {
      return text.map(read);
    } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
      throw bad(setting, expected, text.orElse(""));
    }
  }

  private EvaluationException bad(Setting setting, String expected, String found) {
    return bad(setting, expected, found, List.of());
  }

  private EvaluationException bad(
      Setting setting, String expected, String found, List<String> known) {
    Said value = said.get(setting);
    String place = value == null ? "the default of --%s".formatted(setting.key()) : value.place();
    return new EvaluationException(
        SETTING,
        "%s: expected %s, found \"%s\"%s"
            .formatted(place, expected, shortened(found), Nearest.hint(found, known)));
  }

  private static String shortened(String text) {
    return text.length() <= 80 ? text : "%s...".formatted(text.substring(0, 80));
  }

  private static List<String> list(String text) {
    return Stream.of(text.split(",")).map(String::strip).filter(part -> !part.isEmpty()).toList();
  }
}
