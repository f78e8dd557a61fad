package dev.quantgate.evaluation.settings;

import java.util.Locale;

/**
 * Everything a user can say, once: a flag {@code --key}, an environment variable {@code
 * QUANTGATE_KEY} and a key of quantgate.yaml are the same setting.
 */
public enum Setting {
  BASELINE("model reference of the baseline: a checkpoint folder, or replay:FILE-OR-FOLDER", ""),
  CANDIDATE("model reference of the candidate", ""),
  REUSE_BASELINE(
      "take a finished run of the baseline that an earlier run kept, where model, suites and settings are the same",
      "false"),
  FROZEN_BASELINE(
      "hash of the only run of the baseline that is taken, as run prints it; another one is refused",
      ""),
  MODEL("model reference: a checkpoint folder, or replay:FILE-OR-FOLDER", ""),
  SUITES(
      "suites, separated by commas: names that `quantgate suites` lists, or files such as my-suite.yaml",
      ""),
  DATA("folder of the official data files", ""),
  ACCEPT_DATA("take data files whose sha256 is not in the catalogue", "false"),
  OUT("folder of the result", "quantgate-out"),
  LIMIT("items of each suite, drawn by the seed with every subject in its share", ""),
  ITEMS("only these items: ids separated by commas, or @FILE with one on each line", ""),
  SEED("seed of the draw and of sampling", "0"),
  PROTOCOL("protocol of a suite, as SUITE=VARIANT, separated by commas", ""),
  LAYOUT("how check programs are put together: openai, import-prelude", "openai"),
  TEMPERATURE("0 is greedy", "0"),
  TOP_P("share of nucleus sampling", "1"),
  SAMPLES("texts for each programming problem", "1"),
  MAX_NEW_TOKENS("most tokens of a text; by default the protocol's", ""),
  MARGIN("allowed loss, in the unit that --margin-kind says", "1.0"),
  MARGIN_KIND(
      "absolute: percentage points; relative: percent of the baseline's score; relative-below-N: percent where that is below N points",
      "absolute"),
  MARGIN_REASON("why the margin is wider than 1; required there", ""),
  MARGINS(
      "margins of single suites, such as {humaneval: {margin: 2, reason: few items}, ceval: 0.5}; each must be among the suites",
      ""),
  STOP_WHEN_DECIDED(
      "ask items in random order and stop each suite when it is decided, by bounds that hold at every look",
      "false"),
  ON_INCONCLUSIVE("what happens where nothing is proven: point, fail, pass, report", "point"),
  ENGINE(
      "auto, cuda, cpu, or reference: the plain scalar oracle of cpu, slow; auto takes cuda where there is a device",
      "auto"),
  THREADS("worker threads; by default all cores", ""),
  MEMORY(
      "most memory of weights, keys and values, such as 12G; by default what the machine has", ""),
  DEVICE("number of the CUDA device, counted from 0; by default the first", ""),
  GPU_MEMORY(
      "most memory of that device to take, such as 40G; by default all that is free but a reserve",
      ""),
  CHAT_DATE(
      "date given to chat templates, such as 2026-07-26; without it a template that asks for one is refused",
      ""),
  MAX_BATCH("most sequences that run together; 0 leaves it to the engine", "0"),
  SANDBOX("auto, docker, bubblewrap, embedded, unsafe-local", "auto"),
  REQUIRE_SANDBOX("refuse to run with any other kind of sandbox", ""),
  CHECKER("who judges a program: split, official, both", "split"),
  WORKERS("programs that run at the same time; by default all cores", ""),
  TIME_LIMIT("seconds of wall time for a program", "3"),
  CPU_LIMIT("seconds of CPU time for all processes of a program", "3"),
  MEMORY_LIMIT("memory of all processes of a program", "512M"),
  PROCESS_LIMIT("processes and threads of a program", "64"),
  FILE_LIMIT("size of any file that a program writes", "16M"),
  OUTPUT_LIMIT("bytes kept of what a program writes to its standard streams", "4096"),
  FRAME_LIMIT("size of one message between program and test", "16M"),
  SLOW_DOWN_LIMIT("how many times its time a program gets at most where Python is slow", "8");

  private final String description;
  private final String defaultText;

  Setting(String description, String defaultText) {
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
}
