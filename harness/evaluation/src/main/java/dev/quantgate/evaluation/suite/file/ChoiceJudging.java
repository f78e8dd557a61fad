package dev.quantgate.evaluation.suite.file;

import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.protocol.Rule;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.ScoringRequest;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The likeliest of several continuations is the answer.
 *
 * @param choices what is scored behind the template: a template each, or one field with a list
 * @param listed whether {@code choices} is one field with a list
 * @param before put before each choice of a list
 * @param labels what answers and records call the choices; empty for the choices' own texts or, of
 *     a list, letters
 * @param answer the right choice: its index from 0, its label or its text
 */
record ChoiceJudging(
    List<Template> choices,
    boolean listed,
    String before,
    List<String> labels,
    Template answer,
    Rule rule)
    implements Judging {
  static final List<String> KEYS = List.of("choices", "before-choice", "labels", "answer", "rule");
  private static final int MOST_CHOICES = 26;

  static ChoiceJudging of(YamlMapping yaml) {
    if (!yaml.has("choices")) {
      throw yaml.at(
          "choices", "expected \"choices\", such as choices: [\" A\", \" B\", \" C\", \" D\"]");
    }
    boolean listed = !yaml.isList("choices");
    List<String> written = yaml.texts("choices");
    List<String> labels = yaml.texts("labels");
    if (!listed && written.size() < 2) {
      throw yaml.at("choices", "expected at least two choices, found %d".formatted(written.size()));
    }
    if (!listed && !labels.isEmpty() && labels.size() != written.size()) {
      throw yaml.at(
          "labels",
          "expected as many labels as choices, %d, found %d"
              .formatted(written.size(), labels.size()));
    }
    if (!listed && yaml.has("before-choice")) {
      throw yaml.at("before-choice", "\"before-choice\" belongs to choices that a field lists");
    }
    return new ChoiceJudging(
        written.stream()
            .map(text ->
                listed
                    ? Template.fieldOr(yaml, "choices", text)
                    : Template.of(yaml, "choices", text))
            .toList(),
        listed,
        yaml.text("before-choice").orElse(" "),
        labels,
        Template.fieldOr(yaml, "answer", yaml.required("answer", "answer: answer")),
        yaml.choice(
            "rule", Map.of("sum", Rule.CONTINUATION_SUM, "mean", Rule.CONTINUATION_MEAN), "sum"));
  }

  @Override
  public Metric metric() {
    return Metric.CHOICE;
  }

  @Override
  public List<String> continuations(Row row) {
    List<String> texts =
        listed
            ? texts(row).stream().map(before::concat).toList()
            : choices.stream().map(choice -> choice.render(row)).toList();
    if (texts.size() < 2 || texts.size() > MOST_CHOICES || texts.contains("")) {
      throw row.at(
          "expected 2 to %d choices, none of them empty, found %s".formatted(MOST_CHOICES, texts));
    }
    return texts;
  }

  private List<String> texts(Row row) {
    Template field = choices.getFirst();
    return row.texts(field.text().replaceAll("[{}\\s]", ""), field.place());
  }

  private List<String> labels(Row row, int size) {
    if (!labels.isEmpty()) {
      if (labels.size() < size) {
        throw row.at("expected at most %d choices, found %d".formatted(labels.size(), size));
      }
      return labels.subList(0, size);
    }
    return listed
        ? IntStream.range(0, size).mapToObj(i -> String.valueOf((char) ('A' + i))).toList()
        : continuations(row).stream().map(String::strip).toList();
  }

  @Override
  public Key key(Row row) {
    List<String> continuations = continuations(row);
    List<String> names = labels(row, continuations.size());
    if (names.stream().distinct().count() != names.size() || names.contains("")) {
      throw row.at("expected labels that differ, found %s; give \"labels\"".formatted(names));
    }
    List<String> texts = continuations.stream().map(String::strip).toList();
    String right = answer.render(row).strip();
    int index = names.indexOf(right);
    if (index < 0) {
      index = texts.indexOf(right);
    }
    if (index < 0 && right.matches("\\d{1,2}")) {
      index = Integer.parseInt(right);
    }
    if (index < 0 || index >= names.size()) {
      throw row.at(
          "expected an answer that is one of %s, a choice's text or its index from 0, found \"%s\" (%s)"
              .formatted(names, right, answer.place()));
    }
    return new Key.Choice(index, names, texts);
  }

  @Override
  public String target(Row row) {
    return continuations(row).get(((Key.Choice) key(row)).index());
  }

  @Override
  public Request request(Prompt prompt, FileItem item) {
    return new Request.Choose(
        new ScoringRequest(
            prompt,
            item.continuations(),
            ScoringRequest.Join.WHOLE_TEXT,
            ScoringRequest.Detail.CONTINUATION),
        ((Key.Choice) item.key()).labels(),
        rule);
  }

  @Override
  public Grading grade(Question question, Answer answered) {
    return switch (answered) {
      case Answer.Scored(List<Answer.ChoiceScore> scores) -> Grading.best(scores, rule);
      case Answer.Given(List<String> values) ->
          Grading.named(values.getFirst(), ((Key.Choice) question.key()).labels());
      case Answer.Written written ->
          throw new IllegalArgumentException(
              "%s asks for choices, not for a text".formatted(question.id()));
    };
  }
}
