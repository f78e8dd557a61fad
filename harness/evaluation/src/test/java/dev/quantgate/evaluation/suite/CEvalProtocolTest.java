package dev.quantgate.evaluation.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.protocol.Rule;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.ScoringRequest.Detail;
import dev.quantgate.inference.ScoringRequest.Join;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CEvalProtocolTest {
  private static final Subject LAW = new Subject("law", "法学", "Humanities", false);
  private static final ExamQuestion QUESTION =
      new ExamQuestion("law/0", "law", "\u3000问\n题____ ", List.of("甲", " 乙", "丙", "丁"), 2, "");

  private static SuiteData.Exam exam(int demos) {
    var worked = new ArrayList<ExamQuestion>();
    for (int i = 0; i < demos; i++) {
      worked.add(
          new ExamQuestion(
              "law/" + i, "law", "例" + i, List.of("a", "b", "c", "d"), i % 4, "1. 因为" + i));
    }
    return new SuiteData.Exam(
        new SuiteData.Origin("starter-exam", "inline", "", false),
        List.of(LAW),
        List.of(QUESTION),
        Map.of("law", worked));
  }

  private static Protocol<ExamItem> protocol(String variant) {
    return new ExamSuite("ceval", "", options -> exam(6)).protocol(variant, Layout.OPENAI);
  }

  private static List<Question> questions(String variant, SuiteData.Exam exam) {
    return protocol(variant).questions(ExamItem.of(exam), false);
  }

  private static Question question(String variant) {
    var questions = questions(variant, exam(6));
    assertThat(questions).hasSize(1);
    return questions.getFirst();
  }

  private static Prompt.Text prompt(Request request) {
    return (Prompt.Text)
        switch (request) {
          case Request.Generate generate -> generate.prompt();
          case Request.Choose choose -> choose.requests().getFirst().prompt();
        };
  }

  @Test
  void theOfficialFormHasAHeaderFiveDemosAndAnOpenAnswer() {
    var text = prompt(question("official-5shot").request());
    assertThat(text.prefix())
        .isEqualTo(
            """
            以下是中国关于法学考试的单项选择题，请选出其中的正确答案。

            例0
            A. a
            B. b
            C. c
            D. d
            答案：A

            例1
            A. a
            B. b
            C. c
            D. d
            答案：B

            例2
            A. a
            B. b
            C. c
            D. d
            答案：C

            例3
            A. a
            B. b
            C. c
            D. d
            答案：D

            例4
            A. a
            B. b
            C. c
            D. d
            答案：A

            """);
    assertThat(text.rest()).isEqualTo("\u3000问\n题____ \nA. 甲\nB.  乙\nC. 丙\nD. 丁\n答案：");
    assertThat(question("official-5shot").request())
        .isEqualTo(
            new Request.Choose(
                new ScoringRequest(
                    text, List.of("A", "B", "C", "D"), Join.APPENDED, Detail.CONTINUATION),
                List.of("A", "B", "C", "D"),
                Rule.CONTINUATION_SUM));
    assertThat(question("official-5shot").key())
        .isEqualTo(new Key.Choice(2, List.of("A", "B", "C", "D"), QUESTION.choices()));
  }

  @Test
  void withoutDemosTheHeaderStays() {
    var text = prompt(question("official-0shot").request());
    assertThat(text.prefix()).isEqualTo("以下是中国关于法学考试的单项选择题，请选出其中的正确答案。\n\n");
    assertThat(text.rest()).isEqualTo(prompt(question("official-5shot").request()).rest());
    assertThat(question("official-0shot").requests()).hasSize(1);
  }

  @Test
  void theClozeFormHidesTheChoicesAndComparesTheirTexts() {
    Question cloze = question("cloze");
    assertThat(cloze.requests())
        .containsExactly(
            new Request.Choose(
                new ScoringRequest(
                    new Prompt.Text("", "\u3000问\n题____ \n答案："),
                    QUESTION.choices(),
                    Join.APPENDED,
                    Detail.CONTINUATION),
                List.of("A", "B", "C", "D"),
                Rule.CONTINUATION_SUM));
  }

  @Test
  void demosAreDroppedFromTheFrontOneByOne() {
    var requests = question("official-5shot").requests();
    assertThat(requests).hasSize(6);
    for (int dropped = 0; dropped < 6; dropped++) {
      String prefix = prompt(requests.get(dropped)).prefix();
      assertThat(prefix).startsWith("以下是中国关于法学考试的单项选择题，请选出其中的正确答案。\n\n");
      for (int demo = 0; demo < 5; demo++) {
        assertThat(prefix.contains("例" + demo + "\n")).isEqualTo(demo >= dropped);
      }
    }
    assertThat(requests.getLast()).isEqualTo(question("official-0shot").request());
  }

  @Test
  void opencompassDropsDemosFromTheEnd() {
    for (String variant : List.of("opencompass-ppl", "opencompass-gen")) {
      var requests = question(variant).requests();
      assertThat(requests).hasSize(6);
      for (int dropped = 0; dropped < 6; dropped++) {
        for (int demo = 0; demo < 5; demo++) {
          assertThat(prompt(requests.get(dropped)).prefix().contains("例" + demo + "\n"))
              .isEqualTo(demo < 5 - dropped);
        }
      }
    }
  }

  @Test
  void questionsOfASubjectShareTheirPrefix() {
    var exam = exam(5);
    var two =
        new SuiteData.Exam(
            exam.origin(), exam.subjects(), List.of(QUESTION, QUESTION), exam.demos());
    var questions = questions("official-5shot", two);
    assertThat(prompt(questions.get(0).request()).prefix())
        .isSameAs(prompt(questions.get(1).request()).prefix());
  }

  @Test
  void theChainOfThoughtShowsExplanationsAndBeginsOne() {
    var request = (Request.Generate) question("official-cot").request();
    assertThat(prompt(request).prefix())
        .startsWith(
            """
            以下是中国关于法学考试的单项选择题，请选出其中的正确答案。

            例0
            A. a
            B. b
            C. c
            D. d
            答案：让我们一步一步思考，
            1. 因为0
            所以答案是A。

            例1
            """)
        .endsWith("\n答案：让我们一步一步思考，\n1. 因为4\n所以答案是A。\n\n");
    assertThat(prompt(request).rest())
        .isEqualTo("\u3000问\n题____ \nA. 甲\nB.  乙\nC. 丙\nD. 丁\n答案：让我们一步一步思考，\n1.");
    assertThat(request.decoding()).isEqualTo(Decoding.greedy(512, List.of("让我们一步一步思考")));
  }

  /** What the evaluator of C-Eval's authors makes of each continuation; the right choice is 丙. */
  static Stream<Arguments> thoughts() {
    return Stream.of(
        arguments(" 因为甲大于乙。\n所以答案是C。\n\n下一题\nA. x\n答案：让我们一步一步思考，\n1. 所以答案是D。", 2),
        arguments(" 显然选择B", 1),
        arguments("因此\n所以答案是：D。\n", 3),
        arguments(" 故C。", 2),
        arguments(" 丙", 2),
        arguments(" 甲乙", -1),
        arguments("答案是丙。", -1),
        arguments(" 我不知道", -1),
        arguments(" 只有A正确。", 0),
        arguments("\n2. 推理。\n因此B是正确的。", 1),
        arguments(" 分析\n所以 A", 0),
        arguments("", -1),
        arguments(" 答案为丁", -1),
        arguments("答案应该是\u3000B", 1),
        arguments(" 考虑 A，再考虑 B。\n选项D正确", 3));
  }

  @ParameterizedTest
  @MethodSource("thoughts")
  void aThoughtIsReadAsTheAuthorsRead(String text, int choice) {
    var question = question("official-cot");
    var chosen =
        (Grading.Chosen)
            protocol("official-cot")
                .grade(
                    question,
                    new Answer.Written(
                        List.of(new Answer.Text(text, Generation.End.EOS, List.of()))));
    assertThat(chosen.index().orElse(-1)).isEqualTo(choice);
  }

  @Test
  void opencompassRepeatsTheHeaderAndJoinsTurnsByLineEnds() {
    String block = "以下是中国关于法学考试的单项选择题，请选出其中的正确答案。\n例%d\nA. a\nB. b\nC. c\nD. d\n答案: ";
    var gen = (Request.Generate) question("opencompass-gen").request();
    assertThat(prompt(gen).text())
        .startsWith((block + "\nA\n" + block + "\nB\n").formatted(0, 1))
        .endsWith(
            (block + "\nA\n").formatted(4)
                + "以下是中国关于法学考试的单项选择题，请选出其中的正确答案。\n\u3000问\n题____ \nA. 甲\nB.  乙\nC. 丙\nD. 丁\n答案: ");
    assertThat(gen.decoding()).isEqualTo(Decoding.greedy(100, List.of()));

    var ppl = (Request.Choose) question("opencompass-ppl").request();
    assertThat(prompt(ppl).text())
        .startsWith((block + "\nA\n\n\n" + block + "\nB\n\n\n").formatted(0, 1))
        .contains((block + "\nA\n\n\n\n\n").formatted(4) + "以下是中国关于法学考试")
        .endsWith("\nD. 丁\n答案: ");
    assertThat(ppl.requests().getFirst().continuations())
        .containsExactly("\nA", "\nB", "\nC", "\nD");
    assertThat(ppl.requests().getFirst().detail()).isEqualTo(Detail.EVERY_TOKEN);
    assertThat(ppl.rule()).isEqualTo(Rule.WHOLE_TEXT_MEAN);
  }

  @Test
  void lmEvalStripsTheQuestionAndPutsASpaceBeforeTheAnswer() {
    var zero = (Request.Choose) question("lm-eval").request();
    assertThat(prompt(zero).text())
        .isEqualTo("以下是中国关于法学的单项选择题，请选出其中的正确答案。\n\n问\n题____\nA. 甲\nB.  乙\nC. 丙\nD. 丁\n答案：");
    assertThat(zero.requests().getFirst())
        .extracting(ScoringRequest::continuations, ScoringRequest::join, ScoringRequest::detail)
        .containsExactly(List.of(" A", " B", " C", " D"), Join.WHOLE_TEXT, Detail.CONTINUATION);
    var five = prompt(question("lm-eval-5shot").request());
    assertThat(five.prefix())
        .startsWith("以下是中国关于法学的单项选择题，请选出其中的正确答案。\n\n例0\nA. a\nB. b\nC. c\nD. d\n答案： A\n\n例1\nA. a")
        .endsWith("例4\nA. a\nB. b\nC. c\nD. d\n答案： A\n\n");
    assertThat(five.rest()).isEqualTo(prompt(zero).rest());
  }

  @ParameterizedTest
  @ValueSource(strings = {"official-5shot", "official-cot", "opencompass-ppl", "lm-eval-5shot"})
  void tooFewDemosAreRefused(String variant) {
    assertThatThrownBy(() -> questions(variant, exam(4)))
        .hasMessage("ceval/" + variant + " wants 5 demos, there are 4 of law");
  }

  @Test
  void aQuestionWithoutAnAnswerKeepsAnUnknownKey() {
    var exam = exam(5);
    var unlabelled = new ExamQuestion("law/0", "law", "问", List.of("甲", "乙", "丙", "丁"), -1, "");
    var data =
        new SuiteData.Exam(exam.origin(), exam.subjects(), List.of(unlabelled), exam.demos());
    assertThat(((Key.Choice) questions("official-5shot", data).getFirst().key()).label()).isEmpty();
  }

  @Test
  void unknownNamesAreAnsweredWithTheKnownOnes() {
    assertThatThrownBy(() -> protocol("mine"))
        .hasMessageContainingAll(
            "unknown protocol \"mine\" for ceval", "official-5shot", "lm-eval-5shot");
  }

  @Test
  void onlyLmEvalKeepsCarriageReturns() {
    var exam = exam(5);
    var question =
        new ExamQuestion("law/0", "law", "问\r\n题", List.of("甲\r\n", "乙", "丙", "丁"), 0, "");
    var demos =
        Map.of(
            "law",
            exam.demos().getOrDefault("law", List.of()).stream()
                .map(demo ->
                    new ExamQuestion(
                        demo.id(),
                        "law",
                        "例\r\n" + demo.id(),
                        demo.choices(),
                        demo.answer(),
                        "一\r\n二"))
                .toList());
    var lines = new SuiteData.Exam(exam.origin(), exam.subjects(), List.of(question), demos);
    for (CEvalProtocol protocol : CEvalProtocol.ALL) {
      var asked = questions(protocol.variant(), lines).getFirst();
      boolean kept = protocol.variant().startsWith("lm-eval");
      for (Request request : asked.requests()) {
        String text = prompt(request).text();
        assertThat(text.contains("问\r\n题")).isEqualTo(kept);
        assertThat(text.contains("问\n题")).isEqualTo(!kept);
        assertThat(text.contains("\r")).isEqualTo(kept);
      }
      assertThat(((Key.Choice) asked.key()).texts().getFirst()).isEqualTo(kept ? "甲\r\n" : "甲\n");
    }
    assertThat(prompt(questions("lm-eval-5shot", lines).getFirst().request()).prefix())
        .contains("例\r\nlaw/0");
  }
}
