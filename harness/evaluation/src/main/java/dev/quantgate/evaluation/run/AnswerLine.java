package dev.quantgate.evaluation.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.quantgate.evaluation.protocol.Answer;
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
record AnswerLine(
    String id,
    Optional<Answer> answer,
    Optional<Fault> fault,
    int shortened,
    String promptSha256,
    OptionalInt promptTokens,
    Optional<String> tokensSha256,
    long epochMillis) {

  AnswerLine {
    if (answer.isPresent() == fault.isPresent()) {
      throw new IllegalArgumentException(id + ": either an answer or a fault");
    }
  }
}
