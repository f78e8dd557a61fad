package org.example.newcomer;

import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Prompt;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Asks {@code 17 + 25 =} and takes the first number of the answer. */
final class SumProtocol implements Protocol<Sum> {
  static final String VARIANT = "zero-shot";
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final Decoding ONE_LINE = Decoding.greedy(8, List.of("\n"));

  @Override
  public String id() {
    return "%s/%s".formatted(SumSuite.NAME, VARIANT);
  }

  @Override
  public List<Question> questions(List<Sum> items, boolean chatTemplate) {
    return items.stream().map(SumProtocol::question).toList();
  }

  private static Question question(Sum sum) {
    var prompt = new Prompt.Text("%d + %d =".formatted(sum.first(), sum.second()));
    return new Question(
        sum,
        new Request.Generate(prompt, ONE_LINE),
        new Key.Text(Integer.toString(sum.first() + sum.second())));
  }

  @Override
  public Grading grade(Question question, Answer answer) {
    String text =
        switch (answer) {
          case Answer.Written(List<Answer.Text> samples) -> samples.getFirst().text();
          case Answer.Given(List<String> values) -> values.getFirst();
          case Answer.Scored scored ->
              throw new IllegalArgumentException("%s asks for a text".formatted(question.id()));
        };
    return new Grading.Said(
        NUMBER.matcher(text).results().map(MatchResult::group).findFirst().orElse(""));
  }
}
