package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.comparison.SuiteComparison.AverageDelta;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * C-Eval and CMNLI from files to the comparison, by rows of our own in the form of the official
 * ones, which no licence lets be committed: what {@link RealReplayTest} does where these are.
 */
class OwnRowsTest {
  private static final String HEADER = "id,question,A,B,C,D,answer";
  private static final List<String> LETTERS = List.of("A", "B", "C", "D");
  private static final List<String> LABELS = List.of("contradiction", "entailment", "neutral");

  @TempDir Path folder;
  private Path data;

  /** Two subjects of different sizes and categories, and pairs of which three share a premise. */
  @BeforeEach
  void write() throws IOException {
    data = folder.resolve("data");
    subject("college_physics", 8);
    subject("law", 4);
    List<String> pairs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      pairs.add(
          "{\"sentence1\":\"桌上有%d个苹果。\",\"sentence2\":\"第%d句。\",\"label\":\"%s\"}"
              .formatted(i / 3, i, i == 5 ? "-" : LABELS.get(i % 3)));
    }
    Files.createDirectories(data.resolve("cmnli"));
    Files.write(data.resolve("cmnli/dev.json"), pairs);
  }

  private void subject(String name, int size) throws IOException {
    var demos = new StringBuilder(HEADER + ",explanation\r\n");
    for (int i = 0; i < 5; i++) {
      demos.append("%d,\"例题%d，选哪个？\",甲,乙,丙,丁,%s,\r\n".formatted(i, i, LETTERS.get(i % 4)));
    }
    var questions = new StringBuilder(HEADER + "\r\n");
    for (int i = 0; i < size; i++) {
      questions.append(
          "%d,\"%s第%d题：\"\"多少\"\"？\",甲,乙,丙,丁,%s\r\n".formatted(i, name, i, LETTERS.get(i % 4)));
    }
    Files.createDirectories(data.resolve("ceval/dev"));
    Files.createDirectories(data.resolve("ceval/val"));
    Files.writeString(data.resolve("ceval/dev/%s_dev.csv".formatted(name)), demos);
    Files.writeString(data.resolve("ceval/val/%s_val.csv".formatted(name)), questions);
  }

  /** Recorded answers, all right but those of the items named. */
  private Path answers(String name, List<String> wrong) throws IOException {
    Path recording = Files.createDirectories(folder.resolve(name));
    List<String> exam = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      exam.add(answer("college_physics/%d".formatted(i), i, LETTERS, wrong));
      if (i < 4) {
        exam.add(answer("law/%d".formatted(i), i, LETTERS, wrong));
      }
    }
    Files.write(recording.resolve("ceval.jsonl"), exam);
    List<String> pairs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      if (i != 5) {
        pairs.add(answer(Integer.toString(i), i, LABELS, wrong));
      }
    }
    Files.write(recording.resolve("cmnli.jsonl"), pairs);
    return recording;
  }

  private static String answer(String id, int right, List<String> labels, List<String> wrong) {
    int chosen = wrong.contains(id) ? right + 1 : right;
    return "{\"id\":\"%s\",\"answer\":\"%s\"}".formatted(id, labels.get(chosen % labels.size()));
  }

  private Comparison compare(Path baseline, Path candidate, Path out) {
    return new QuantGate()
        .run(
            new RunRequest(
                "replay:%s".formatted(baseline),
                "replay:%s".formatted(candidate),
                RunPlan.of("ceval", "cmnli").withData(data, true),
                RunEnvironment.defaults(),
                GatePolicy.DEFAULT,
                out),
            Progress.Listener.NONE);
  }

  @Test
  void lossesGainsAndAveragesFollowFromTheRows() throws IOException {
    Path out = folder.resolve("out");
    Comparison comparison =
        compare(
            answers("fp16", List.of("law/3")),
            answers("int4", List.of("college_physics/0", "college_physics/5", "4")),
            out);

    SuiteComparison exam = comparison.suites().getFirst();
    assertThat(List.of(exam.items(), exam.losses(), exam.gains())).containsExactly(12, 2, 1);
    assertThat(exam.averages())
        .filteredOn(average -> average.name().equals("macro"))
        .extracting(AverageDelta::baseline, AverageDelta::candidate)
        .containsExactly(org.assertj.core.groups.Tuple.tuple((1 + 0.75) / 2, (0.75 + 1) / 2));
    SuiteComparison pairs = comparison.suites().getLast();
    assertThat(List.of(pairs.items(), pairs.losses(), pairs.gains())).containsExactly(11, 1, 0);
    assertThat(comparison.notes()).anyMatch(note -> note.contains("custom data"));
    List<Pair> told = ComparisonFolder.read(out).pairs(pairs).pairs();
    assertThat(told).extracting(Pair::cluster).doesNotContain(Optional.empty());
    assertThat(told.stream().map(Pair::cluster).distinct()).hasSize(4);
    assertThat(told).extracting(Pair::id).startsWith("0", "1", "2").doesNotContain("5");
  }

  @Test
  void rightAnswersScoreFull() throws IOException {
    Path right = answers("right", List.of());

    Comparison comparison = compare(right, right, folder.resolve("same"));

    assertThat(comparison.suites())
        .hasSize(2)
        .allSatisfy(suite -> assertThat(suite.baseline().score()).isEqualTo(1));
    assertThat(comparison.flips()).isEmpty();
  }
}
