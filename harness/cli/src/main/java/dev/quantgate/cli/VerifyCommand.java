package dev.quantgate.cli;

import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.comparison.ResultHash;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.evaluation.verify.Difference;
import dev.quantgate.evaluation.verify.Verification;
import dev.quantgate.evaluation.verify.VerifyRequest;
import dev.quantgate.reports.TextTable;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows that a finished result is what its records, journals and data say. */
@Command(
    name = "verify",
    description = "Recomputes a finished result from its records, journals and data.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Exit code 0: all that the result stands on was recomputed and is as it was",
      "written. 2: something was changed or is missing, and each place is named; or it",
      "could not be recomputed, as its data is not found or another version wrote it,",
      "with word of what to do. A change after which every checksum was written anew",
      "is found by --hash and the line that run and compare print."
    })
final class VerifyCommand implements Callable<Integer> {
  /** More places than this are counted only. */
  private static final int MOST_SHOWN = 20;

  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();

  @Parameters(index = "0", paramLabel = "DIR", description = "folder of a run or comparison")
  Path folder = Path.of("");

  @Option(
      names = "--hash",
      paramLabel = "LINE",
      description = "the line that named the result when it was made, kept elsewhere")
  @Nullable String line;

  @Override
  public Integer call() {
    Settings settings = SettingFlags.resolve(spec);
    Optional<String> kept = Optional.ofNullable(line).map(ResultHash::in);
    List<String> suites =
        Arrays.stream(settings.text(Setting.SUITES).orElse("").split(","))
            .map(String::strip)
            .filter(suite -> !suite.isEmpty())
            .toList();
    var quantGate = new QuantGate();
    Verification verification =
        quantGate.verify(folder, new VerifyRequest(new DataOptions(settings.data(), true), suites));
    PrintWriter out = spec.commandLine().getOut();
    verification.recomputed().forEach(each -> say(out, "recomputed: %s".formatted(each)));
    verification.left().forEach(each -> say(out, "not recomputed: %s".formatted(each)));
    verification.unverified().forEach(each -> say(out, "NOT VERIFIED: %s".formatted(each)));
    List<Difference> differences = verification.differences();
    differences.stream().limit(MOST_SHOWN).forEach(each -> say(out, "CHANGED: %s".formatted(each)));
    if (differences.size() > MOST_SHOWN) {
      out.println("CHANGED: %d further places".formatted(differences.size() - MOST_SHOWN));
    }
    boolean same = kept.isEmpty() || kept.get().equals(verification.sha256());
    if (!same) {
      say(
          out,
          "CHANGED: the result's hash: found %s, expected %s (by --hash)"
              .formatted(verification.sha256(), kept.orElseThrow()));
    }
    if (verification.sound() && same) {
      out.println(
          ComparisonFolder.exists(folder)
              ? said(folder, quantGate.read(folder))
              : "result %s".formatted(ResultHash.line(verification.sha256())));
      return 0;
    }
    return 2;
  }

  /**
   * A line for people, who look at it in a terminal; whole where it goes to a file or a program.
   */
  private static void say(PrintWriter out, String line) {
    out.println(Terminal.isTerminal() ? TextTable.wrapped("", "  ", line) : line);
  }

  /** The line that names a result. */
  static String said(Path folder, Comparison comparison) {
    return "result %s".formatted(ResultHash.line(folder, comparison));
  }
}
