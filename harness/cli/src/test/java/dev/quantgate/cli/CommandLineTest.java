package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CommandLineTest {
  @TempDir Path folder = Path.of("");

  private record Ended(int exitCode, String out, String err) {}

  private static Ended quantgate(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    CommandLine command =
        Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    int exitCode = command.execute(arguments);
    command.getOut().flush();
    return new Ended(exitCode, out.toString(), err.toString());
  }

  /** Recorded answers to starter-nli, all right but those to the first {@code wrong} items. */
  private Path recording(String name, int wrong) throws IOException {
    var data =
        (SuiteData.Pairs)
            BenchmarkData.load("starter-nli", new DataOptions(Optional.empty(), false));
    assertThat(data.size()).isGreaterThanOrEqualTo(150);
    List<String> lines = new ArrayList<>();
    for (SuiteData.SentencePair pair : data.pairs()) {
      SuiteData.Label label = pair.label();
      if (lines.size() < wrong) {
        label = SuiteData.Label.values()[(label.ordinal() + 1) % SuiteData.Label.values().length];
      }
      lines.add(
          "{\"id\": \"%s\", \"answer\": \"%s\"}"
              .formatted(pair.id(), label.name().toLowerCase(Locale.ROOT)));
    }
    return Files.write(folder.resolve(name), lines);
  }

  private Ended compare(Path baseline, Path candidate, String out) {
    return quantgate(
        "run",
        "--quiet",
        "--suites",
        "starter-nli",
        "--out",
        folder.resolve(out).toString(),
        "--baseline",
        "replay:" + baseline,
        "--candidate",
        "replay:" + candidate);
  }

  @Test
  void identicalAnswersPassWithExitCode0() throws IOException {
    Path right = recording("right.jsonl", 0);
    Ended ended = compare(right, recording("same.jsonl", 0), "same");
    assertThat(ended.err()).isEmpty();
    assertThat(ended.exitCode()).isZero();
    assertThat(ended.out()).contains("starter-nli").contains("PASS").contains("comparison.json");
    assertThat(folder.resolve("same/comparison.json")).exists();
  }

  @Test
  void aLossBeyondTheMarginEndsWithExitCode1AndNamesTheFlips() throws IOException {
    Ended ended = compare(recording("right.jsonl", 0), recording("worse.jsonl", 5), "worse");
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.out())
        .contains("FAIL")
        .contains("5/0")
        .contains("starter-nli flips: -0 -1 -2");
  }

  @Test
  void theMarginIsTakenFromTheConfigurationFileUnlessItIsTyped() throws IOException {
    Path right = recording("right.jsonl", 0);
    Path worse = recording("worse.jsonl", 5);
    Path config =
        Files.writeString(folder.resolve("gate.yaml"), "margin: 50\nsuites: starter-nli\n");
    String[] common = {
      "run",
      "--quiet",
      "--config",
      config.toString(),
      "--baseline",
      "replay:" + right,
      "--candidate",
      "replay:" + worse,
      "--out"
    };
    assertThat(quantgate(with(common, folder.resolve("wide").toString())).exitCode()).isZero();
    assertThat(
            quantgate(with(common, folder.resolve("narrow").toString(), "--margin", "1"))
                .exitCode())
        .isEqualTo(1);
  }

  private static String[] with(String[] first, String... more) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @Test
  void twoFinishedRunsCanBeComparedAgain() throws IOException {
    compare(recording("right.jsonl", 0), recording("worse.jsonl", 5), "first");
    Ended ended =
        quantgate(
            "compare",
            folder.resolve("first/baseline").toString(),
            folder.resolve("first/candidate").toString(),
            "--out",
            folder.resolve("again").toString());
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(folder.resolve("again/comparison.json"))
        .hasSameTextualContentAs(folder.resolve("first/comparison.json"));
  }

  @Test
  void answersWithoutAGradeNeverBecomeAScore() throws IOException {
    Path whole = recording("whole.jsonl", 0);
    List<String> lines = Files.readAllLines(whole);
    Path half = Files.write(folder.resolve("half.jsonl"), lines.subList(0, lines.size() / 2));

    Ended eval =
        quantgate(
            "eval",
            "--quiet",
            "--suites",
            "starter-nli",
            "--out",
            folder.resolve("half").toString(),
            "--model",
            "replay:" + half);
    assertThat(eval.exitCode()).isEqualTo(2);
    assertThat(eval.out()).contains("INVALID: starter-nli: " + (lines.size() - lines.size() / 2));

    Ended run = compare(whole, half, "half-pairs");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.out()).contains("INVALID");
  }

  @Test
  void aMissingCheckpointIsOneLineAndExitCode2() {
    Ended ended =
        quantgate(
            "run",
            "--quiet",
            "--suites",
            "starter-nli",
            "--out",
            folder.resolve("x").toString(),
            "--baseline",
            folder.resolve("nothing").toString(),
            "--candidate",
            "replay:none");
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err().lines().count()).isBetween(1L, 2L);
    assertThat(ended.err()).startsWith("quantgate: ").doesNotContain("\tat ");
  }

  @Test
  void whatIsMistypedIsSaidWithExitCode2() {
    Ended unknown = quantgate("rnu");
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains("rnu");
    Ended margin =
        quantgate(
            "run",
            "--suites",
            "starter-nli",
            "--baseline",
            "a",
            "--candidate",
            "b",
            "--margin",
            "x");
    assertThat(margin.exitCode()).isEqualTo(2);
    assertThat(margin.err()).contains("--margin").contains("\"x\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "run",
        "eval",
        "compare",
        "quantize",
        "quality",
        "bench",
        "data",
        "sandbox",
        "doctor"
      })
  void everyCommandHasAHelpPage(String command) {
    Ended ended = quantgate(command, "--help");
    assertThat(ended.exitCode()).isZero();
    assertThat(ended.out()).startsWith("Usage: quantgate " + command);
  }

  @Test
  void theListOfDataSetsNamesEachOfThem() {
    assertThat(quantgate("data", "list").out()).contains("humaneval", "cmnli", "ceval");
  }
}
