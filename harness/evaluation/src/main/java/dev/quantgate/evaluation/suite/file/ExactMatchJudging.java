package dev.quantgate.evaluation.suite.file;

import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.Prompt;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What is extracted from the written text must equal the expected answer.
 *
 * @param answer the expected answer, from which the same is extracted where the pattern occurs
 * @param pattern what is extracted; empty for the whole text
 * @param ignore what is left out of both before they are compared
 */
record ExactMatchJudging(
    Template answer,
    Optional<AnswerPattern> pattern,
    List<AnswerPattern> ignore,
    boolean ignoreCase,
    Writing writing)
    implements Judging {
  static final List<String> KEYS = List.of("answer", "pattern", "take", "ignore", "ignore-case");

  static ExactMatchJudging of(YamlMapping yaml) {
    boolean last = yaml.choice("take", Map.of("first", false, "last", true), "first");
    return new ExactMatchJudging(
        Template.fieldOr(yaml, "answer", yaml.required("answer", "answer: answer")),
        yaml.text("pattern").map(text -> AnswerPattern.of(yaml, "pattern", text, last)),
        yaml.texts("ignore").stream()
            .map(text -> AnswerPattern.of(yaml, "ignore", text, false))
            .toList(),
        yaml.flag("ignore-case"),
        Writing.of(yaml));
  }

  @Override
  public Metric metric() {
    return Metric.EXACT_MATCH;
  }

  @Override
  public List<String> continuations(Row row) {
    return List.of();
  }

  @Override
  public Key key(Row row) {
    String expected = given(answer.render(row));
    if (expected.isEmpty()) {
      throw row.at("expected an answer, found none (%s)".formatted(answer.place()));
    }
    return new Key.Text(expected);
  }

  @Override
  public String target(Row row) {
    return " " + answer.render(row);
  }

  @Override
  public Request request(Prompt prompt, FileItem item) {
    return new Request.Generate(prompt, writing.decoding());
  }

  @Override
  public Grading grade(Question question, Answer answered) {
    return switch (answered) {
      case Answer.Written(List<Answer.Text> samples) ->
          new Grading.Said(written(writing.cut(samples.getFirst().text())));
      case Answer.Given(List<String> values) -> new Grading.Said(given(values.getFirst()));
      case Answer.Scored scored ->
          throw new IllegalArgumentException(
              "%s asks for a text, not for choices".formatted(question.id()));
    };
  }

  /** What a model's text says; nothing where the pattern does not occur. */
  private String written(String text) {
    return pattern.map(each -> each.find(text).orElse("")).map(this::plain).orElse(plain(text));
  }

  /** What an answer says that may be the bare answer already. */
  private String given(String text) {
    return plain(pattern.flatMap(each -> each.find(text)).orElse(text));
  }

  private String plain(String text) {
    String plain = text;
    for (AnswerPattern each : ignore) {
      plain = each.remove(plain);
    }
    return ignoreCase ? plain.strip().toLowerCase(Locale.ROOT) : plain.strip();
  }
}
