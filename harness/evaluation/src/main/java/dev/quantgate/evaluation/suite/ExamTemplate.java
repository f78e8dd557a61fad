package dev.quantgate.evaluation.suite;

import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.protocol.Rule;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.ScoringRequest.Detail;
import dev.quantgate.inference.ScoringRequest.Join;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How one harness puts an exam question into words and reads the answer. */
enum ExamTemplate {
  /** The authors' answer-only form: the likeliest of the single tokens A to D comes next. */
  OFFICIAL {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return examHeader(subject)
          + demos.stream()
              .map(demo -> "%s\n答案：%s\n\n".formatted(body(demo), letter(demo)))
              .collect(Collectors.joining());
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return body(question) + "\n答案：";
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return choose(prompt, LABELS, Join.APPENDED, Detail.CONTINUATION, Rule.CONTINUATION_SUM);
    }
  },
  /**
   * The authors' chain of thought: the demos explain themselves, the answer is found by patterns.
   */
  OFFICIAL_COT {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return examHeader(subject)
          + demos.stream()
              .map(demo ->
                  "%s\n答案：%s，\n%s\n所以答案是%s。\n\n"
                      .formatted(body(demo), THINK, demo.explanation(), letter(demo)))
              .collect(Collectors.joining());
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return "%s\n答案：%s".formatted(body(question), THOUGHT_BEGUN);
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
  OPENCOMPASS_PPL {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      // A template for each label gets separators of its own, each of which the joining of turns
      // surrounds with line ends.
      return demos.isEmpty()
          ? "\n\n"
          : demos.stream()
              .map(demo -> "%s\n%s".formatted(rest(subject, demo), letter(demo)))
              .collect(Collectors.joining("\n\n\n", "", "\n\n\n\n\n"));
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return "以下是中国关于%s考试的单项选择题，请选出其中的正确答案。\n%s\n答案: ".formatted(subject.name(), body(question));
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return choose(
          prompt,
          LABELS.stream().map("\n%s"::formatted).toList(),
          Join.WHOLE_TEXT,
          Detail.EVERY_TOKEN,
          Rule.WHOLE_TEXT_MEAN);
    }
  },
  /** {@code ceval_gen_5f30c7}: the first upper-case letter of what the model writes. */
  OPENCOMPASS_GEN {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return demos.isEmpty()
          ? "\n"
          : demos.stream()
              .map(demo -> "%s\n%s\n".formatted(rest(subject, demo), letter(demo)))
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
  /** {@code ceval-valid} version 2 of lm-evaluation-harness. */
  LM_EVAL {
    @Override
    String prefix(Subject subject, List<ExamQuestion> demos) {
      return "以下是中国关于%s的单项选择题，请选出其中的正确答案。\n\n".formatted(subject.name())
          + demos.stream()
              .map(demo -> "%s %s\n\n".formatted(rest(subject, demo), letter(demo)))
              .collect(Collectors.joining());
    }

    @Override
    String rest(Subject subject, ExamQuestion question) {
      return body(PythonText.strip(question.question()), question.choices()) + "\n答案：";
    }

    @Override
    Request request(Prompt prompt, ExamQuestion question) {
      return choose(
          prompt,
          LABELS.stream().map(" %s"::formatted).toList(),
          Join.WHOLE_TEXT,
          Detail.CONTINUATION,
          Rule.CONTINUATION_SUM);
    }
  },
  /**
   * The cloze form of ARC and OpenBookQA in lm-evaluation-harness ({@code acc}), in Chinese: the
   * choices are not shown, the likeliest of their texts wins. For models too small to find the
   * letter of what they know, whose score in the other forms is chance whatever quantisation does.
   */
  CLOZE {
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
      return choose(
          prompt, question.choices(), Join.APPENDED, Detail.CONTINUATION, Rule.CONTINUATION_SUM);
    }
  };

  static final List<String> LABELS = List.of("A", "B", "C", "D");
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

  /** What the questions of a subject have in common. */
  abstract String prefix(Subject subject, List<ExamQuestion> demos);

  /** What follows it. */
  abstract String rest(Subject subject, ExamQuestion question);

  abstract Request request(Prompt prompt, ExamQuestion question);

  /** The choice that a written answer makes. */
  Grading.Chosen read(String text, Key.Choice key) {
    return Letters.first(text, List.of(0, 1, 2, 3));
  }

  private static Request choose(
      Prompt prompt, List<String> continuations, Join join, Detail detail, Rule rule) {
    return new Request.Choose(
        new ScoringRequest(prompt, continuations, join, detail), LABELS, rule);
  }

  private static String examHeader(Subject subject) {
    return "以下是中国关于%s考试的单项选择题，请选出其中的正确答案。\n\n".formatted(subject.name());
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
