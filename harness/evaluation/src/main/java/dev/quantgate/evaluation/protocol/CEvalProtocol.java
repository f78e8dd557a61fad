package dev.quantgate.evaluation.protocol;

import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.ScoringRequest.Detail;
import dev.quantgate.inference.ScoringRequest.Join;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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
 */
enum CEvalProtocol implements Protocol {
  /** The authors' answer-only form: the likeliest of the single tokens A to D comes next. */
  OFFICIAL_5SHOT("official-5shot", 5) {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return examHeader(subject)
          + demos.stream()
              .map(demo -> body(demo) + "\n答案：" + letter(demo) + "\n\n")
              .collect(Collectors.joining());
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return body(question) + "\n答案：";
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return new Request.Choose(
          new ScoringRequest(prompt, LABELS, Join.APPENDED, Detail.CONTINUATION),
          LABELS,
          Rule.CONTINUATION_SUM);
    }
  },
  /** The same header without demos. */
  OFFICIAL_0SHOT("official-0shot", 0) {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return OFFICIAL_5SHOT.prefix(subject, demos);
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return OFFICIAL_5SHOT.rest(subject, question);
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return OFFICIAL_5SHOT.request(prompt, question);
    }
  },
  /**
   * The authors' chain of thought: the demos explain themselves, the answer is found by patterns.
   */
  OFFICIAL_COT("official-cot", 5) {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return examHeader(subject)
          + demos.stream()
              .map(demo ->
                  body(demo)
                      + "\n答案："
                      + THINK
                      + "，\n"
                      + demo.explanation()
                      + "\n所以答案是"
                      + letter(demo)
                      + "。\n\n")
              .collect(Collectors.joining());
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return body(question) + "\n答案：" + THOUGHT_BEGUN;
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      // What comes behind the next question's invitation to think is never looked at.
      return new Request.Generate(prompt, Decoding.greedy(512, List.of(THINK)));
    }

    @Override
    Grading.Chosen read(String text, Key.Choice key) {
      return thought(text, key);
    }
  },
  /** {@code ceval_ppl_578f8d}: whole texts are compared. */
  OPENCOMPASS_PPL("opencompass-ppl", 5) {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      // A template for each label gets separators of its own, each of which the joining of turns
      // surrounds with line ends.
      return demos.isEmpty()
          ? "\n\n"
          : demos.stream()
              .map(demo -> rest(subject, demo) + "\n" + letter(demo))
              .collect(Collectors.joining("\n\n\n", "", "\n\n\n\n\n"));
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return "以下是中国关于" + subject.name() + "考试的单项选择题，请选出其中的正确答案。\n" + body(question) + "\n答案: ";
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return new Request.Choose(
          new ScoringRequest(
              prompt,
              LABELS.stream().map(label -> "\n" + label).toList(),
              Join.WHOLE_TEXT,
              Detail.EVERY_TOKEN),
          LABELS,
          Rule.WHOLE_TEXT_MEAN);
    }
  },
  /** {@code ceval_gen_5f30c7}: the first upper-case letter of what the model writes. */
  OPENCOMPASS_GEN("opencompass-gen", 5) {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return demos.isEmpty()
          ? "\n"
          : demos.stream()
              .map(demo -> rest(subject, demo) + "\n" + letter(demo) + "\n")
              .collect(Collectors.joining());
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return OPENCOMPASS_PPL.rest(subject, question);
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return new Request.Generate(prompt, Decoding.greedy(100, List.of()));
    }
  },
  /** {@code ceval-valid} version 2 of lm-evaluation-harness, without demos as is its default. */
  LM_EVAL("lm-eval", 0) {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return "以下是中国关于"
          + subject.name()
          + "的单项选择题，请选出其中的正确答案。\n\n"
          + demos.stream()
              .map(demo -> rest(subject, demo) + " " + letter(demo) + "\n\n")
              .collect(Collectors.joining());
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return body(PythonText.strip(question.question()), question.choices()) + "\n答案：";
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return new Request.Choose(
          new ScoringRequest(
              prompt,
              LABELS.stream().map(label -> " " + label).toList(),
              Join.WHOLE_TEXT,
              Detail.CONTINUATION),
          LABELS,
          Rule.CONTINUATION_SUM);
    }
  },
  /** The same with {@code --num_fewshot 5}. */
  LM_EVAL_5SHOT("lm-eval-5shot", 5) {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return LM_EVAL.prefix(subject, demos);
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return LM_EVAL.rest(subject, question);
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return LM_EVAL.request(prompt, question);
    }
  },
  /**
   * The cloze form of ARC and OpenBookQA in lm-evaluation-harness ({@code acc}), in Chinese: the
   * choices are not shown, the likeliest of their texts wins. For models too small to find the
   * letter of what they know, whose score in the other forms is chance whatever quantisation does.
   */
  CLOZE("cloze", 0) {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return "";
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return question.question() + "\n答案：";
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return new Request.Choose(
          new ScoringRequest(prompt, question.choices(), Join.APPENDED, Detail.CONTINUATION),
          LABELS,
          Rule.CONTINUATION_SUM);
    }
  };

  private static final List<String> LABELS = List.of("A", "B", "C", "D");
  private static final String THINK = "让我们一步一步思考";
  private static final String THOUGHT_BEGUN = THINK + "，\n1.";

  /**
   * The patterns of the authors' evaluator, in its order: the first that occurs anywhere decides.
   */
  private static final List<Pattern> ANSWERS =
      List.of(
              "答案是?\\s?([ABCD])",
              "答案是?\\s?：([ABCD])",
              "答案是?\\s?:([ABCD])",
              "答案应该?是\\s?([ABCD])",
              "答案应该?选\\s?([ABCD])",
              "答案为\\s?([ABCD])",
              "选择\\s?([ABCD])",
              "只有选?项?\\s?([ABCD])\\s?是?对",
              "只有选?项?\\s?([ABCD])\\s?是?错",
              "只有选?项?\\s?([ABCD])\\s?不?正确",
              "只有选?项?\\s?([ABCD])\\s?错误",
              "说法不?对选?项?的?是\\s?([ABCD])",
              "说法不?正确选?项?的?是\\s?([ABCD])",
              "说法错误选?项?的?是\\s?([ABCD])",
              "([ABCD])\\s?是正确的",
              "([ABCD])\\s?是正确答案",
              "选项\\s?([ABCD])\\s?正确",
              "所以答\\s?([ABCD])",
              "1.\\s?([ABCD])[.。$]?$",
              "所以\\s?([ABCD][.。$]?$)",
              "所有\\s?([ABCD][.。$]?$)",
              "[\\s，：:,]([ABCD])[。，,\\.]?$",
              "[\\s，,：:][故即]([ABCD])[。\\.]?$",
              "[\\s，,：:]因此([ABCD])[。\\.]?$",
              "[是为。]\\s?([ABCD])[。\\.]?$",
              "因此\\s?([ABCD])[。\\.]?$",
              "显然\\s?([ABCD])[。\\.]?$",
              "1.\\s?(.*?)$",
              "答案是\\s?(\\S+)(?:。|$)",
              "答案应该是\\s?(\\S+)(?:。|$)",
              "答案为\\s?(\\S+)(?:。|$)")
          .stream()
          .map(pattern ->
              Pattern.compile(pattern, Pattern.UNIX_LINES | Pattern.UNICODE_CHARACTER_CLASS))
          .toList();

  private final String variant;
  private final int shots;

  CEvalProtocol(String variant, int shots) {
    this.variant = variant;
    this.shots = shots;
  }

  String variant() {
    return variant;
  }

  /** What the questions of a subject have in common. */
  abstract String prefix(Subject subject, List<ExamQuestion> demos);

  /** What follows it. */
  abstract String rest(Subject subject, ExamQuestion question);

  abstract Request request(Prompt prompt, ExamQuestion question);

  /** The choice that a written answer makes. */
  Grading.Chosen read(String text, Key.Choice key) {
    return Letters.first(text, List.of(0, 1, 2, 3));
  }

  @Override
  public String id() {
    return "ceval/" + variant;
  }

  @Override
  public List<Question> questions(SuiteData data, boolean chatTemplate) {
    if (!(data instanceof SuiteData.Exam exam)) {
      throw new IllegalArgumentException(
          id() + " asks exam questions, which " + data.origin().suite() + " has not");
    }
    Map<String, Subject> subjects = new HashMap<>();
    Map<String, List<String>> prefixes = new HashMap<>();
    for (Subject subject : exam.subjects()) {
      subjects.put(subject.key(), subject);
      prefixes.put(subject.key(), prefixes(exam, subject));
    }
    var questions = new ArrayList<Question>(exam.questions().size());
    for (ExamQuestion question : exam.questions()) {
      Subject subject = subjects.get(question.subject());
      if (subject == null) {
        throw new IllegalArgumentException(question.id() + " is of no subject of its suite");
      }
      String rest = rest(subject, question);
      questions.add(
          new Question(
              question.id(),
              prefixes.getOrDefault(subject.key(), List.of()).stream()
                  .map(prefix -> request(new Prompt.Text(prefix, rest), question))
                  .toList(),
              new Key.Choice(question.answer(), LABELS, question.choices())));
    }
    return List.copyOf(questions);
  }

  /** The prefix with all demos, then with one less each time. */
  private List<String> prefixes(SuiteData.Exam exam, Subject subject) {
    List<ExamQuestion> demos = exam.demos().getOrDefault(subject.key(), List.of());
    if (demos.size() < shots) {
      throw new IllegalArgumentException(
          "%s wants %d demos, %s has %d of %s"
              .formatted(id(), shots, exam.origin().file(), demos.size(), subject.key()));
    }
    var prefixes = new ArrayList<String>();
    for (int dropped = 0; dropped <= shots; dropped++) {
      prefixes.add(
          prefix(
              subject,
              dropsFromTheEnd()
                  ? demos.subList(0, shots - dropped)
                  : demos.subList(dropped, shots)));
    }
    return prefixes;
  }

  private boolean dropsFromTheEnd() {
    return this == OPENCOMPASS_PPL || this == OPENCOMPASS_GEN;
  }

  @Override
  public Grading grade(Question question, Answer answer) {
    return switch (answer) {
      case Answer.Given(List<String> values) -> Grading.named(values.getFirst(), LABELS);
      case Answer.Scored(List<Answer.ChoiceScore> choices)
          when question.request() instanceof Request.Choose choose ->
          Grading.best(choices, choose.rule());
      case Answer.Scored scored ->
          throw new IllegalArgumentException(id() + " reads what a model writes, no scores");
      case Answer.Written(List<Answer.Text> samples)
          when question.key() instanceof Key.Choice key ->
          read(samples.getFirst().text(), key);
      case Answer.Written written ->
          throw new IllegalArgumentException(question.id() + " is no question with choices");
    };
  }

  @Override
  public List<Average> averages(List<Subject> subjects, List<ItemScore> scores) {
    return Averages.ofExam(subjects, scores);
  }

  private static String examHeader(Subject subject) {
    return "以下是中国关于" + subject.name() + "考试的单项选择题，请选出其中的正确答案。\n\n";
  }

  private static String body(ExamQuestion question) {
    return body(question.question(), question.choices());
  }

  private static String body(String question, List<String> choices) {
    var body = new StringBuilder(question);
    for (int i = 0; i < LABELS.size(); i++) {
      body.append('\n').append(LABELS.get(i)).append(". ").append(choices.get(i));
    }
    return body.toString();
  }

  private static String letter(ExamQuestion demo) {
    return LABELS.get(demo.answer());
  }

  /** The authors' extraction: a letter, or the very text of a choice. */
  private static Grading.Chosen thought(String text, Key.Choice key) {
    int next = text.indexOf(THINK);
    String thought = THOUGHT_BEGUN + (next < 0 ? text : text.substring(0, next));
    for (Pattern pattern : ANSWERS) {
      Matcher matcher = pattern.matcher(thought);
      if (matcher.find()) {
        String found = matcher.group(1);
        int index = LABELS.indexOf(found);
        if (index < 0) {
          boolean right = key.index() >= 0 && key.texts().get(key.index()).equals(found);
          index = right ? key.index() : key.texts().indexOf(found);
        }
        return new Grading.Chosen(
            index < 0 ? OptionalInt.empty() : OptionalInt.of(index), OptionalDouble.empty());
      }
    }
    return new Grading.Chosen(OptionalInt.empty(), OptionalDouble.empty());
  }
}
