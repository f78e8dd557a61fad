package dev.quantgate.evaluation.settings;

import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.settings.ValueKind.Choice;
import dev.quantgate.evaluation.settings.ValueKind.Place;
import dev.quantgate.evaluation.settings.ValueKind.Several;
import dev.quantgate.evaluation.settings.ValueKind.Switch;
import dev.quantgate.evaluation.settings.ValueKind.Words;
import dev.quantgate.evaluation.suite.Suites;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.Engines;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxProvider;
import dev.quantgate.sandbox.Sandboxes;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Everything a user can say, once: a flag {@code --key}, an environment variable {@code
 * QUANTGATE_KEY} and a key of quantgate.yaml are the same setting.
 */
public enum Setting {
  BASELINE(
      Group.WHAT,
      new Place("MODEL"),
      "model reference of the baseline: a checkpoint folder, or replay:FILE-OR-FOLDER",
      ""),
  CANDIDATE(Group.WHAT, new Place("MODEL"), "model reference of the candidate", ""),
  REUSE_BASELINE(
      Group.WHAT,
      new Switch(),
      "take a finished run of the baseline that an earlier run kept, where model, suites and settings are the same",
      "false"),
  FROZEN_BASELINE(
      Group.JUDGED,
      new Words("SHA256"),
      "hash of the only run of the baseline that is taken, as run prints it; another one is refused",
      ""),
  MODEL(
      Group.WHAT,
      new Place("MODEL"),
      "model reference: a checkpoint folder, or replay:FILE-OR-FOLDER",
      ""),
  SUITES(
      Group.WHAT,
      new Choice("SUITES", () -> Suites.all().stream().<String>map(Suite::name).toList()),
      "suites, separated by commas: names that `quantgate suites` lists, or files such as my-suite.yaml",
      ""),
  DATA(Group.WHAT, new Place("DIR"), "folder of the official data files", ""),
  ACCEPT_DATA(
      Group.WHAT, new Switch(), "take data files whose sha256 is not in the catalogue", "false"),
  OUT(Group.WHAT, new Place("DIR"), "folder of the result", "quantgate-out"),
  LIMIT(
      Group.WHAT,
      new Words("N"),
      "items of each suite, drawn by the seed with every subject in its share",
      ""),
  ITEMS(
      Group.WHAT,
      new Words("IDS"),
      "only these items: ids separated by commas, or @FILE with one on each line",
      ""),
  SEED(Group.ASKED, new Words("N"), "seed of the draw and of sampling", "0"),
  PROTOCOL(
      Group.ASKED,
      new Several("SUITE=VARIANT"),
      "protocol of a suite, as SUITE=VARIANT, separated by commas",
      ""),
  LAYOUT(
      Group.ASKED,
      new Choice("KIND", () -> Arrays.stream(Layout.values()).map(Layout::id).toList()),
      "how check programs are put together: openai, import-prelude",
      "openai"),
  TEMPERATURE(Group.ASKED, new Words("T"), "0 is greedy", "0"),
  TOP_P(Group.ASKED, new Words("SHARE"), "share of nucleus sampling", "1"),
  SAMPLES(Group.ASKED, new Words("N"), "texts for each programming problem", "1"),
  MAX_NEW_TOKENS(
      Group.ASKED, new Words("N"), "most tokens of a text; by default the protocol's", ""),
  MARGIN(
      Group.JUDGED, new Words("LOSS"), "allowed loss, in the unit that --margin-kind says", "1.0"),
  MARGIN_KIND(
      Group.JUDGED,
      new Words("KIND"),
      "absolute: percentage points; relative: percent of the baseline's score; relative-below-N: percent where that is below N points",
      "absolute"),
  MARGIN_REASON(
      Group.JUDGED, new Words("TEXT"), "why the margin is wider than 1; required there", ""),
  MARGINS(
      Group.JUDGED,
      new Words("MAPPING"),
      "margins of single suites, such as {humaneval: {margin: 2, reason: few items}, ceval: 0.5}; each must be among the suites",
      ""),
  STOP_WHEN_DECIDED(
      Group.JUDGED,
      new Switch(),
      "ask items in random order and stop each suite when it is decided, by bounds that hold at every look",
      "false"),
  ON_INCONCLUSIVE(
      Group.JUDGED,
      Choice.of("RULE", GatePolicy.OnInconclusive.values()),
      "what happens where nothing is proven: point, fail, pass, report",
      "point"),
  ENGINE(
      Group.COMPUTED,
      new Choice(
          "KIND", () -> kinds(Engines.AUTO, Engines.all().stream().map(EngineProvider::kind))),
      "auto, cuda, cpu, or reference: the plain scalar oracle of cpu, slow; auto takes cuda where there is a device",
      "auto"),
  THREADS(Group.COMPUTED, new Words("N"), "worker threads; by default all cores", ""),
  MEMORY(
      Group.COMPUTED,
      new Words("SIZE"),
      "most memory of weights, keys and values, such as 12G; by default what the machine has",
      ""),
  DEVICE(
      Group.COMPUTED,
      new Words("N"),
      "number of the CUDA device, counted from 0; by default the first",
      ""),
  GPU_MEMORY(
      Group.COMPUTED,
      new Words("SIZE"),
      "most memory of that device to take, such as 40G; by default all that is free but a reserve",
      ""),
  CHAT_DATE(
      Group.ASKED,
      new Words("DAY"),
      "date given to chat templates, such as 2026-07-26; without it a template that asks for one is refused",
      ""),
  MAX_BATCH(
      Group.COMPUTED,
      new Words("N"),
      "most sequences that run together; 0 leaves it to the engine",
      "0"),
  SANDBOX(
      Group.EXECUTED,
      new Choice(
          "KIND", () -> kinds(Sandboxes.AUTO, Sandboxes.all().stream().map(SandboxProvider::kind))),
      "auto, docker, bubblewrap, embedded, unsafe-local",
      "auto"),
  REQUIRE_SANDBOX(
      Group.EXECUTED,
      new Choice(
          "KIND", () -> kinds(Sandboxes.AUTO, Sandboxes.all().stream().map(SandboxProvider::kind))),
      "refuse to run with any other kind of sandbox",
      ""),
  CHECKER(
      Group.EXECUTED,
      Choice.of("KIND", SandboxOptions.Checker.values()),
      "who judges a program: split, official, both",
      "split"),
  WORKERS(
      Group.EXECUTED,
      new Words("N"),
      "programs that run at the same time; by default all cores",
      ""),
  TIME_LIMIT(Group.EXECUTED, new Words("SECONDS"), "seconds of wall time for a program", "3"),
  CPU_LIMIT(
      Group.EXECUTED,
      new Words("SECONDS"),
      "seconds of CPU time for all processes of a program",
      "3"),
  MEMORY_LIMIT(Group.EXECUTED, new Words("SIZE"), "memory of all processes of a program", "512M"),
  PROCESS_LIMIT(Group.EXECUTED, new Words("N"), "processes and threads of a program", "64"),
  FILE_LIMIT(Group.EXECUTED, new Words("SIZE"), "size of any file that a program writes", "16M"),
  OUTPUT_LIMIT(
      Group.EXECUTED,
      new Words("SIZE"),
      "bytes kept of what a program writes to its standard streams",
      "4096"),
  FRAME_LIMIT(
      Group.EXECUTED, new Words("SIZE"), "size of one message between program and test", "16M"),
  SLOW_DOWN_LIMIT(
      Group.EXECUTED,
      new Words("N"),
      "how many times its time a program gets at most where Python is slow",
      "8");

  private final Group group;
  private final ValueKind kind;
  private final String description;
  private final String defaultText;

  Setting(Group group, ValueKind kind, String description, String defaultText) {
    this.group = group;
    this.kind = kind;
    this.description = description;
    this.defaultText = defaultText;
  }

  /** The key in quantgate.yaml and behind {@code --}, such as "on-inconclusive". */
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The environment variable, such as "QUANTGATE_ON_INCONCLUSIVE". */
  public String variable() {
    return "QUANTGATE_" + name();
  }

  /** One line for a help page. */
  public String description() {
    return description;
  }

  /** What holds where nobody says anything; empty for nothing, or what the machine gives. */
  public String defaultText() {
    return defaultText;
  }

  /** What it is about. */
  public Group group() {
    return group;
  }

  /** What can be said for it. */
  public ValueKind kind() {
    return kind;
  }

  /** What a help page puts together. */
  public enum Group {
    WHAT("What is compared"),
    ASKED("How it is asked"),
    JUDGED("How it is judged"),
    COMPUTED("What computes"),
    EXECUTED("What executes programs");

    private final String heading;

    Group(String heading) {
      this.heading = heading;
    }

    /** A line without its colon. */
    public String heading() {
      return heading;
    }
  }

  /** The automatic choice and the kinds that are installed. */
  private static List<String> kinds(String auto, Stream<String> installed) {
    return Stream.concat(Stream.of(auto), installed).distinct().toList();
  }
}
