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
import dev.quantgate.evaluation.settings.SaidValues.Said;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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

  /** More texts for a problem are a slip. */
  private static final int MOST_SAMPLES = 10_000;

  /** A share of nucleus sampling that keeps the likeliest token alone, whatever the rest is. */
  private static final double LEAST_SHARE = 1e-6;

  /** A longer list of items is a slip: whole suites need none. */
  private static final long MOST_LIST_BYTES = 4 << 20;

  private final Set<Setting> taken;
  private final SaidValues said;

  private Settings(Set<Setting> taken, SaidValues said) {
    this.taken = taken;
    this.said = said;
  }

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
   * @throws EvaluationException if one is typed without a value
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
    typed.forEach((setting, text) -> {
      if (text.isBlank()) {
        // An unset variable of a shell, most often; passed over, another value would hold unseen.
        throw new EvaluationException(
            SETTING,
            "--%s: expected a value, found nothing; leave the flag out, or give it one"
                .formatted(setting.key()));
      }
      said.put(setting, new Said(text.strip(), "--%s".formatted(setting.key())));
    });
    return new Settings(taken, new SaidValues(said));
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
    return said.isSaid(setting);
  }

  /** What was said or the default; empty for neither. */
  public Optional<String> text(Setting setting) {
    return said.text(setting);
  }

  /** Both models over the same suites. */
  public RunRequest runRequest() {
    return new RunRequest(
        said.required(Setting.BASELINE),
        said.required(Setting.CANDIDATE),
        assignment(),
        machinery(),
        policy(),
        out(),
        said.flag(Setting.STOP_WHEN_DECIDED),
        baselineChoice());
  }

  private BaselineChoice baselineChoice() {
    return new BaselineChoice(
        said.flag(Setting.REUSE_BASELINE), text(Setting.FROZEN_BASELINE).map(ResultHash::in));
  }

  /** One model over some suites. */
  public EvalRequest evalRequest() {
    return new EvalRequest(said.required(Setting.MODEL), assignment(), machinery(), out());
  }

  /** Two finished runs. */
  public CompareRequest compareRequest(Path baseline, Path candidate) {
    return new CompareRequest(baseline, candidate, policy(), out(), baselineChoice());
  }

  /** Folder of the run. */
  public Path out() {
    return said.path(Setting.OUT).orElseThrow();
  }

  /** Folder of the official data files. */
  public Optional<Path> data() {
    return said.path(Setting.DATA);
  }

  /** Whether data files that are not in the catalogue are taken. */
  public boolean acceptData() {
    return said.flag(Setting.ACCEPT_DATA);
  }

  /** What every model is given. */
  public RunPlan assignment() {
    return new RunPlan(
        list(said.required(Setting.SUITES)),
        data(),
        acceptData(),
        said.integer(Setting.LIMIT, 1),
        items(),
        said.value(Setting.SEED, "a whole number", Long::parseLong).orElse(0L),
        protocols(),
        said.value(Setting.LAYOUT, "a layout", Layout::of).orElse(Layout.OPENAI),
        sampling());
  }

  private Sampling sampling() {
    var sampling =
        new Sampling(
            said.number(Setting.TEMPERATURE, 0, 100),
            said.number(Setting.TOP_P, LEAST_SHARE, 1),
            said.integer(Setting.SAMPLES, 1, MOST_SAMPLES).orElse(1),
            said.integer(Setting.MAX_NEW_TOKENS, 1));
    if (sampling.temperature() == 0 && said.isTyped(Setting.TOP_P)) {
      throw new EvaluationException(
          SETTING,
          "--top-p says nothing at temperature 0, where the likeliest token is taken; leave it out, or say --temperature");
    }
    return sampling;
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
        .withThreads(said.integer(Setting.THREADS, 1, MOST_THREADS).orElse(defaults.threads()))
        .withMemory(said.memory(Setting.MEMORY))
        .withDevice(
            new EngineOptions.Device(
                said.integer(Setting.DEVICE, 0), said.memory(Setting.GPU_MEMORY)))
        .withMaxBatch(said.integer(Setting.MAX_BATCH, 0).orElse(defaults.maxBatch()))
        .withChatDate(said.value(Setting.CHAT_DATE, "a day such as 2026-07-26", LocalDate::parse));
  }

  /** How sandboxes run. */
  public SandboxOptions sandboxOptions() {
    SandboxOptions defaults = SandboxOptions.defaults();
    return new SandboxOptions(
        said.integer(Setting.WORKERS, 1, MOST_THREADS).orElse(defaults.workers()),
        said.choice(Setting.CHECKER, SandboxOptions.Checker.class),
        limits());
  }

  /** What a program may take. */
  private Limits limits() {
    return new Limits(
        said.seconds(Setting.TIME_LIMIT),
        said.seconds(Setting.CPU_LIMIT),
        said.size(Setting.MEMORY_LIMIT, 128L << 20, 1L << 40),
        said.integer(Setting.PROCESS_LIMIT, 1).orElseThrow(),
        said.size(Setting.FILE_LIMIT, 1, 1L << 40),
        (int) said.size(Setting.OUTPUT_LIMIT, 0, 1 << 20),
        (int) said.size(Setting.FRAME_LIMIT, 1 << 10, 1 << 30),
        said.integer(Setting.SLOW_DOWN_LIMIT, 1).orElseThrow());
  }

  /** What the gate is told. */
  public GatePolicy policy() {
    MarginKind kind =
        said.value(Setting.MARGIN_KIND, MarginSettings.KINDS, MarginKind::of).orElseThrow();
    var margin = new Margin(said.number(Setting.MARGIN, 0, 100), kind, text(Setting.MARGIN_REASON));
    Map<String, Margin> margins =
        said.value(
                Setting.MARGINS, MarginSettings.EXPECTED, text -> MarginSettings.parse(text, kind))
            .orElse(Map.of());
    var policy =
        new GatePolicy(margin, margins, said.choice(Setting.ON_INCONCLUSIVE, OnInconclusive.class));
    policy.requireReasons();
    return policy;
  }

  private Map<String, String> protocols() {
    return said.value(
            Setting.PROTOCOL, ProtocolSettings.EXPECTED, text -> ProtocolSettings.parse(list(text)))
        .orElse(Map.of());
  }

  private List<String> items() {
    String text = text(Setting.ITEMS).orElse("");
    List<String> ids = text.startsWith("@") ? idsIn(text) : list(text);
    if (ids.isEmpty() && !text.isEmpty()) {
      throw said.bad(Setting.ITEMS, "at least one id", text);
    }
    return ids;
  }

  /** A file's, one on each line. */
  private List<String> idsIn(String text) {
    try {
      return new String(
              RegularFile.read(Path.of(text.substring(1)), MOST_LIST_BYTES), StandardCharsets.UTF_8)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .toList();
    } catch (InvalidPathException e) {
      throw said.bad(Setting.ITEMS, "@ and a file with one id on each line", text);
    }
  }

  /** What holds for each setting that the command takes, and who said it. */
  public List<Resolved> resolved() {
    return taken.stream()
        .sorted()
        .map(setting -> new Resolved(setting, text(setting).orElse(""), said.place(setting)))
        .toList();
  }

  /**
   * A setting's value.
   *
   * @param text empty for nothing, or what the machine gives
   * @param place who said it, such as "--limit", "QUANTGATE_LIMIT" or "quantgate.yaml: limit"
   */
  public record Resolved(Setting setting, String text, String place) {}

  private static List<String> list(String text) {
    return Stream.of(text.split(",")).map(String::strip).filter(part -> !part.isEmpty()).toList();
  }
}
