package dev.quantgate.reports;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.SuiteIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command that asks both models one item of a suite again, as it was asked. */
final class ReplayCommand {
  private static final String BUNDLED = "bundled:";
  private static final String CONTINUED = " \\";

  /** A word of a command: quoted parts, which may hold anything, and others without white space. */
  private static final Pattern WORD = Pattern.compile("(?:'[^']*'|\\\\'|[^\\s'\\\\])+");

  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9_./:=@,+-]+");
  private static final Pattern FOLDER_NAME = Pattern.compile("[^A-Za-z0-9]+");

  /** The words of Prompts.describe. */
  private static final Pattern SAMPLING =
      Pattern.compile("temperature ([0-9.Ee-]+), top-p ([0-9.Ee-]+), seed (-?[0-9]+)");

  private static final Pattern LENGTH = Pattern.compile("at most ([0-9]+) tokens");

  private final Optional<List<String>> command;

  ReplayCommand(ReportSource source, SuiteComparison suite) {
    Comparison comparison = source.comparison();
    String baseline = comparison.baseline().reference();
    String candidate = comparison.candidate().reference();
    if (baseline.isEmpty() || candidate.isEmpty()) {
      command = Optional.empty();
      return;
    }
    var words = new ArrayList<>(List.of("quantgate", "run"));
    add(words, "--baseline", baseline);
    add(words, "--candidate", candidate);
    String file = suite.data().file();
    String protocol = suite.protocol().substring(suite.protocol().indexOf('/') + 1);
    add(words, "--suites", ofFile(file) ? file : suite.suite());
    add(words, "--protocol", "%s=%s".formatted(suite.suite(), protocol));
    if (!ofFile(file) && !file.isEmpty() && !file.startsWith(BUNDLED)) {
      add(words, "--data", file);
      if (!suite.data().catalogued()) {
        words.add("--accept-data");
      }
    }
    source.baseline().or(source::candidate).ifPresent(run -> asking(words, run, suite.suite()));
    command = Optional.of(words);
  }

  /** Whether it is a suite of the user's own, which is asked for by its file. */
  private static boolean ofFile(String file) {
    return file.endsWith(".yaml") || file.endsWith(".yml");
  }

  private static void asking(List<String> words, FinishedRun run, String suite) {
    SuiteIdentity identity = run.identity().suite(suite);
    String decoding = identity.asking().getOrDefault(SuiteIdentity.DECODING, "");
    Matcher sampling = SAMPLING.matcher(decoding);
    if (sampling.find()) {
      add(words, "--temperature", sampling.group(1));
      add(words, "--top-p", sampling.group(2));
      add(words, "--seed", sampling.group(3));
    }
    Matcher length = LENGTH.matcher(decoding);
    if (length.find()) {
      add(words, "--max-new-tokens", length.group(1));
    }
    String samples = identity.asking().getOrDefault(SuiteIdentity.SAMPLES, "1");
    if (!samples.equals("1")) {
      add(words, "--samples", samples);
    }
    identity
        .layout()
        .filter(id -> !id.equals("openai"))
        .ifPresent(id -> add(words, "--layout", id));
  }

  /** The command for one item, in one line for a POSIX shell. */
  Optional<String> of(String id) {
    return command.map(words -> {
      var all = new ArrayList<>(words);
      add(all, "--items", id);
      add(all, "--out", "replay-%s".formatted(FOLDER_NAME.matcher(id).replaceAll("-")));
      return String.join(" ", all);
    });
  }

  /**
   * A command of {@link #of} in lines of at most so many cells, where a word is not longer by
   * itself, which a POSIX shell reads as that command.
   */
  static String lines(String command, String indent, int width) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(command);
    while (word.find()) {
      words.add(word.group());
    }
    var lines = new StringBuilder();
    var line = new StringBuilder(indent);
    int used = TextTable.width(indent);
    boolean begun = false;
    for (int i = 0; i < words.size(); ) {
      boolean flag = words.get(i).startsWith("--") && i + 1 < words.size();
      boolean pair = flag && !words.get(i + 1).startsWith("--");
      String next = pair ? "%s %s".formatted(words.get(i), words.get(i + 1)) : words.get(i);
      if (begun && used + 1 + TextTable.width(next) + CONTINUED.length() > width) {
        lines.append(line).append(CONTINUED).append('\n');
        line = new StringBuilder(indent).append("  ");
        used = line.length();
        begun = false;
      }
      line.append(begun ? " " : "").append(next);
      used += (begun ? 1 : 0) + TextTable.width(next);
      begun = true;
      i += pair ? 2 : 1;
    }
    return lines.append(line).toString();
  }

  private static void add(List<String> words, String flag, String value) {
    words.add(flag);
    words.add(
        SAFE.matcher(value).matches() ? value : "'%s'".formatted(value.replace("'", "'\\''")));
  }
}
