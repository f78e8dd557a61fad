package dev.quantgate.evaluation.suite;

import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.Prompt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * C-Eval as its authors, OpenCompass and lm-evaluation-harness ask it. No chat template is applied;
 * bos is added if the tokenizer's files say so.
 *
 * <p>Header and demos are the declared prefix: the same string for all questions of a subject.
 * Where a context is too short, demos are dropped one by one, from the front as the authors do,
 * under OpenCompass from the end as it does.
 *
 * <p>One thing is not as OpenCompass has it: it substitutes again in what it has substituted, which
 * puts choices into the three val questions whose LaTeX holds {@code {A}}, {@code {B}} or {@code
 * {C}}. Here they stay whole.
 *
 * @param variant its name behind the slash of {@link #id}
 * @param shots how many demos are shown
 * @param drop which demos go first where the context is too short
 * @param lineEnds what is made of the line ends inside a field
 */
record CEvalProtocol(
    String variant,
    String description,
    ExamTemplate template,
    int shots,
    Drop drop,
    LineEnds lineEnds)
    implements Protocol<ExamItem> {

  /** All variants, the default first. */
  static final List<CEvalProtocol> ALL =
      List.of(
          new CEvalProtocol(
              "official-5shot",
              "the authors' answer-only form: five demos, the likeliest letter",
              ExamTemplate.OFFICIAL,
              5,
              Drop.FROM_THE_FRONT,
              LineEnds.LINE_FEED),
          new CEvalProtocol(
              "official-0shot",
              "the same header without demos",
              ExamTemplate.OFFICIAL,
              0,
              Drop.FROM_THE_FRONT,
              LineEnds.LINE_FEED),
          new CEvalProtocol(
              "official-cot",
              "the authors' chain of thought: five explained demos, a written answer",
              ExamTemplate.OFFICIAL_COT,
              5,
              Drop.FROM_THE_FRONT,
              LineEnds.LINE_FEED),
          new CEvalProtocol(
              "opencompass-ppl",
              "OpenCompass ceval_ppl_578f8d: the likeliest whole text",
              ExamTemplate.OPENCOMPASS_PPL,
              5,
              Drop.FROM_THE_END,
              LineEnds.LINE_FEED),
          new CEvalProtocol(
              "opencompass-gen",
              "OpenCompass ceval_gen_5f30c7: the first capital letter written",
              ExamTemplate.OPENCOMPASS_GEN,
              5,
              Drop.FROM_THE_END,
              LineEnds.LINE_FEED),
          new CEvalProtocol(
              "lm-eval",
              "lm-evaluation-harness ceval-valid 2, without demos as is its default",
              ExamTemplate.LM_EVAL,
              0,
              Drop.FROM_THE_FRONT,
              LineEnds.AS_THEY_ARE),
          new CEvalProtocol(
              "lm-eval-5shot",
              "the same with --num_fewshot 5",
              ExamTemplate.LM_EVAL,
              5,
              Drop.FROM_THE_FRONT,
              LineEnds.AS_THEY_ARE),
          new CEvalProtocol(
              "cloze",
              "the choices are not shown, the likeliest of their texts wins; for small models",
              ExamTemplate.CLOZE,
              0,
              Drop.FROM_THE_FRONT,
              LineEnds.LINE_FEED));

  /** Which demos are left out first. */
  enum Drop {
    FROM_THE_FRONT,
    FROM_THE_END
  }

  /** What becomes of a carriage return before a line feed. */
  enum LineEnds {
    /** It goes, as in the authors' and OpenCompass' readers. */
    LINE_FEED,
    /** It stays, as lm-evaluation-harness has it. */
    AS_THEY_ARE
  }

  @Override
  public String id() {
    return "ceval/%s".formatted(variant);
  }

  @Override
  public List<Question> questions(List<ExamItem> items, boolean chatTemplate) {
    Map<String, List<String>> prefixes = new HashMap<>();
    var questions = new ArrayList<Question>(items.size());
    for (ExamItem item : items) {
      Subject subject = item.subject();
      ExamQuestion question = fitted(item.question());
      String rest = template.rest(subject, question);
      questions.add(
          new Question(
              item,
              prefixes.computeIfAbsent(subject.key(), key -> prefixes(item)).stream()
                  .map(prefix -> template.request(new Prompt.Text(prefix, rest), question))
                  .toList(),
              new Key.Choice(question.answer(), ExamTemplate.LABELS, question.choices())));
    }
    return List.copyOf(questions);
  }

  /** The prefix with all demos, then with one less each time. */
  private List<String> prefixes(ExamItem item) {
    List<ExamQuestion> demos = item.demos().stream().limit(shots).map(this::fitted).toList();
    if (demos.size() < shots) {
      throw new IllegalArgumentException(
          "%s wants %d demos, there are %d of %s"
              .formatted(id(), shots, demos.size(), item.subject().key()));
    }
    var prefixes = new ArrayList<String>();
    for (int dropped = 0; dropped <= shots; dropped++) {
      prefixes.add(
          template.prefix(
              item.subject(),
              switch (drop) {
                case FROM_THE_FRONT -> demos.subList(dropped, shots);
                case FROM_THE_END -> demos.subList(0, shots - dropped);
              }));
    }
    return prefixes;
  }

  /** The question with the line ends of this protocol. */
  private ExamQuestion fitted(ExamQuestion question) {
    UnaryOperator<String> fit =
        switch (lineEnds) {
          case LINE_FEED -> text -> text.replace("\r\n", "\n");
          case AS_THEY_ARE -> UnaryOperator.identity();
        };
    return new ExamQuestion(
        question.id(),
        question.subject(),
        fit.apply(question.question()),
        question.choices().stream().map(fit).toList(),
        question.answer(),
        fit.apply(question.explanation()));
  }

  @Override
  public Grading grade(Question question, Answer answer) {
    return switch (answer) {
      case Answer.Given(List<String> values) ->
          Grading.named(values.getFirst(), ExamTemplate.LABELS);
      case Answer.Scored(List<Answer.ChoiceScore> choices)
          when question.request() instanceof Request.Choose choose ->
          Grading.best(choices, choose.rule());
      case Answer.Scored scored ->
          throw new IllegalArgumentException(
              "%s reads what a model writes, no scores".formatted(id()));
      case Answer.Written(List<Answer.Text> samples)
          when question.key() instanceof Key.Choice key ->
          template.read(samples.getFirst().text(), key);
      case Answer.Written written ->
          throw new IllegalArgumentException(
              "%s is no question with choices".formatted(question.id()));
    };
  }
}
