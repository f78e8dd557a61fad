package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A line of journal/{suite}.answers.jsonl: what one item was asked and what came back.
 *
 * @param answer empty exactly where there is a fault
 * @param shortened which of the question's forms was asked, 0 being the preferred one
 * @param promptSha256 of the rendered prompt
 * @param promptTokens of the prompt; empty where unknown
 * @param tokensSha256 over all ids that the model was given; empty where unknown
 * @param epochMillis when; 0 for recorded answers
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record AnswerLine(
    String id,
    Optional<Answer> answer,
    Optional<Fault> fault,
    int shortened,
    String promptSha256,
    OptionalInt promptTokens,
    Optional<String> tokensSha256,
    long epochMillis) {

  public AnswerLine {
    if (answer.isPresent() == fault.isPresent()) {
      throw new IllegalArgumentException("%s: either an answer or a fault".formatted(id));
    }
  }

  /** Refuses a line, read from {@code file}, that answers something else than its question. */
  public void requireFor(Question question, Path file) {
    List<Request> forms = question.requests();
    if (shortened < 0 || shortened >= forms.size()) {
      throw new EvaluationException(
          INPUT,
          "%s: item %s: shortened is %d, but the question has %d forms; the file was changed"
              .formatted(file, id, shortened, forms.size()));
    }
    if (answer.isPresent() && !answers(answer.get(), forms.get(shortened))) {
      throw new EvaluationException(
          INPUT,
          "%s: item %s: its answer does not fit the question; the file was changed"
              .formatted(file, id));
    }
  }

  private static boolean answers(Answer answer, Request request) {
    return switch (answer) {
      case Answer.Given(List<String> values) -> !values.isEmpty();
      case Answer.Written(List<Answer.Text> samples) ->
          request instanceof Request.Generate && !samples.isEmpty();
      case Answer.Scored(List<Answer.ChoiceScore> choices) ->
          request instanceof Request.Choose choose && choices.size() == choose.labels().size();
    };
  }
}
