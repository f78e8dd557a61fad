package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DemoPair;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.reports.Ink;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import tools.jackson.databind.json.JsonMapper;

class CommandLineTest {
  @TempDir Path folder = Path.of("");

  private record Ended(int exitCode, String out, String err) {}

  private static Ended quantgate(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    CommandLine command =
        Program.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    int exitCode = Program.execute(command, arguments);
    command.getOut().flush();
    return new Ended(exitCode, out.toString(), err.toString());
  }

  /** Recorded answers to starter-nli, all right but those to the first {@code wrong} items. */
  private Path recording(String name, int wrong) throws IOException {
    return recording(folder.resolve(name), wrong);
  }

  static Path recording(Path file, int wrong) throws IOException {
    var data = BenchmarkData.starterNli();
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
    return Files.write(file, lines);
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
        .contains(
            "starter-nli lost 5:\n  - 0: entailment -> neutral, right is entailment\n  - 1: neutral -> contradiction, right is neutral\n");
  }

  @Test
  void whatChangedIsShownAsAListAndItemByItem() throws IOException {
    compare(recording("right.jsonl", 0), recording("worse.jsonl", 2), "shown");
    String result = folder.resolve("shown").toString();
    assertThat(quantgate("show", result, "--losses").out())
        .isEqualTo(
            """
            starter-nli: lost 2, gained 0, 0 other answers worth the same
              - 0: entailment -> neutral, right is entailment
              - 1: neutral -> contradiction, right is neutral
            """);
    assertThat(quantgate("show", result, "1").out())
        .startsWith("starter-nli  1  LOSS\nneutral -> contradiction, right is neutral\n")
        .containsPattern("neutral +\\| contradiction\n");
    assertThat(quantgate("show", folder.resolve("none").toString()).err())
        .contains("none: expected the folder of a finished comparison, found no comparison.json");
    Ended unknown = quantgate("show", result, "999999");
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains("has no item 999999");
  }

  @Test
  void coloursAreForATerminalThatWantsThem() {
    assertThat(Terminal.ink(true, null, "xterm")).isEqualTo(Ink.COLOURS);
    assertThat(Terminal.ink(true, "", "xterm")).isEqualTo(Ink.COLOURS);
    assertThat(Terminal.ink(true, "1", "xterm")).isEqualTo(Ink.PLAIN);
    assertThat(Terminal.ink(true, null, "dumb")).isEqualTo(Ink.PLAIN);
    assertThat(Terminal.ink(false, null, "xterm")).isEqualTo(Ink.PLAIN);
  }

  @Test
  void aLineIsAsWideAsTheTerminalUnlessTheShellSaysOtherwise() {
    assertThat(Terminal.width(null, 80)).isEqualTo(80);
    assertThat(Terminal.width("100", 80)).isEqualTo(100);
    assertThat(Terminal.width("wide", 80)).isEqualTo(80);
    assertThat(Terminal.width("10", 0)).isEqualTo(40);
    assertThat(Terminal.width(null, 0)).isEqualTo(120);
  }

  @Test
  void anAllureReportIsMadeWhereItIsAskedFor() throws IOException {
    compare(recording("right.jsonl", 0), recording("worse.jsonl", 2), "told");
    Path out = folder.resolve("told-report");
    Ended told =
        quantgate(
            "report",
            folder.resolve("told").toString(),
            "--format",
            "allure,junit",
            "--history",
            folder.resolve("history").toString(),
            "--out",
            out.toString());
    assertThat(told.err()).isEmpty();
    assertThat(told.exitCode()).isZero();
    assertThat(told.out()).contains("Allure report: %s".formatted(out.resolve("allure.html")));
    assertThat(out.resolve("allure.html")).isNotEmptyFile();
    assertThat(folder.resolve("history/history/history.json")).isNotEmptyFile();
  }

  @Test
  void suitesAreListedWithTheirProtocolsInEightyColumns() {
    Ended all = quantgate("suites");
    assertThat(all.exitCode()).isZero();
    assertThat(all.out())
        .contains("humaneval", "* base", "ceval-test", "lm-eval-5shot", "starter-exam");
    assertThat(all.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
    Ended unknown = quantgate("suites", "cevla");
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains("unknown suite \"cevla\", did you mean \"ceval\"?");
  }

  @Test
  void aSuiteOfOnesOwnIsCheckedAndAskedByItsFile() throws IOException {
    Files.writeString(
        folder.resolve("sums.jsonl"),
        "{\"q\": \"1 + 1\", \"a\": 2}\n{\"q\": \"2 + 2\", \"a\": 4}\n");
    Path suite =
        Files.writeString(
            folder.resolve("sums.yaml"),
            "data: sums.jsonl\nmetric: exact-match\ntemplate: '{{q}} ='\nanswer: a\n");
    Ended checked = quantgate("suites", suite.toString());
    assertThat(checked.exitCode()).isZero();
    assertThat(checked.out()).contains("sums", "2 items, sha256");
    Path answers =
        Files.writeString(
            folder.resolve("sums-answers.jsonl"),
            "{\"id\": \"0\", \"answer\": \"2\"}\n{\"id\": \"1\", \"answer\": \"5\"}\n");
    Ended asked =
        quantgate(
            "eval",
            "--quiet",
            "--suites",
            suite.toString(),
            "--model",
            "replay:" + answers,
            "--out",
            folder.resolve("sums-out").toString());
    assertThat(asked.err()).isEmpty();
    assertThat(asked.exitCode()).isZero();
    assertThat(asked.out()).contains("sums", "50.0 %");
    Files.writeString(suite, "data: sums.jsonl\nmetric: exact\n");
    Ended wrong = quantgate("suites", suite.toString());
    assertThat(wrong.exitCode()).isEqualTo(2);
    assertThat(wrong.err()).contains("sums.yaml, line");
  }

  @Test
  void aDryRunSaysWhatWouldBeAskedAndWhoSaidSo() throws IOException {
    Path config = Files.writeString(folder.resolve("dry.yaml"), "margin: 0.5\n");
    Path out = folder.resolve("dry");
    Ended dry =
        quantgate(
            "run",
            "--dry-run",
            "--config",
            config.toString(),
            "--baseline",
            "replay:nothing",
            "--candidate",
            "replay:nothing",
            "--suites",
            "starter-nli,starter-exam",
            "--limit",
            "7",
            "--out",
            out.toString());
    assertThat(dry.err()).isEmpty();
    assertThat(dry.exitCode()).isZero();
    assertThat(dry.out())
        .containsPattern("limit +--limit +7")
        .containsPattern("margin +dry.yaml: margin +0.5")
        .containsPattern("layout +default +openai")
        .containsPattern("starter-nli +cmnli/ppl-fdc6de +7 +204 ")
        .contains(
            """
            starter-nli: 7 items cannot prove a loss below 0.50 points: with no flip at all
              it takes 539; a loss of 21.01 points shows at 5.0 % flips
            """)
        .endsWith("baseline: would be asked\n");
    assertThat(dry.out().lines().filter(line -> !line.contains(out.toString())))
        .allMatch(line -> line.codePoints().map(each -> each < 0x2e80 ? 1 : 2).sum() <= 80);
    assertThat(out).doesNotExist();
  }

  @Test
  void aMarginOfASuiteThatIsNotAskedIsRefusedBeforeAnythingIsRead() {
    Ended ended =
        quantgate(
            "run",
            "--suites",
            "humaneval,ceval",
            "--margins",
            "{cevall: 0.5}",
            "--baseline",
            "nowhere",
            "--candidate",
            "nowhere",
            "--out",
            folder.resolve("margins").toString());

    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err())
        .contains(
            "margins: suite \"cevall\", did you mean \"ceval\"? is not among the suites of this run: humaneval,ceval");
  }

  @Test
  void onlyTheItemsThatAreNamedAreAskedFromAFileToo() throws IOException {
    Path right = recording("right.jsonl", 0);
    Path ids = Files.writeString(folder.resolve("ids.txt"), "3\n\n5\n");
    for (String items : List.of("3,5", "@" + ids)) {
      Ended ended =
          quantgate(
              "eval",
              "--quiet",
              "--suites",
              "starter-nli",
              "--items",
              items,
              "--model",
              "replay:" + right,
              "--out",
              folder.resolve("items" + items.length()).toString());
      assertThat(ended.err()).isEmpty();
      assertThat(ended.exitCode()).isZero();
      assertThat(folder.resolve("items" + items.length() + "/model/starter-nli.jsonl"))
          .content()
          .hasLineCount(2);
    }
  }

  @Test
  void helpIsGroupedAndEightyColumnsWide() {
    Ended help = quantgate("run", "--help");
    assertThat(help.out())
        .contains("What is compared:", "How it is judged:", "What executes programs:", "--items");
    assertThat(help.out().lines())
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
  }

  @Test
  void aResultIsNamedByItsLineOnlyWhereAllThatItStandsOnIsThereAndUnchanged() throws IOException {
    compare(recording("right.jsonl", 0), recording("worse.jsonl", 2), "kept");
    Path kept = folder.resolve("kept");
    Ended sound = quantgate("verify", kept.toString());
    assertThat(sound.exitCode()).isZero();
    String line = sound.out().lines().toList().getLast();
    assertThat(line).startsWith("result sha256:");
    assertThat(quantgate("verify", kept.toString(), "--hash", line).exitCode()).isZero();

    Files.move(kept.resolve("baseline"), folder.resolve("taken away"));
    Ended missing = quantgate("verify", kept.toString(), "--hash", line);

    assertThat(missing.exitCode()).isEqualTo(2);
    assertThat(missing.out())
        .contains(
            "CHANGED: baseline: found nothing, expected the folder of a run (by comparison.json)",
            "NOT VERIFIED: comparison.json and its pairs, as a run is not there")
        .doesNotContain("result sha256:");
  }

  @Test
  void theMarginIsTakenFromTheConfigurationFileUnlessItIsTyped() throws IOException {
    Path right = recording("right.jsonl", 0);
    Path worse = recording("worse.jsonl", 5);
    Path config =
        Files.writeString(
            folder.resolve("gate.yaml"),
            "margin: 50\nmargin-reason: only the order is tested\nsuites: starter-nli\n");
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

  /** Without word of an engine that cannot run on this machine. */
  private static String withoutNotes(String said) {
    return said.replaceAll("(?m)^note: .*\\R", "");
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
    // Where a run lies is told from the comparison's own folder, else in full.
    assertThat(told(folder.resolve("again")).replace(folder.resolve("first") + "/", ""))
        .isEqualTo(told(folder.resolve("first")));
  }

  /** A comparison.json but for the checksum of its own text. */
  private static String told(Path comparison) throws IOException {
    return Files.readString(comparison.resolve("comparison.json"))
        .replaceFirst("\"checksum\" : \"[0-9a-f]{64}\"", "");
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

  @Command(name = "fail")
  private record Failing(Error error) implements Runnable {
    @Override
    public void run() {
      throw error;
    }
  }

  static List<Arguments> errors() {
    return List.of(
        Arguments.of(
            new AssertionError("two is odd"), "AssertionError: two is odd\nThis is a defect"),
        Arguments.of(new StackOverflowError(), "StackOverflowError\nThis is a defect"),
        Arguments.of(
            new OutOfMemoryError("Java heap space"),
            "out of memory (Java heap space)\nAsk for less by --max-batch or --memory, or give Java more: QUANTGATE_JAVA_OPTS=-Xmx"),
        Arguments.of(
            new OutOfMemoryError("unable to create native thread"),
            "out of memory (unable to create native thread)\nAsk for less by --threads or --workers"));
  }

  @ParameterizedTest
  @MethodSource("errors")
  void anErrorIsTwoLinesAndNeverTheExitCodeOfALostComparison(Error error, String message) {
    var err = new StringWriter();
    CommandLine command =
        Program.commandLine().addSubcommand(new Failing(error)).setErr(new PrintWriter(err, true));
    assertThat(Program.execute(command, "fail")).isEqualTo(2);
    assertThat(err.toString()).startsWith("quantgate: " + message).doesNotContain("\tat ");
    assertThat(err.toString().lines().count()).isEqualTo(2);
  }

  @Test
  void detailsAndCausesAreShownWithVerboseAlone() {
    var failure =
        new EvaluationException(
            EvaluationException.Kind.OTHER_RUN,
            "out holds another run\nuse another --out",
            List.of("suite.ceval.items: \"10 ab\" there, \"10 cd\" now"));
    failure.addSuppressed(new IllegalStateException("the cause"));

    assertThat(failedWith(failure, false))
        .isEqualTo("quantgate: out holds another run\nuse another --out\n");
    assertThat(failedWith(failure, true))
        .startsWith(
            """
            quantgate: out holds another run
            use another --out
            suite.ceval.items: "10 ab" there, "10 cd" now
            """)
        .contains("the cause", "\tat ");
  }

  private static String failedWith(RuntimeException failure, boolean verbose) {
    @Command(name = "fail")
    final class Fails implements Runnable {
      @Mixin private final Common common = new Common();

      @Override
      public void run() {
        throw failure;
      }
    }
    var err = new StringWriter();
    CommandLine command =
        Program.commandLine().addSubcommand(new Fails()).setErr(new PrintWriter(err, true));
    String[] line = verbose ? new String[] {"fail", "--verbose"} : new String[] {"fail"};
    assertThat(Program.execute(command, line)).isEqualTo(2);
    return err.toString();
  }

  @ParameterizedTest
  @EnumSource
  void theDemoEndsWithZeroOnceItHasJudgedAndWith2WhereItHasNot(Verdict verdict) {
    assertThat(DemoCommand.exitCode(verdict)).isEqualTo(verdict == Verdict.INVALID ? 2 : 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bench --model x --prompt 0|a prompt's tokens must be at least 2, not 0",
        "bench --model x --generate 1|tokens to generate must be at least 2, not 1",
        "bench --model x --batch 1,0|a batch's sequences must be at least 1, not 0",
        "bench --model x --rounds 0|rounds must be at least 1, not 0",
        "bench --model x --threads 70000|--threads: expected a whole number from 1 to 1024, found \"70000\"",
        "bench --model x --engine cdua|unknown engine \"cdua\"; known: ",
        "bench --model x --engine reference|engine reference has no benchmark",
        "bench --model x --max-batch 2|quantgate bench has no flag \"--max-batch\"",
        "bench --sandbox docker --out x.json|--out is for a model, and a sandbox is measured; leave it out",
        "bench --shape llama-7b --out x.json|--out is for --model DIR, and a shape is measured; leave it out",
        "bench --sandbox docker --model x|expected one of --model, --shape and --sandbox, found --model and --sandbox",
        "bench --model x --workers 2|--workers is for --sandbox KIND, and a model is measured; leave it out",
        "bench --sandbox docker --threads 2|--threads is for a model, and a sandbox is measured; leave it out",
        "bench|missing: --model DIR, --shape SHAPE or --sandbox KIND",
        "sandbox check --seed 3|--seed draws the --sample N, and all are taken; leave it out",
        "plan --simulate --margin 2|--margin is not for --simulate, which goes through settings of its own; leave it out",
        "data fetch --from x --mirror http://y|--mirror is for the network, and --from names local files; leave it out",
        "data fetch --offline --mirror http://y|--mirror is for the network, and --offline keeps away from it; leave it out",
        "eval --model x --suites starter-nli --engine cpu --device 0|--device is for an engine with a device, and cpu has none; leave it out",
        "eval --model x --suites starter-nli --out=|--out: expected a value, found nothing; leave the flag out, or give it one",
        "plan --seed 2|--seed is for --simulate alone; leave it out",
        "show x 7 --losses|--losses is for the list of items, and one item is named; leave it out",
        "quantize --model x --out y --method rtn --align z|--align is for --method gptq alone: rtn rounds each weight by itself; leave it out",
        "quantize --model x --out y --method rtn --clip none|--clip is for --method gptq alone",
        "quantize --model x --out y --calibration z --answer-tokens 9|--answer-tokens is for --align QUESTIONS alone; leave it out",
        "bench --model x --out x.json --batch 8|--batch is not for --out FILE, which holds figures of one sequence",
        "bench --sandbox docker --rounds 0|rounds must be at least 1, not 0",
        "quantize --model x --out y --bits 5|bits must be 3, 4 or 8, not 5",
        "quantize --model x --out y --align z --length 2|length must be at least 8, not 2",
        "quantize --model x --out y --align z --answer-tokens 0|maxNewTokens must be at least 1, not 0",
        "quantize --model x --out y --align z --calibration z|Error: --align=QUESTIONS, --calibration=FILE are mutually exclusive",
        "quantize --model x --method rtn|missing: --out DIR",
        "quality --text t --window 1 a b|--window: expected a whole number of at least 2, found 1",
        "quality --text t --windows 0 a b|--windows: expected a whole number of at least 1, found 0",
        "quality a b|missing: --text FILE",
        "quality --text t --out . a b|. is a folder, not a file",
        "quality --text t --out pom.xml/x a b|pom.xml/x cannot be written: ",
        "bench --model x --out .|. is a folder, not a file",
        "compare a b|missing: --out DIR"
      })
  void whatCannotBeIsSaidInOneLineOfWhatWasExpectedAndFound(String line, String message) {
    Ended ended = quantgate(line.split(" "));
    assertThat(ended.exitCode()).isEqualTo(2);
    String said = withoutNotes(ended.err());
    assertThat(said).startsWith("quantgate: " + message).doesNotContain("defect");
    assertThat(said.lines().count()).isBetween(1L, 2L);
  }

  @Test
  void aComparisonIsNotWrittenOverTheOneOfARun() throws IOException {
    compare(recording("right.jsonl", 0), recording("worse.jsonl", 5), "gated");
    Path gated = folder.resolve("gated");
    byte[] before = Files.readAllBytes(gated.resolve("comparison.json"));
    Ended ended =
        quantgate(
            "compare",
            gated.toString(),
            gated.toString(),
            "--margin",
            "50",
            "--margin-reason",
            "only the folder is tested",
            "--out",
            gated.toString());
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).contains("holds a run", "Give another --out");
    assertThat(gated.resolve("comparison.json")).hasBinaryContent(before);
  }

  @Test
  void customDataIsVerifiedOnlyWhereItIsAccepted() throws IOException {
    Files.writeString(
        folder.resolve("HumanEval.jsonl"),
        "{\"task_id\": \"HumanEval/0\", \"prompt\": \"def f():\\n\", \"entry_point\": \"f\","
            + " \"canonical_solution\": \"    return 1\\n\","
            + " \"test\": \"def check(candidate):\\n    assert candidate() == 1\\n\"}\n");
    Ended refused = quantgate("data", "verify", "--data", folder.toString());
    assertThat(refused.out())
        .containsPattern("humaneval +CUSTOM +1 +not catalogued: 1 items,[^|]*expected 164,");
    assertThat(refused.exitCode()).isEqualTo(2);
    Ended accepted = quantgate("data", "verify", "--accept-data", "--data", folder.toString());
    assertThat(accepted.out()).contains("CUSTOM");
    assertThat(accepted.exitCode()).isZero();
  }

  @Test
  void theReferenceEngineAnswersAsTheFastOneAndSaysThatItIsOne() throws IOException {
    Path model = DemoPair.unpack(folder.resolve("demo")).fp16();
    for (String engine : List.of("cpu", "reference")) {
      Path out = folder.resolve(engine);
      Ended ended =
          quantgate(
              "eval",
              "--quiet",
              "--model=" + model,
              "--suites=starter-nli,starter-exam",
              "--limit=3",
              "--engine=" + engine,
              "--out=" + out);
      assertThat(ended.err()).isEmpty();
    }
    for (String suite : List.of("starter-nli", "starter-exam")) {
      List<String> fast = answers(folder.resolve("cpu/model").resolve(suite + ".jsonl"));
      assertThat(fast).hasSize(3);
      assertThat(answers(folder.resolve("reference/model").resolve(suite + ".jsonl")))
          .isEqualTo(fast);
    }
    assertThat(folder.resolve("cpu/model").resolve("identity.json")).content().contains("\"cpu/");
    assertThat(folder.resolve("reference/model").resolve("identity.json"))
        .content()
        .contains("\"cpu-reference/");
    assertThat(quantgate("eval", "--help").out()).contains("reference");
  }

  private static List<String> answers(Path records) throws IOException {
    var mapper = new JsonMapper();
    return Files.readAllLines(records).stream()
        .map(mapper::readTree)
        .map(record -> record.get("id") + " " + record.get("answer"))
        .toList();
  }

  private Ended configured(String yaml, String line) throws IOException {
    Path config = Files.writeString(folder.resolve("gate.yaml"), yaml.replace("\\n", "\n"));
    return quantgate(with(line.split(" "), "--config", config.toString()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'prompt: 0'|bench --model x|a prompt's tokens must be at least 2, not 0",
        "'{model: x, rounds: 0}'|bench|rounds must be at least 1, not 0",
        "'batch: [1, 0]'|bench --model x|a batch's sequences must be at least 1, not 0",
        "'bench: {generate: 1}'|bench --model x|tokens to generate must be at least 2, not 1",
        "'prompt: many'|bench --model x|quantgate.yaml or the environment: Invalid value for option '--prompt'",
        "'{align: q, bits: 5, quantize: {out: y}}'|quantize --model x|bits must be 3, 4 or 8",
        "'out: y'|quantize --model x --method rtn|missing: --out DIR",
        "'out: y'|compare a b|missing: --out DIR",
        "'compare: {out: y}'|compare a b|a: expected the folder of a finished run",
        "'text: t\nwindow: 1'|quality a b|--window: expected a whole number of at least 2",
        "'demo: {limit: 0}'|demo|gate.yaml: limit: expected a whole number of at least 1",
        "'candidate: x\nlimit: 0'|demo|gate.yaml: limit: expected a whole number of at least 1",
        "'demo: {candidate: x}'|demo|quantgate.yaml or the environment: Invalid value for option '--candidate'",
        "'{model: x, bench: {workers: 2, out: y, prompt: 0}}'|bench|a prompt's tokens must be at least 2",
        "'plan: {margin: 0}'|plan|--margin: expected points between 0 and 100, found 0.0",
        "'flip-rate: 2'|plan|--flip-rate: expected a share from 0 to 1, found 2.0",
        "'port: 70000'|view .|--port: expected 0 to 65535, found 70000",
        "'report: {format: pdf}'|report .|--format: expected ",
        "'margin: 0\nflip-rate: 2'|plan|--flip-rate: expected a share from 0 to 1",
        "'{offline: true, from: nowhere}'|data fetch humaneval|nowhere: there is no such file",
        "'data: {from: nowhere}'|data fetch humaneval|nowhere: there is no such file",
        "'engine: cdua'|bench --model x|unknown engine \"cdua\"",
        "'max-batch: x'|bench --model x --prompt 0|a prompt's tokens must be at least 2, not 0",
        "'promt: 1'|bench --model x|GATE: unknown key \"promt\", did you mean \"prompt\"?; known: baseline, ",
        "'bench: {bits: 3}'|bench --model x|GATE: bench: unknown key \"bits\"; known: "
      })
  void aFlagThatIsNotTypedIsTakenFromTheFile(String yaml, String line, String message)
      throws IOException {
    Ended ended = configured(yaml, line);
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err())
        .startsWith(
            "quantgate: " + message.replace("GATE", folder.resolve("gate.yaml").toString()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'prompt: many'|bench --model x --prompt 0|a prompt's tokens must be at least 2, not 0",
        "'align: q'|quantize --model x --out y --calibration z --bits 5|bits must be 3, 4 or 8",
        "'quantize: {out: here}'|quantize --model nomodel --out y --method rtn|nomodel"
      })
  void whatIsTypedWinsOverTheFile(String yaml, String line, String message) throws IOException {
    Ended ended = configured(yaml, line);
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(withoutNotes(ended.err())).startsWith("quantgate: " + message);
  }

  @Test
  void verboseAndQuietCanBeSaidInTheFile() throws IOException {
    assertThat(configured("verbose: true", "bench --model nomodel").err()).contains("\tat ");
    assertThat(configured("verbose: false", "bench --model nomodel").err()).doesNotContain("\tat ");
  }

  @Test
  void aFileThatIsDamagedDoesNotKeepTheHelpAway() throws IOException {
    assertThat(configured("margn: [", "run").exitCode()).isEqualTo(2);
    assertThat(configured("margn: [", "run --help").exitCode()).isZero();
  }

  /** Every flag of every command, as COMMAND [SUBCOMMAND] --flag. */
  private static List<CommandLine> commandsWithAFile(CommandLine command) {
    List<CommandLine> all = new ArrayList<>();
    if (command.getCommandSpec().findOption("--config") != null) {
      all.add(command);
    }
    command.getSubcommands().values().forEach(each -> all.addAll(commandsWithAFile(each)));
    return all;
  }

  @Test
  void everyCommandThatHasFlagsTakesThemFromTheFileToo() {
    assertThat(withFlagsAlone(Program.commandLine())).isEmpty();
  }

  /** Commands with flags of their own and no {@code --config}. */
  private static List<String> withFlagsAlone(CommandLine command) {
    List<String> all = new ArrayList<>();
    var spec = command.getCommandSpec();
    boolean flags =
        spec.options().stream().anyMatch(each -> !each.usageHelp() && !each.versionHelp());
    if (flags && spec.findOption("--config") == null) {
      all.add(spec.qualifiedName());
    }
    command.getSubcommands().values().forEach(each -> all.addAll(withFlagsAlone(each)));
    return all;
  }

  @Test
  void everyFlagOfEveryCommandIsAKeyBelowItsName() throws IOException {
    int flags = 0;
    CommandLine root = Program.commandLine();
    for (CommandLine command : commandsWithAFile(root)) {
      List<String> line =
          new ArrayList<>(List.of(command.getCommandSpec().qualifiedName().split(" ")));
      line.removeFirst();
      String section = line.getFirst();
      for (OptionSpec option : command.getCommandSpec().options()) {
        String key = option.longestName().substring(2);
        if (List.of("help", "version", "config").contains(key)) {
          continue;
        }
        Path config = Files.writeString(folder.resolve("all.yaml"), section + ": {" + key + ": v}");
        List<String> arguments = new ArrayList<>(line);
        arguments.addAll(List.of("--config", config.toString()));
        if (section.equals("compare") || section.equals("quality")) {
          arguments.addAll(List.of("a", "b"));
        }
        if (List.of("verify", "report", "view", "show").contains(section)) {
          arguments.add("a");
        }
        var parsed = root.parseArgs(arguments.toArray(String[]::new));
        assertThat(Configuration.read(root, parsed).file().flags())
            .as("%s %s", line, key)
            .containsExactly(Map.entry(key, "v"));
        flags++;
      }
    }
    assertThat(flags).isGreaterThan(120);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "run",
        "eval",
        "compare",
        "report",
        "view",
        "quantize",
        "quality",
        "bench",
        "data",
        "sandbox",
        "plan",
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
