package dev.quantgate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.base.fixture.OfficialData;
import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.Verification.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The official files, where they are present. */
class RealDataTest {

  @Test
  void theOfficialProblemsAreReadAndKnown() {
    Path data = OfficialData.with("humaneval");
    var code = (SuiteData.Code) load("humaneval", data, false);
    assertThat(code.origin().catalogued()).isTrue();
    assertThat(code.origin().sha256()).startsWith("b796127e635a");
    assertThat(code.problems()).hasSize(164);
    assertThat(code.problems().get(163).id()).isEqualTo("HumanEval/163");
    assertThat(code.problems().stream().map(SuiteData.CodeProblem::entryPoint).distinct())
        .hasSize(158);
    assertThat(
            code.problems().stream()
                .filter(p ->
                    !p.prompt().chars().allMatch(c -> c < 128)
                        || !p.test().chars().allMatch(c -> c < 128)
                        || !p.canonicalSolution().chars().allMatch(c -> c < 128)))
        .hasSize(10);
  }

  @Test
  void unpackedProblemsAreTheSameData(@TempDir Path folder) throws IOException {
    Path data = OfficialData.with("humaneval");
    try (var in =
        new GZIPInputStream(Files.newInputStream(data.resolve("humaneval/HumanEval.jsonl.gz")))) {
      Files.write(folder.resolve("HumanEval.jsonl"), in.readAllBytes());
    }
    assertThat(load("humaneval", folder, false).origin())
        .extracting(SuiteData.Origin::catalogued, SuiteData.Origin::sha256)
        .containsExactly(true, load("humaneval", data, false).origin().sha256());
  }

  @Test
  void aFileWithAMissingRowIsRefusedWithBothCounts(@TempDir Path folder) throws IOException {
    Path data = OfficialData.with("humaneval");
    byte[] all;
    try (var in =
        new GZIPInputStream(Files.newInputStream(data.resolve("humaneval/HumanEval.jsonl.gz")))) {
      all = in.readAllBytes();
    }
    String text = new String(all, StandardCharsets.UTF_8);
    Files.writeString(folder.resolve("HumanEval.jsonl"), text.substring(text.indexOf('\n') + 1));
    assertThatThrownBy(() -> load("humaneval", folder, false))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll("163 problems", "164 problems", "--accept-data")
        .message()
        .satisfies(message -> assertThat(message.lines()).hasSize(2));
    var custom = load("humaneval", folder, true);
    assertThat(custom.size()).isEqualTo(163);
    assertThat(custom.origin().catalogued()).isFalse();
  }

  @Test
  void theExampleProblemNeedsToBeAccepted() {
    Path data = OfficialData.with("humaneval");
    Path example = data.resolve("humaneval/example_problem.jsonl");
    assertThatThrownBy(() -> load("humaneval", example, false)).hasMessageContaining("1 problems");
    var code = (SuiteData.Code) load("humaneval", example, true);
    assertThat(code.problems()).extracting(SuiteData.CodeProblem::id).containsExactly("test/0");
  }

  @Test
  void theSentencePairsAreReadAndKnown() {
    Path data = OfficialData.with("cmnli");
    var pairs = (SuiteData.Pairs) load("cmnli", data, false);
    assertThat(pairs.pairs()).hasSize(12_235);
    assertThat(pairs.origin().catalogued()).isTrue();
    assertThat(pairs.pairs().getFirst().label()).isEqualTo(SuiteData.Label.NEUTRAL);
    assertThat(pairs.pairs().getLast().id()).isEqualTo("12234");
    assertThat(pairs.pairs().stream().filter(p -> p.label() == SuiteData.Label.ENTAILMENT))
        .hasSize(4_272);
  }

  /**
   * The hashes are of all fields as Python's csv module reads them, with {@code \r\n} made {@code
   * \n}.
   */
  @Test
  void everyFieldOfTheExamIsReadAsPythonReadsIt() {
    Path data = OfficialData.with("ceval");
    var val = (SuiteData.Exam) load("ceval", data, false);
    assertThat(val.questions()).hasSize(1_346);
    assertThat(val.origin().sha256()).startsWith("68786deeea68");
    assertThat(digest(val))
        .isEqualTo("c9d0fcd3f447b24aa2aacb5c52d588e2e2c4874100c98ffb6808985df6966a39");
    var test = (SuiteData.Exam) load("ceval-test", data, false);
    assertThat(test.questions()).hasSize(12_342).allMatch(question -> question.answer() == -1);
    assertThat(digest(test))
        .isEqualTo("d4941e8644f7ec2a1e32dcc7a60c6737ff932c1098f6845cf81b0cd6707e71e0");
  }

  @Test
  void theSubjectsAreThoseOfTheOfficialMapping() throws IOException {
    Path data = OfficialData.with("ceval");
    var mapping =
        tools.jackson.databind.json.JsonMapper.shared()
            .readTree(Files.readString(data.resolve("ceval/subject_mapping.json")));
    var ours = CEvalReader.officialSubjects();
    assertThat(ours).hasSize(52).hasSize(mapping.size());
    assertThat(ours)
        .allSatisfy(subject -> {
          var theirs = mapping.path(subject.key());
          assertThat(subject.name()).isEqualTo(theirs.path(1).stringValue());
          assertThat(subject.category()).isEqualTo(theirs.path(2).stringValue());
        });
    assertThat(ours.stream().filter(SuiteData.Subject::hard)).hasSize(8);
    var val = (SuiteData.Exam) load("ceval", data, false);
    var hard = ours.stream().filter(SuiteData.Subject::hard).map(SuiteData.Subject::key).toList();
    assertThat(val.questions().stream().filter(q -> hard.contains(q.subject()))).hasSize(152);
    assertThat(val.questions().stream().filter(q -> in(val, q, "STEM"))).hasSize(430);
    assertThat(val.questions().stream().filter(q -> in(val, q, "Social Science"))).hasSize(275);
    assertThat(val.questions().stream().filter(q -> in(val, q, "Humanities"))).hasSize(257);
    assertThat(val.questions().stream().filter(q -> in(val, q, "Other"))).hasSize(384);
  }

  private static boolean in(SuiteData.Exam exam, ExamQuestion question, String category) {
    return exam.subjects().stream()
        .anyMatch(s -> s.key().equals(question.subject()) && s.category().equals(category));
  }

  @Test
  void anUnpackedExamIsTheSameDataAndOneWithoutARowIsNot(@TempDir Path folder) throws IOException {
    Path data = OfficialData.with("ceval");
    Path exam = folder.resolve("formal_ceval");
    try (var zip = new ZipInputStream(Files.newInputStream(data.resolve("ceval/ceval-exam.zip")))) {
      for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (!entry.isDirectory()) {
          Path file = exam.resolve(entry.getName());
          Files.createDirectories(file.getParent());
          var out = new ByteArrayOutputStream();
          zip.transferTo(out);
          Files.write(file, out.toByteArray());
        }
      }
    }
    assertThat(load("ceval", folder, false).origin().sha256())
        .isEqualTo(load("ceval", data, false).origin().sha256());
    assertThat(load("ceval-test", exam, false).origin().catalogued()).isTrue();

    Path law = exam.resolve("val/law_val.csv");
    String[] lines = Files.readString(law).split("(?<=\r\n)");
    Files.writeString(law, String.join("", Arrays.copyOf(lines, lines.length - 1)));
    assertThatThrownBy(() -> load("ceval", folder, false))
        .hasMessageContainingAll("1,345 questions", "1,346 questions", "52 subjects");
    assertThat(load("ceval-test", folder, false).size()).isEqualTo(12_342);
  }

  @Test
  void verificationSaysWhatTheFolderHolds() {
    Path data = OfficialData.with("humaneval", "cmnli", "ceval");
    assertThat(DataStore.at(data).verify(Optional.empty()))
        .extracting(Verification::suite, Verification::status, Verification::items)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("humaneval", Status.OFFICIAL, 164),
            org.assertj.core.groups.Tuple.tuple("cmnli", Status.OFFICIAL, 12_235),
            org.assertj.core.groups.Tuple.tuple("ceval", Status.OFFICIAL, 1_346),
            org.assertj.core.groups.Tuple.tuple("ceval-test", Status.OFFICIAL, 12_342));
  }

  @Test
  void aFolderServesInPlaceOfTheNetwork(@TempDir Path cache) {
    Path data = OfficialData.with("humaneval", "cmnli", "ceval");
    var store = DataStore.at(cache);
    var local = new FetchOptions(Optional.of(data), Optional.empty(), true);
    for (DataSet set : Catalogue.sets()) {
      assertThat(store.fetch(set, local, (file, done, total) -> {})).exists();
    }
    assertThat(store.verify(Optional.empty()))
        .extracting(Verification::status)
        .containsOnly(Status.OFFICIAL);
  }

  private static SuiteData load(String suite, Path folder, boolean accept) {
    return BenchmarkData.load(suite, new DataOptions(Optional.of(folder), accept));
  }

  private static String digest(SuiteData.Exam exam) {
    var all = new StringBuilder();
    new TreeMap<>(exam.demos())
        .forEach((subject, demos) -> {
          demos.forEach(demo -> append(all, demo));
          exam.questions().stream()
              .filter(question -> question.subject().equals(subject))
              .forEach(question -> append(all, question));
        });
    return Text.sha256(all.toString().replace("\r\n", "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static void append(StringBuilder all, ExamQuestion question) {
    all.append(question.id()).append('\u001f').append(question.question());
    List<String> choices = question.choices();
    choices.forEach(choice -> all.append('\u001f').append(choice));
    all.append('\u001f').append(question.answer());
    all.append('\u001f').append(question.explanation()).append('\u001e');
  }
}
