package dev.quantgate.evaluation.suite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Answer.ChoiceScore;
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
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CmnliProtocolTest {
  /** A sentence may hold what a template would replace. */
  private static final SuiteData.Pairs DATA =
      new SuiteData.Pairs(
          new SuiteData.Origin("starter-nli", "inline", "", false),
          List.of(
              new SuiteData.SentencePair(
                  "7", "他在{sentence2}睡觉%s", "他醒着\\n", SuiteData.Label.CONTRADICTION)));

  private static final PairSuite SUITE = new PairSuite("cmnli", "", options -> DATA);

  private static Protocol<PairItem> protocol(String variant) {
    return SUITE.protocol(variant, Layout.OPENAI);
  }

  private static Question question(String variant) {
    var questions = protocol(variant).questions(PairItem.of(DATA), true);
    assertThat(questions).hasSize(1);
    assertThat(questions.getFirst().requests()).hasSize(1);
    return questions.getFirst();
  }

  @Test
  void theDefaultComparesThreeEndingsOfOneText() {
    var question =
        protocol(SUITE.protocols().getFirst().name())
            .questions(PairItem.of(DATA), false)
            .getFirst();
    assertThat(question).isEqualTo(question("ppl-fdc6de"));
    assertThat(question.id()).isEqualTo("7");
    assertThat(question.key())
        .isEqualTo(new Key.Choice(0, List.of("contradiction", "entailment", "neutral")));
    assertThat(question.request())
        .isEqualTo(
            new Request.Choose(
                new ScoringRequest(
                    new Prompt.Text("语句一：“他在{sentence2}睡觉%s”\n语句二：“他醒着\\n”\n请问这两句话是什么关系？", ""),
                    List.of("\n矛盾", "\n蕴含", "\n无关"),
                    ScoringRequest.Join.WHOLE_TEXT,
                    ScoringRequest.Detail.EVERY_TOKEN),
                List.of("contradiction", "entailment", "neutral"),
                Rule.WHOLE_TEXT_MEAN));
  }

  @Test
  void theOlderVariantAsksForNeutralInOtherWords() {
    var choose = (Request.Choose) question("ppl-ef69e7").request();
    assertThat(choose.requests())
        .extracting(request -> ((Prompt.Text) request.prompt()).text())
        .containsExactly(
            "阅读文章：他在{sentence2}睡觉%s\n根据上文，回答如下问题：他醒着\\n？", "如果他在{sentence2}睡觉%s为真，那么他醒着\\n也为真吗？");
    assertThat(choose.requests())
        .extracting(ScoringRequest::continuations)
        .containsExactly(List.of("\n错", "\n对"), List.of("\n可能"));
    assertThat(choose.labels()).containsExactly("contradiction", "entailment", "neutral");
  }

  @Test
  void theGenerativeVariantAsksForALetter() {
    assertThat(question("gen-1abf97").request())
        .isEqualTo(
            new Request.Generate(
                new Prompt.Text(
                    "语句一：“他在{sentence2}睡觉%s”\n语句二：“他醒着\\n”\n请问这两句话是什么关系？\nA. 蕴含\nB. 矛盾\nC. 无关\n"
                        + "请从“A”，“B”，“C”中进行选择。\n答："),
                Decoding.greedy(100, List.of())));
  }

  @ParameterizedTest
  @CsvSource({
    "A,1",
    "'B. 矛盾',0",
    "' 答案是C',2",
    "'b, also A',1",
    "D,-1",
    "'I think B',-1",
    "'',-1",
    "蕴含,-1",
    "'Ａ A',-1"
  })
  void theFirstCapitalDecides(String text, int choice) {
    var chosen =
        (Grading.Chosen)
            protocol("gen-1abf97")
                .grade(
                    question("gen-1abf97"),
                    new Answer.Written(
                        List.of(new Answer.Text(text, Generation.End.LENGTH, List.of()))));
    assertThat(chosen.index()).isEqualTo(choice < 0 ? OptionalInt.empty() : OptionalInt.of(choice));
    assertThat(chosen.margin()).isEmpty();
  }

  @Test
  void wholeTextsAreComparedByTheirMeanAndTiesGoToTheFirst() {
    var protocol = protocol("ppl-fdc6de");
    var question = question("ppl-fdc6de");
    // The last one has the likeliest continuation and the unlikeliest whole text.
    var scored =
        new Answer.Scored(
            List.of(
                new ChoiceScore(-4, 2, -30, 20),
                new ChoiceScore(-3, 2, -28, 20),
                new ChoiceScore(-1, 1, -40, 20)));
    assertThat(protocol.grade(question, scored))
        .isEqualTo(new Grading.Chosen(OptionalInt.of(1), OptionalDouble.of(-1.4 - -1.5)));
    var tied = new ChoiceScore(-1, 1, -10, 20);
    var chosen =
        (Grading.Chosen) protocol.grade(question, new Answer.Scored(List.of(tied, tied, tied)));
    assertThat(chosen.index()).hasValue(0);
    assertThat(chosen.tied()).isTrue();
  }

  @Test
  void recordedAnswersAreLabels() {
    var chosen =
        (Grading.Chosen)
            protocol("gen-1abf97")
                .grade(question("gen-1abf97"), new Answer.Given(List.of("entailment")));
    assertThat(chosen.index()).hasValue(1);
  }
}
