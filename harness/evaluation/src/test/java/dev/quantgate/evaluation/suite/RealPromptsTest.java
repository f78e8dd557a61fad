package dev.quantgate.evaluation.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.base.fixture.OfficialData;
import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.protocol.Averages;
import dev.quantgate.evaluation.protocol.Averages.Average;
import dev.quantgate.evaluation.protocol.Averages.ItemScore;
import dev.quantgate.evaluation.protocol.Item;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.protocol.Rule;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.ScoringRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** Every prompt of the official data, against hashes of what the harnesses themselves rendered. */
class RealPromptsTest {

  /**
   * By protocol, of the catalogued files: sha256 over all items in order, each its id, its text
   * (under a whole-text rule: the text of each choice with its ending) and, for other choices,
   * their endings, separated by U+001F and ended by U+001E. Rendered once by lm_eval 0.4.13
   * (humaneval/base and instruct, ceval/lm-eval), by OpenCompass' template classes and
   * configurations (commit a5acc4bb), by the evaluator of hkust-nlp/ceval (cba65ae), and by
   * formulas after bigcode-evaluation-harness (8fc5bae6) and codefuse-evaluation (09a4f2a),
   * ceval/cloze by a line of Python. {@code \r\n} in fields was made {@code \n} first, but for
   * ceval/lm-eval, which keeps it, and OpenCompass was made to substitute once: its own repeated
   * substitution puts choices into three questions whose LaTeX holds {@code {A}}, {@code {B}} or
   * {@code {C}}.
   */
  private static final Map<String, String> RENDERED =
      Map.ofEntries(
          Map.entry(
              "ceval/cloze", "ee256ed9252a84215b15b42680ae96712883f8c1bd556dc6fd9662e57f594a33"),
          Map.entry(
              "ceval/lm-eval", "958bf2e4b5c38b95f22053e49d0a2bb61dde410ab376a2f83265a70f78168d0f"),
          Map.entry(
              "ceval/lm-eval-5shot",
              "1de7fd9279e38379ff27079fcbcd8ddc8844794243e443fe351663af70453a82"),
          Map.entry(
              "ceval/official-0shot",
              "c93f237a3903ce5b46bc0699b3fec3c7cd26d4dac36c843fef2f73648b5c4600"),
          Map.entry(
              "ceval/official-5shot",
              "983a4aff624204de998fa9450835cce5eefd50b7c44697b868e7ef1adb59a8fa"),
          Map.entry(
              "ceval/official-cot",
              "1fa3b7d50656b6b019e55dc4a08127c3d142411e0ccadb231f7fe2ffd16625b8"),
          Map.entry(
              "ceval/opencompass-gen",
              "92acee1a3129f68359e716db2aa1c0e070ba9356fa40c1825330b50a5e457798"),
          Map.entry(
              "ceval/opencompass-ppl",
              "a81ce83379b562057417936e39cd83c6605b87ee22325ab26eb38a09d535a9ea"),
          Map.entry(
              "cmnli/gen-1abf97",
              "7479a4997515da9beec2c19679672bc87b5b86a866e0b4e5f928e8207b0686fe"),
          Map.entry(
              "cmnli/ppl-ef69e7",
              "706b55160f2898416cf305770218a4931b467bd3533979d7fb38a159dd9ca210"),
          Map.entry(
              "cmnli/ppl-fdc6de",
              "274a0c8703a9853dfdf9ef54eaaa4854de27a3bef30506cfdf44c24f5e8ae9ec"),
          Map.entry(
              "humaneval/base", "7b5907445e8aefff476df9445d3db02bc4e3f863b863095dea4c51afdb990334"),
          Map.entry(
              "humaneval/bigcode",
              "58bed72fdad525cc229689e92428b832f9f18022be8053015bcb1e12a24b74f2"),
          Map.entry(
              "humaneval/codefuse",
              "da0eb56edf50c6ecb7ec93c9d13fc42aa2712ee75f56197d756f1813a7e6878e"),
          Map.entry(
              "humaneval/instruct",
              "b1d759b2ae3f171c3b4d37b93d18d95dbffdd80af4038fd704f153a3120e0ded"),
          Map.entry(
              "humaneval/opencompass",
              "7c9f136e059923f5894ebad2b0447fea5b4549a83170891b21f92d1df74840b2"));

  private static DataOptions data(String suite) {
    return new DataOptions(Optional.of(OfficialData.with(suite)), false);
  }

  private static <I extends Item> List<Question> questions(Suite<I> suite, String variant) {
    var items = suite.load(data(suite.name())).items();
    var questions = suite.protocol(variant, Layout.OPENAI).questions(items, false);
    assertThat(questions).hasSameSizeAs(items);
    return questions;
  }

  static List<String> protocols() {
    return new ArrayList<>(new TreeSet<>(RENDERED.keySet()));
  }

  @ParameterizedTest
  @MethodSource("protocols")
  void everyPromptIsWhatTheHarnessRenders(String id) {
    String suite = id.substring(0, id.indexOf('/'));
    String variant = id.substring(id.indexOf('/') + 1);
    var questions = questions(Suites.find(suite), variant);
    assertThat(questions).hasSizeGreaterThan(100);
    var digest = sha256();
    for (Question question : questions) {
      digest.update(rendered(question).getBytes(StandardCharsets.UTF_8));
    }
    assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(RENDERED.get(id));
  }

  @Test
  void everyProtocolOfTheOfficialSuitesIsCompared() {
    var known = new TreeSet<String>();
    for (String suite : List.of("humaneval", "cmnli", "ceval")) {
      Suites.find(suite).protocols().forEach(v -> known.add(suite + "/" + v.name()));
    }
    assertThat(RENDERED.keySet()).hasSize(16).containsExactlyInAnyOrderElementsOf(known);
  }

  private static String rendered(Question question) {
    var parts = new ArrayList<String>();
    parts.add(question.id());
    switch (question.request()) {
      case Request.Generate(Prompt prompt, var decoding) -> parts.add(text(prompt));
      case Request.Choose(var requests, var labels, var rule) -> {
        for (ScoringRequest request : requests) {
          if (rule == Rule.WHOLE_TEXT_MEAN) {
            request.continuations().forEach(ending -> parts.add(text(request.prompt()) + ending));
          } else {
            parts.add(text(request.prompt()));
            parts.addAll(request.continuations());
          }
        }
      }
    }
    return String.join("\u001f", parts) + "\u001e";
  }

  private static String text(Prompt prompt) {
    return ((Prompt.Text) prompt).text();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** So many right answers in each subject give the aggregates of a public report. */
  @Test
  void theAveragesAreThoseOfAPublicReport() throws IOException {
    var golden =
        JsonMapper.shared()
            .readTree(Files.readString(OfficialData.with("ceval").resolve("ceval/golden-counts.json")));
    var exam = BenchmarkData.ceval(data("ceval"));
    var left = new TreeMap<String, Integer>();
    var asked = new TreeMap<String, Integer>();
    golden
        .path("subjects")
        .properties()
        .forEach(subject -> {
          left.put(subject.getKey(), subject.getValue().path(0).intValue());
          asked.put(subject.getKey(), subject.getValue().path(1).intValue());
        });
    assertThat(left).hasSize(52);
    var scores = new ArrayList<ItemScore>();
    for (var question : exam.questions()) {
      int right = left.merge(question.subject(), -1, Integer::sum) >= 0 ? 1 : 0;
      scores.add(new ItemScore(question.id(), question.subject(), 1, right));
      asked.merge(question.subject(), -1, Integer::sum);
    }
    assertThat(asked.values()).containsOnly(0);
    assertThat(scores.stream().mapToInt(ItemScore::right).sum()).isEqualTo(997);

    Map<String, Average> averages =
        Averages.ofSubjects(exam.subjects(), scores).stream()
            .collect(Collectors.toMap(Average::name, average -> average));
    Map.of(
            "macro", "macro",
            "micro", "micro",
            "STEM", "category/STEM",
            "Social Science", "category/Social Science",
            "Humanities", "category/Humanities",
            "Other", "category/Other")
        .forEach((theirs, ours) ->
            assertThat(score(averages, ours))
                .as(ours)
                .isCloseTo(golden.path(theirs).doubleValue(), within(5e-5)));
    assertThat(averages).hasSize(2 + 4 + 1 + 52);
    assertThat(Optional.ofNullable(averages.get("hard")).map(Average::items)).contains(152);
  }

  private static double score(Map<String, Average> averages, String name) {
    return 100 * Optional.ofNullable(averages.get(name)).orElseThrow().score();
  }
}
