package dev.quantgate.evaluation.verify;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.base.Version;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.CompareRequest;
import dev.quantgate.evaluation.EvalRequest;
import dev.quantgate.evaluation.Fixtures;
import dev.quantgate.evaluation.TwoModels;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.ResultHash;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Reseal;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Results are verified by recomputing them: whatever digit is changed is found and named. */
class VerifierTest {
  private static final int CHANGES = 1_000;
  private static final int FORGERIES = 200;
  private static final Pattern KEY = Pattern.compile("(?<!\\\\)\"([^\"\\\\]+)\"\\s*:");

  @TempDir static Path folder;
  private static Path out;
  private static Forgery result;
  private static TwoModels models;
  private static Fixtures fixtures;

  @BeforeAll
  static void run() {
    models = TwoModels.in(folder);
    out = folder.resolve("out");
    result = new Forgery(out);
    fixtures =
        new Fixtures()
            .pairs("cmnli", 3)
            .code("humaneval", 2)
            .model(models.fp16())
            .model(models.int4(), "2", "HumanEval/1");
    fixtures
        .quantGate()
        .run(models.request(RunPlan.of("cmnli", "humaneval"), out), Progress.Listener.NONE);
  }

  private static Verification verify() {
    return verify(out);
  }

  private static Verification verify(Path result) {
    return fixtures.quantGate().verify(result, VerifyRequest.standard());
  }

  /** A digit of a file that is changed, and put back at the end. */
  private record Change(String file, int at, byte[] before, byte[] after) implements AutoCloseable {
    static Change draw(List<String> files, Random random) throws IOException {
      String file = files.get(random.nextInt(files.size()));
      byte[] before = Files.readAllBytes(out.resolve(file));
      int at;
      do {
        at = random.nextInt(before.length);
      } while (before[at] < '0' || before[at] > '9');
      byte[] after = before.clone();
      after[at] = (byte) ('0' + (before[at] - '0' + 1 + random.nextInt(9)) % 10);
      Files.write(out.resolve(file), after);
      return new Change(file, at, before, after);
    }

    /** The number of the line it is on; 0 in a file of one object. */
    int line() {
      if (!file.endsWith(".jsonl")) {
        return 0;
      }
      int line = 1;
      for (int i = 0; i < at; i++) {
        line += before[i] == '\n' ? 1 : 0;
      }
      return line;
    }

    /**
     * Whether a field names the place: by the key that stands last before the digit, by the one
     * that it is in, as it is called now, or by its byte where the JSON can no longer be read.
     */
    boolean isNamedBy(String field) {
      int begin = file.endsWith(".jsonl") ? lineBegin() : 0;
      return field.equals("byte %d".formatted(at - begin + 1))
          || field.contains(key(before))
          || field.contains(key(after));
    }

    private int lineBegin() {
      int begin = at;
      while (begin > 0 && before[begin - 1] != '\n') {
        begin--;
      }
      return begin;
    }

    private String key(byte[] bytes) {
      Matcher keys = KEY.matcher(new String(bytes, ISO_8859_1));
      String key = "";
      while (keys.find() && keys.start() <= at) {
        key = keys.group(1);
      }
      return key;
    }

    @Override
    public void close() throws IOException {
      Files.write(out.resolve(file), before);
    }

    @Override
    public String toString() {
      int from = Math.max(0, at - 40);
      return "%s, byte %d: %s"
          .formatted(file, at, new String(after, from, Math.min(80, after.length - from), UTF_8));
    }
  }

  @Test
  void aResultAsItWasWrittenIsSound() {
    Verification verification = verify();

    assertThat(verification.differences()).isEmpty();
    assertThat(verification.left())
        .hasSize(2)
        .allMatch(line -> line.matches("(baseline|candidate): the sums of the model's files .*"));
    assertThat(verification.recomputed())
        .containsExactlyInAnyOrder(
            "baseline: cmnli: 3 records and times from journals and data",
            "baseline: humaneval: 2 records and times from journals and data",
            "candidate: cmnli: 3 records and times from journals and data",
            "candidate: humaneval: 2 records and times from journals and data",
            "comparison.json and the pairs of 2 suites from the item records");
  }

  @Test
  void everyChangedDigitIsFoundAndNamedWithItsFileLineAndField() throws IOException {
    var random = new Random(11);
    List<String> files = result.files();
    List<String> missed = new ArrayList<>();
    int withBothValues = 0;
    for (int i = 0; i < CHANGES; i++) {
      try (Change change = Change.draw(files, random)) {
        List<Difference> found = verify().differences();
        if (found.stream()
            .noneMatch(each ->
                each.file().equals(change.file)
                    && (change.file.endsWith("schema.json")
                        || each.line() == change.line() && change.isNamedBy(each.field())))) {
          missed.add("%s: %s".formatted(change, found));
        }
        withBothValues +=
            found.stream()
                    .anyMatch(each -> each.file().equals(change.file) && !each.expected().isEmpty())
                ? 1
                : 0;
      }
    }
    assertThat(missed).isEmpty();
    assertThat(withBothValues).isEqualTo(CHANGES);
    assertThat(verify().sound()).isTrue();
  }

  @Test
  void aChangeAfterWhichEveryChecksumWasWrittenAnewIsFoundByNumbersOrByTheHash()
      throws IOException {
    var random = new Random(12);
    List<String> files =
        result.files().stream().filter(file -> !file.endsWith("checksums.json")).toList();
    String kept = verify().sha256();
    Map<String, byte[]> safe = result.contents();
    List<String> missed = new ArrayList<>();
    int byNumbers = 0;
    for (int i = 0; i < FORGERIES; i++) {
      Change change = Change.draw(files, random);
      result.reseal(change.file);
      if (Arrays.equals(change.before, Files.readAllBytes(out.resolve(change.file)))) {
        i--; // a digit of a checksum, which is as it was again
        continue;
      }
      Verification found = verifyForged();
      boolean disagrees = !found.sound();
      boolean mustDisagree =
          change.file.startsWith("pairs/")
              || change.file.equals("comparison.json")
              || change.file.matches("(baseline|candidate)/[^/]+\\.jsonl")
              || change.file.equals("comparison.schema.json");
      byNumbers += disagrees ? 1 : 0;
      if (mustDisagree && !disagrees || found.sha256().equals(kept)) {
        missed.add(change.toString());
      }
      result.restore(safe);
    }
    assertThat(missed).isEmpty();
    assertThat(byNumbers).isGreaterThan(FORGERIES / 2);
    assertThat(verify().sound()).isTrue();
  }

  @Test
  void aDigitThatChangesNoDoubleIsFoundInWhatWasSealedAnew() throws IOException {
    Path file = out.resolve("comparison.json");
    String before = Files.readString(file);
    Map<String, byte[]> safe = result.contents();
    try {
      Files.writeString(
          file, before.replaceFirst("-33\\.33333333333333\\d+", "-33.333333333333337"));
      assertThat(Files.readString(file)).isNotEqualTo(before);
      assertThat(Double.parseDouble("-33.333333333333337")).isEqualTo(-100.0 / 3);
      result.reseal("comparison.json");
      assertThat(verify().differences())
          .anySatisfy(each -> assertThat(each.field()).contains("deltaPoints"));
    } finally {
      result.restore(safe);
    }
  }

  @Test
  void aComparisonThatAnotherVersionWroteIsNotSoundUntilThatVersionSaysSo() throws IOException {
    Map<String, byte[]> safe = result.contents();
    try {
      result.change(
          "comparison.json",
          text ->
              text.replace(Version.program(), "quantgate 0.0.9")
                  .replace("\"verdict\" : \"FAIL\"", "\"verdict\" : \"PASS\""));

      Verification found = verify();

      assertThat(found.sound()).isFalse();
      assertThat(found.unverified())
          .containsExactly(
              "comparison.json and its pairs, as quantgate 0.0.9 wrote them and this is %s; verify them with that version"
                  .formatted(Version.program()));
      assertThat(found.recomputed()).noneMatch(line -> line.contains("comparison.json"));
    } finally {
      result.restore(safe);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"baseline", "candidate"})
  void aRunThatIsNoLongerThereIsNamed(String side) throws IOException {
    Path gone = folder.resolve("gone");
    Files.move(out.resolve(side), gone);
    try {
      Verification found = verify();

      assertThat(found.differences())
          .extracting(Difference::toString)
          .containsExactly(
              "%s: found nothing, expected the folder of a run (by comparison.json)"
                  .formatted(side));
      assertThat(found.unverified()).anyMatch(line -> line.startsWith("comparison.json"));
    } finally {
      Files.move(gone, out.resolve(side));
    }
  }

  private static void copyRuns(Path to) throws IOException {
    for (String file : result.files()) {
      if (file.startsWith("baseline/") || file.startsWith("candidate/")) {
        Path copy = to.resolve(file);
        Files.createDirectories(copy.getParent());
        Files.copy(out.resolve(file), copy);
      }
    }
  }

  @Test
  void aRunThatLayElsewhereAndIsGoneLeavesTheResultUnverifiedUntilItIsBesideIt()
      throws IOException {
    Path runs = folder.resolve("runs");
    Path compared = folder.resolve("compared");
    copyRuns(runs);
    fixtures.quantGate().compare(new CompareRequest(runs, runs, GatePolicy.DEFAULT, compared));
    assertThat(verify(compared).sound()).isTrue();
    Files.move(runs.resolve("candidate"), folder.resolve("away"));

    Verification found = verify(compared);

    assertThat(found.differences()).isEmpty();
    assertThat(found.sound()).isFalse();
    assertThat(found.unverified().getFirst())
        .isEqualTo(
            "candidate: its run, which is not at %s; bring it back, or copy it to %s"
                .formatted(runs.resolve("candidate"), compared.resolve("candidate")));
    Files.move(folder.resolve("away"), compared.resolve("candidate"));
    assertThat(verify(compared).sound()).isTrue();
  }

  @Test
  void otherDataThanWasAskedIsFoundWhereTheHashesOfBothRunsWereChanged() throws IOException {
    Map<String, byte[]> safe = result.contents();
    try {
      result.changeBoth("identity.json", text -> text.replace("d".repeat(64), "0".repeat(64)));
      Verification found = verify();
      assertThat(found.differences())
          .extracting(Difference::toString)
          .contains(
              "candidate/identity.json, suite.cmnli.data: found %s, expected %s (by the data in cmnli.json)"
                  .formatted("0".repeat(64), "d".repeat(64)));
      assertThat(found.sound()).isFalse();
    } finally {
      result.restore(safe);
    }
  }

  @Test
  void anAnswerWithoutARecordIsFound() throws IOException {
    Map<String, byte[]> safe = result.contents();
    try {
      String one = RunFolder.items(List.of("HumanEval/0"));
      for (String file : List.of("humaneval.jsonl", "humaneval.timings.jsonl")) {
        result.changeBoth(file, text -> text.substring(0, text.indexOf('\n') + 1));
      }
      result.changeBoth(
          "identity.json",
          text -> text.replaceFirst("(suite.humaneval.items\" : \")[^\"]*", "$1%s".formatted(one)));
      assertThat(verify().differences())
          .extracting(Difference::toString)
          .contains(
              "candidate/journal/humaneval.answers.jsonl, line 2, id: found HumanEval/1, expected an item that has a record (by the records)",
              "candidate/journal/humaneval.executions.jsonl, line 1, id: found HumanEval/1, expected an item that has a record (by the records)");
    } finally {
      result.restore(safe);
    }
  }

  @Test
  void aSecondAnswerToAnItemIsFound() throws IOException {
    Map<String, byte[]> safe = result.contents();
    try {
      result.change(
          "candidate/journal/cmnli.answers.jsonl",
          text -> text + text.substring(0, text.indexOf('\n') + 1));
      assertThat(verify().differences())
          .anySatisfy(each ->
              assertThat(each.toString())
                  .startsWith("candidate/journal/cmnli.answers.jsonl, line 4, id: found ")
                  .contains("expected one answer to each item"));
    } finally {
      result.restore(safe);
    }
  }

  @Test
  void aSuiteThatWasLeftOutIsFoundByItsFiles() throws IOException {
    Map<String, byte[]> safe = result.contents();
    try {
      result.changeBoth("identity.json", text -> text.replace("cmnli,humaneval", "cmnli"));
      assertThat(verify().differences())
          .anySatisfy(each ->
              assertThat(each)
                  .hasToString(
                      "candidate/humaneval.jsonl: found a file, expected nothing (by candidate/identity.json, which names no such suite)"));
    } finally {
      result.restore(safe);
    }
  }

  @Test
  void anotherVersionsDescriptionOfTheFormIsItsOwn() throws IOException {
    Map<String, byte[]> safe = result.contents();
    Path comparison = out.resolve("comparison.json");
    Path schema = out.resolve("comparison.schema.json");
    try {
      Files.writeString(schema, Files.readString(schema) + "\n");
      result.reseal("comparison.schema.json");
      assertThat(verify().differences()).hasSize(1);
      String written = "\"program\" : \"%s\"".formatted(Version.program());
      Files.writeString(
          comparison,
          Files.readString(comparison).replace(written, "\"program\" : \"quantgate 0.0.9\""));
      result.reseal("comparison.json");
      assertThat(verify().differences()).isEmpty();
    } finally {
      result.restore(safe);
    }
  }

  /** One that is refused as newer is found, too. */
  private static Verification verifyForged() {
    try {
      return verify();
    } catch (EvaluationException e) {
      return new Verification(
          "",
          List.of(new Difference("", 0, "", String.valueOf(e.getMessage()), "", "")),
          List.of(),
          List.of(),
          List.of());
    }
  }

  @Test
  void whereTheDataIsNotRecordsAreHeldAgainstTheJournalAndSaidSo() throws IOException {
    var others = new Fixtures();

    Verification verification =
        others.quantGate().verify(out, new VerifyRequest(DataOptions.standard(), List.of()));

    assertThat(verification.differences()).isEmpty();
    assertThat(verification.sound()).isFalse();
    assertThat(verification.unverified())
        .contains(
            "candidate: cmnli: its records were held against the journal alone (no suite cmnli); say where its data lies: --data DIR, or --suites FILE for a suite of your own");
    Path record = out.resolve("candidate/cmnli.jsonl");
    Map<String, byte[]> before = result.contents();
    try {
      Files.writeString(
          record, Files.readString(record).replaceFirst("\"sum\":-0.25", "\"sum\":-0.24"));
      Reseal.inRun(out.resolve("candidate"), record);
      assertThat(others.quantGate().verify(out, VerifyRequest.standard()).differences())
          .anySatisfy(each -> {
            assertThat(each.file()).isEqualTo("candidate/cmnli.jsonl");
            assertThat(each.basis()).isEqualTo("the journal");
          });
    } finally {
      result.restore(before);
    }
  }

  private static List<Arguments> journaled() {
    return List.of(
        Arguments.of("cmnli.jsonl", "\"margin\":[0-9.]+", "\"margin\":0.5", "margin"),
        Arguments.of("cmnli.jsonl", "\"value\":-0.946969696969697", "\"value\":-0.94", "choices"),
        Arguments.of("cmnli.jsonl", "\"shortened\":0", "\"shortened\":1", "shortened"),
        Arguments.of("humaneval.jsonl", "\"exit\":0", "\"exit\":7", "samples[0].execution.exit"),
        Arguments.of(
            "humaneval.timings.jsonl",
            "\"answeredEpochMillis\":1",
            "\"answeredEpochMillis\":2",
            "answeredEpochMillis"));
  }

  @ParameterizedTest
  @MethodSource("journaled")
  void whereTheDataIsNotWhatFollowsFromTheJournalIsStillHeldAgainstIt(
      String file, String before, String after, String field) throws IOException {
    Map<String, byte[]> safe = result.contents();
    try {
      result.change("candidate/" + file, text -> text.replaceFirst(before, after));
      assertThat(new Fixtures().quantGate().verify(out, VerifyRequest.standard()).differences())
          .anySatisfy(each -> {
            assertThat(each.file()).isEqualTo("candidate/" + file);
            assertThat(each.field()).isEqualTo(field);
            assertThat(each.basis()).isEqualTo("the journal");
          });
    } finally {
      result.restore(safe);
    }
  }

  @Test
  void oneModelsRunIsVerifiedToo() throws IOException {
    Path alone = folder.resolve("alone");
    fixtures
        .quantGate()
        .eval(
            new EvalRequest(
                models.fp16().toString(), RunPlan.of("cmnli"), RunEnvironment.defaults(), alone),
            Progress.Listener.NONE);
    assertThat(fixtures.quantGate().verify(alone, VerifyRequest.standard()).sound()).isTrue();
    Path record = alone.resolve("model/cmnli.jsonl");
    Files.writeString(record, Files.readString(record).replaceFirst("\"right\":1", "\"right\":0"));
    Verification changed = fixtures.quantGate().verify(alone, VerifyRequest.standard());
    assertThat(changed.differences())
        .first()
        .hasToString("model/cmnli.jsonl, line 1, right: found 0, expected 1 (by its checksum)");
  }

  @Test
  void theLineThatNamesAResultIsReadBackFromAReleaseNote() {
    String line = ResultHash.line(out, fixtures.quantGate().read(out));

    assertThat(ResultHash.in("- gate: `%s`".formatted(line))).isEqualTo(verify().sha256());
    assertThatThrownBy(() -> ResultHash.in("no hash here"))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("64 hexadecimal digits");
  }

  @Test
  void aFolderThatIsNoResultIsRefused() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));

    assertThatThrownBy(() -> fixtures.quantGate().verify(empty, VerifyRequest.standard()))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("expected a result");
  }
}
