package dev.quantgate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Small and hostile files in the official forms. */
class BenchmarkDataTest {
  private static final String PROBLEM =
      """
      {"task_id":"x/0","prompt":"def f():\\n","entry_point":"f","canonical_solution":"    return 1","test":"def check(c):\\n    assert c()"}\
      """;
  private static final String PAIR =
      "{\"sentence1\":\"一\",\"sentence2\":\"二\",\"label\":\"neutral\"}";
  private static final String HEADER = "id,question,A,B,C,D,answer";
  private static final String DEMO = HEADER + ",explanation\r\n0,问,甲,乙,丙,丁,A,因为\r\n";

  @TempDir Path folder;

  private SuiteData load(String suite) {
    return BenchmarkData.load(suite, new DataOptions(Optional.of(folder), true));
  }

  private void write(String name, String content) throws IOException {
    write(name, content.getBytes(StandardCharsets.UTF_8));
  }

  private void write(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, content);
  }

  @Test
  void anUnknownSuiteIsAnsweredWithTheKnownOnes() {
    assertThatThrownBy(() -> load("mmlu"))
        .hasMessage(
            "There is no suite \"mmlu\"; expected one of humaneval, cmnli, ceval, ceval-test, starter-code, starter-nli, starter-exam");
  }

  @Test
  void missingDataSaysWhereItWasLookedForAndHowToGetIt() {
    assertThatThrownBy(() -> load("cmnli"))
        .hasMessageContainingAll(
            folder.toString(), "cmnli_public.zip", "quantgate data fetch cmnli", "--data");
    assertThatThrownBy(() ->
            BenchmarkData.load("cmnli", new DataOptions(Optional.of(folder.resolve("no")), false)))
        .hasMessageContaining("no such folder");
  }

  @Test
  void problemsAreReadFromPlainAndPackedFilesAndBlankLinesAreSkipped() throws IOException {
    write("HumanEval.jsonl", "\n" + PROBLEM + "\n\n" + PROBLEM.replace("x/0", "x/1") + "\r\n");
    var plain = (SuiteData.Code) load("humaneval");
    assertThat(plain.problems())
        .extracting(SuiteData.CodeProblem::id)
        .containsExactly("x/0", "x/1");
    assertThat(plain.problems().getFirst().prompt()).isEqualTo("def f():\n");
    assertThat(plain.origin().catalogued()).isFalse();
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(Files.readAllBytes(folder.resolve("HumanEval.jsonl")));
    }
    Files.delete(folder.resolve("HumanEval.jsonl"));
    write("humaneval/HumanEval.jsonl.gz", packed.toByteArray());
    assertThat(load("humaneval").origin().sha256()).isEqualTo(plain.origin().sha256());
    byte[] cut = java.util.Arrays.copyOf(packed.toByteArray(), packed.size() - 12);
    write("humaneval/HumanEval.jsonl.gz", cut);
    assertThatThrownBy(() -> load("humaneval"))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll("HumanEval.jsonl.gz", "damaged");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"task_id\":\"x/0\" | \"id\":\"x/0\" | expected the keys task_id, prompt",
        "\"entry_point\":\"f\" | \"entry_point\":7 | expected a string under \"entry_point\", found \"7\"",
        "\"entry_point\":\"f\" | \"entry_point\":\"f()\" | expected a Python name under \"entry_point\", found \"f()\"",
        "\"entry_point\":\"f\" | \"entry_point\":\"f\",\"more\":\"\" | expected the keys",
        "\"entry_point\":\"f\" | \"entry_point\":\"f\",\"prompt\":\"\" | expected one JSON object",
        "\"prompt\":\"def f():\\n\" | \"prompt\":\" \" | expected a text under \"prompt\", found none",
        "\"prompt\":\"def f():\\n\" | \"prompt\":\"\\ud800\" | half of a surrogate pair",
        "assert c()\"} | assert c()\"} {} | expected one JSON object",
        "assert c()\"} | assert c() | expected one JSON object",
        "x/0 | x 0 | expected a task_id such as HumanEval/0"
      })
  void aLineThatIsNoProblemIsRefusedWithItsNumber(String what, String by, String message)
      throws IOException {
    assertThat(PROBLEM).contains(what);
    write("HumanEval.jsonl", PROBLEM.replace("x/0", "x/9") + "\n\n" + PROBLEM.replace(what, by));
    assertThatThrownBy(() -> load("humaneval"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("HumanEval.jsonl, line 3: ")
        .hasMessageContaining(message)
        .message()
        .satisfies(text -> assertThat(text.lines()).hasSize(1));
  }

  @Test
  void aRepeatedProblemIsRefusedWithBothLines() throws IOException {
    write("HumanEval.jsonl", PROBLEM + "\n" + PROBLEM);
    assertThatThrownBy(() -> load("humaneval"))
        .hasMessageContaining(
            "line 2: expected each task_id once, found \"x/0\" again (first on line 1)");
  }

  @Test
  void bytesThatAreNotUtf8AreRefusedWithLineAndOffset() throws IOException {
    byte[] bytes = (PROBLEM + "\n" + PROBLEM).getBytes(StandardCharsets.UTF_8);
    bytes[PROBLEM.length() + 5] = (byte) 0xFF;
    write("HumanEval.jsonl", bytes);
    assertThatThrownBy(() -> load("humaneval"))
        .hasMessageContaining(
            "line 2: expected UTF-8, found the byte 0xff at offset " + (PROBLEM.length() + 5));
  }

  @Test
  void aByteOrderMarkIsNoPartOfAFile() throws IOException {
    write("HumanEval.jsonl", "\ufeff" + PROBLEM);
    assertThat(((SuiteData.Code) load("humaneval")).problems()).hasSize(1);
    write("dev/law_dev.csv", "\ufeff" + DEMO);
    write("val/law_val.csv", "\ufeff" + HEADER + "\r\n0,问,甲,乙,丙,丁,A\r\n");
    assertThat(((SuiteData.Exam) load("ceval")).questions().getFirst().question()).isEqualTo("问");
  }

  @Test
  void emptyLinesAndEmptyRowsAtTheEndOfAnExamArePassedOver() throws IOException {
    write("dev/law_dev.csv", DEMO + "\r\n,,,,,,,\r\n");
    write(
        "val/law_val.csv",
        HEADER + "\r\n0,问,甲,乙,丙,丁,A\r\n\r\n1,题,甲,乙,丙,丁,B\r\n,,,,,,\r\n,,,,,,\r\n\r\n");
    assertThat(((SuiteData.Exam) load("ceval")).questions())
        .extracting(SuiteData.ExamQuestion::id)
        .containsExactly("law/0", "law/1");
    write("val/law_val.csv", HEADER + "\r\n\r\n0,问,甲,乙,丙,丁,E\r\n");
    assertThatThrownBy(() -> load("ceval")).hasMessageContainingAll("line 3", "\"E\"");
  }

  @Test
  void aFileOfTheSystemsOwnBesideAnExamIsPassedOver() throws IOException {
    write("dev/law_dev.csv", DEMO);
    write("val/law_val.csv", HEADER + "\r\n0,问,甲,乙,丙,丁,A\r\n");
    write("dev/._law_dev.csv", "\0\5\26\7");
    write("val/._law_val.csv", "\0\5\26\7");
    assertThat(((SuiteData.Exam) load("ceval")).questions()).hasSize(1);
  }

  @Test
  void pairsAreReadAsHuggingFaceHasThem() throws IOException {
    String row = "{\"sentence1\":\"一\",\"sentence2\":\"二\",\"label\":%d,\"idx\":%d}";
    write(
        "dev.json",
        "%s\n%s\n%s\n%s\n"
            .formatted(
                row.formatted(0, 0),
                row.formatted(1, 1),
                row.formatted(2, 2),
                row.formatted(-1, 3)));
    assertThat(((SuiteData.Pairs) load("cmnli")).pairs())
        .extracting(SuiteData.SentencePair::id, SuiteData.SentencePair::label)
        .containsExactly(
            tuple("0", SuiteData.Label.NEUTRAL),
            tuple("1", SuiteData.Label.ENTAILMENT),
            tuple("2", SuiteData.Label.CONTRADICTION));
    write("dev.json", "{\"sentence1\":\"一\",\"sentence2\":\"二\",\"label\":1}");
    assertThatThrownBy(() -> load("cmnli"))
        .hasMessageContainingAll("line 1", "expected a label in words, found the number 1", "idx");
    write("dev.json", row.formatted(7, 0));
    assertThatThrownBy(() -> load("cmnli")).hasMessageContaining("found \"7\"");
  }

  @Test
  void anEmptyFileAndAPlaceholderAreRefused() throws IOException {
    write("HumanEval.jsonl", "\n");
    assertThatThrownBy(() -> load("humaneval")).hasMessageContaining("found no line");
    write("HumanEval.jsonl", "<!doctype html><title>Sign in</title>");
    assertThatThrownBy(() -> load("humaneval")).hasMessageContaining("web page (HTML)");
    write("cmnli/cmnli_public.zip", "version https://git-lfs.github.com/spec/v1\n");
    assertThatThrownBy(() -> load("cmnli"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("Git LFS pointer");
  }

  @Test
  void pairsKeepTheirLineNumbersWhenUnlabelledRowsAreLeftOut() throws IOException {
    write(
        "dev.json",
        PAIR + "\n" + PAIR.replace("neutral", "-") + "\n" + PAIR.replace("neutral", "entailment"));
    var pairs = (SuiteData.Pairs) load("cmnli");
    assertThat(pairs.pairs()).extracting(SuiteData.SentencePair::id).containsExactly("0", "2");
    assertThat(pairs.pairs().getLast().label()).isEqualTo(SuiteData.Label.ENTAILMENT);
    write("dev.json", PAIR.replace("neutral", "Neutral"));
    assertThatThrownBy(() -> load("cmnli"))
        .hasMessageContainingAll("line 1", "expected the label entailment", "\"Neutral\"");
  }

  @Test
  void pairsAreReadFromAnArchiveAndItsFolderAlike() throws IOException {
    write(
        "cmnli_public.zip",
        zip(
            Map.of(
                "__MACOSX/cmnli/dev.json", "x", "cmnli/dev.json", PAIR, "cmnli/train.json", PAIR)));
    var zipped = load("cmnli");
    assertThat(zipped.origin().file()).endsWith("cmnli_public.zip!cmnli/dev.json");
    Files.delete(folder.resolve("cmnli_public.zip"));
    write("cmnli/cmnli_public/dev.json", PAIR);
    assertThat(load("cmnli").origin().sha256()).isEqualTo(zipped.origin().sha256());
    write("cmnli_public.zip", zip(Map.of("train.json", PAIR)));
    Files.delete(folder.resolve("cmnli/cmnli_public/dev.json"));
    assertThatThrownBy(() -> load("cmnli")).hasMessageContaining("expected an entry dev.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../dev.json", "/dev.json", "a/../../dev.json", "C:/dev.json", "a\\dev.json"})
  void anArchiveWithANameThatLeadsOutIsRefused(String name) throws IOException {
    var entries = new LinkedHashMap<String, String>();
    entries.put("dev.json", PAIR);
    entries.put(name, PAIR);
    write("cmnli_public.zip", zip(entries));
    assertThatThrownBy(() -> load("cmnli"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected names inside the archive");
  }

  @Test
  void anArchiveThatUnpacksToTooMuchIsRefused() throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("dev.json"));
      byte[] megabyte = new byte[1 << 20];
      for (int i = 0; i < 65; i++) {
        zip.write(megabyte);
      }
    }
    assertThat(bytes.size()).isLessThan(1 << 20);
    write("cmnli_public.zip", bytes.toByteArray());
    assertThatThrownBy(() -> load("cmnli"))
        .hasMessageContaining("expected at most 67,108,864 bytes");
  }

  @Test
  void aCutArchiveIsRefused() throws IOException {
    byte[] whole = zip(Map.of("dev.json", PAIR));
    write("cmnli_public.zip", java.util.Arrays.copyOf(whole, whole.length - 30));
    assertThatThrownBy(() -> load("cmnli"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected a zip archive");
  }

  @Test
  void examFieldsKeepTheirQuotesAndLines() throws IOException {
    write("dev/law_dev.csv", DEMO);
    write("val/law_val.csv", HEADER + "\r\n0,\"第一行\r\n说\"\"是\"\"，否\",\"甲,乙\", 乙 ,丙,丁,D\r\n");
    var exam = (SuiteData.Exam) load("ceval");
    var question = exam.questions().getFirst();
    assertThat(question.id()).isEqualTo("law/0");
    assertThat(question.question()).isEqualTo("第一行\r\n说\"是\"，否");
    assertThat(question.choices()).containsExactly("甲,乙", " 乙 ", "丙", "丁");
    assertThat(question.answer()).isEqualTo(3);
    assertThat(exam.subjects()).extracting(SuiteData.Subject::name).containsExactly("法学");
    assertThat(exam.demos().getOrDefault("law", List.of()).getFirst().explanation())
        .isEqualTo("因为");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1,问,甲,乙,丙,丁,E | line 4: expected the answer A, B, C or D, found \"E\"",
        "1,问,甲,乙,丙,丁,AB | line 4: expected the answer A, B, C or D, found \"AB\"",
        "1,问,甲,乙,丙,丁, | line 4: expected the answer A, B, C or D, found \"\"",
        "1,问,甲,乙,丙,丁 | line 4: expected 7 fields, found 6",
        "1,问,甲,乙,丙,丁,A,B | line 4: expected 7 fields, found 8",
        "0,问,甲,乙,丙,丁,A | line 4: expected each id once, found 0 again",
        "1,问,甲,,丙,丁,A | line 4: expected a text under \"B\", found none",
        "a/b,问,甲,乙,丙,丁,A | line 4: expected a number under \"id\", found \"a/b\"",
        "1,\"问,甲,乙,丙,丁,A | expected comma-separated values"
      })
  void aRowThatIsNoQuestionIsRefusedWithItsLine(String row, String message) throws IOException {
    write("dev/law_dev.csv", DEMO);
    write("val/law_val.csv", HEADER + "\r\n0,\"问\r\n题\",甲,乙,丙,丁,A\r\n" + row + "\r\n");
    assertThatThrownBy(() -> load("ceval"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("law_val.csv")
        .hasMessageContaining(message);
  }

  @Test
  void examFilesThatDoNotBelongTogetherAreRefused() throws IOException {
    write("val/law_val.csv", HEADER + "\r\n0,问,甲,乙,丙,丁,A\r\n");
    Files.createDirectories(folder.resolve("dev"));
    assertThatThrownBy(() -> load("ceval")).hasMessageContainingAll("law_dev.csv", "is missing");
    write("dev/law_dev.csv", DEMO);
    assertThat(load("ceval").size()).isEqualTo(1);
    write("val/cooking_val.csv", HEADER + "\r\n0,问,甲,乙,丙,丁,A\r\n");
    assertThatThrownBy(() -> load("ceval"))
        .hasMessageContainingAll("cooking_val.csv", "52 subjects");
    Files.delete(folder.resolve("val/cooking_val.csv"));
    write("val/law_val.csv", "id,question,A,B,C,D\r\n0,问,甲,乙,丙,丁\r\n");
    assertThatThrownBy(() -> load("ceval")).hasMessageContaining("line 1: expected the columns");
  }

  @Test
  void aTestSplitIsReadWithAnswersOrWithoutButNotMixed() throws IOException {
    write("dev/law_dev.csv", DEMO);
    write("dev/logic_dev.csv", DEMO);
    write("test/law_test.csv", "id,question,A,B,C,D\n0,问,甲,乙,丙,丁\n");
    assertThat(((SuiteData.Exam) load("ceval-test")).questions().getFirst().answer()).isEqualTo(-1);
    write("test/law_test.csv", HEADER + "\n0,问,甲,乙,丙,丁,B\n");
    assertThat(((SuiteData.Exam) load("ceval-test")).questions().getFirst().answer()).isEqualTo(1);
    write("test/logic_test.csv", "id,question,A,B,C,D\n0,问,甲,乙,丙,丁\n");
    assertThatThrownBy(() -> load("ceval-test"))
        .hasMessageContainingAll("expected the columns", "_test.csv");
  }

  @Test
  void verificationTellsCustomDamagedAndMissingDataApart() throws IOException {
    write("HumanEval.jsonl", PROBLEM);
    write("dev.json", "[]");
    assertThat(DataStore.at(folder).verify(Optional.empty()))
        .extracting(Verification::status)
        .containsExactly(
            Verification.Status.CUSTOM,
            Verification.Status.DAMAGED,
            Verification.Status.MISSING,
            Verification.Status.MISSING);
    assertThat(DataStore.at(folder).verify(Optional.empty()).getFirst().message())
        .matches(
            "not catalogued: 1 items, sha256 [0-9a-f]{12}\\.\\.\\.; "
                + "expected 164, 1d49078ba3e2\\.\\.\\. \\(openai/human-eval\\)");
  }

  private static byte[] zip(Map<String, String> entries) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      for (var entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
    return bytes.toByteArray();
  }
}
