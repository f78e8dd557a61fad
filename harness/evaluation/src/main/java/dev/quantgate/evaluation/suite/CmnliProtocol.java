package dev.quantgate.evaluation.suite;

import dev.quantgate.benchmarks.SuiteData.Label;
import dev.quantgate.benchmarks.SuiteData.SentencePair;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.protocol.Rule;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.ScoringRequest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * CMNLI as three configurations of OpenCompass ask it, without demos. No chat template is applied;
 * bos is added if the tokenizer's files say so.
 *
 * <p>The PPL variants compare whole texts (see {@link Rule#WHOLE_TEXT_MEAN}); the turns of question
 * and answer are joined by a line end, as OpenCompass does for models without a template of their
 * own.
 */
enum CmnliProtocol implements Protocol<PairItem> {
  /** {@code CLUE_cmnli_ppl_fdc6de}. */
  PPL_FDC6DE("ppl-fdc6de", "OpenCompass: the likeliest of three whole texts") {
    @Override
    Request request(SentencePair pair) {
      return new Request.Choose(
          scoring(
              "语句一：“%s”\n语句二：“%s”\n请问这两句话是什么关系？".formatted(pair.first(), pair.second()),
              "\n矛盾",
              "\n蕴含",
              "\n无关"),
          LABELS,
          Rule.WHOLE_TEXT_MEAN);
    }
  },
  /** {@code CLUE_cmnli_ppl_ef69e7}, in which the neutral label stands behind a text of its own. */
  PPL_EF69E7("ppl-ef69e7", "OpenCompass, older: neutral behind a text of its own") {
    @Override
    Request request(SentencePair pair) {
      return new Request.Choose(
          List.of(
              scoring(
                  "阅读文章：%s\n根据上文，回答如下问题：%s？".formatted(pair.first(), pair.second()), "\n错", "\n对"),
              scoring("如果%s为真，那么%s也为真吗？".formatted(pair.first(), pair.second()), "\n可能")),
          LABELS,
          Rule.WHOLE_TEXT_MEAN);
    }
  },
  /** {@code CLUE_cmnli_gen_1abf97}: the first upper-case letter of what the model writes. */
  GEN_1ABF97("gen-1abf97", "OpenCompass: the first capital letter that is written") {
    @Override
    Request request(SentencePair pair) {
      return new Request.Generate(
          new Prompt.Text(
              "语句一：“%s”\n语句二：“%s”\n请问这两句话是什么关系？\nA. 蕴含\nB. 矛盾\nC. 无关\n请从“A”，“B”，“C”中进行选择。\n答："
                  .formatted(pair.first(), pair.second())),
          Decoding.greedy(MAX_NEW_TOKENS, List.of()));
    }
  };

  /** In the order in which exact ties are broken. */
  private static final List<String> LABELS =
      Arrays.stream(Label.values()).map(label -> label.name().toLowerCase(Locale.ROOT)).toList();

  /** What A, B and C stand for, as indices of {@link #LABELS}. */
  private static final List<Integer> LETTERS =
      List.of(Label.ENTAILMENT.ordinal(), Label.CONTRADICTION.ordinal(), Label.NEUTRAL.ordinal());

  /** The usual length of OpenCompass' model configurations. */
  private static final int MAX_NEW_TOKENS = 100;

  private final String variant;
  private final String description;

  CmnliProtocol(String variant, String description) {
    this.variant = variant;
    this.description = description;
  }

  abstract Request request(SentencePair pair);

  String variant() {
    return variant;
  }

  String description() {
    return description;
  }

  @Override
  public String id() {
    return "cmnli/%s".formatted(variant);
  }

  @Override
  public List<Question> questions(List<PairItem> items, boolean chatTemplate) {
    return items.stream()
        .map(item ->
            new Question(
                item, request(item.pair()), new Key.Choice(item.pair().label().ordinal(), LABELS)))
        .toList();
  }

  @Override
  public Grading grade(Question question, Answer answer) {
    return switch (answer) {
      case Answer.Given(List<String> values) -> Grading.named(values.getFirst(), LABELS);
      case Answer.Scored(List<Answer.ChoiceScore> choices)
          when question.request() instanceof Request.Choose choose ->
          Grading.best(choices, choose.rule());
      case Answer.Scored scored ->
          throw new IllegalArgumentException(
              "%s reads what a model writes, no scores".formatted(id()));
      case Answer.Written(List<Answer.Text> samples) ->
          Letters.first(samples.getFirst().text(), LETTERS);
    };
  }

  private static ScoringRequest scoring(String text, String... continuations) {
    return new ScoringRequest(
        new Prompt.Text(text, ""),
        List.of(continuations),
        ScoringRequest.Join.WHOLE_TEXT,
        ScoringRequest.Detail.EVERY_TOKEN);
  }
}
