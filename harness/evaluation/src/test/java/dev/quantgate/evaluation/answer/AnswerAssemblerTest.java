package dev.quantgate.evaluation.answer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Item;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Prompt;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class AnswerAssemblerTest {
  private static final int MOST = 4;

  private final AnswerAssembler assembler =
      new AnswerAssembler(
          prompt -> ((Prompt.Text) prompt).text(), () -> OptionalInt.of(16), request -> MOST);

  /** An item of no stratum and no cluster. */
  private record Alone(String id) implements Item {
    @Override
    public String stratum() {
      return "";
    }

    @Override
    public String cluster() {
      return id;
    }

    @Override
    public int choices() {
      return 0;
    }
  }

  private static Asked asked(int form, String... prompts) {
    List<Request> requests =
        Arrays.stream(prompts)
            .map(text ->
                (Request)
                    new Request.Generate(new Prompt.Text(text), Decoding.greedy(MOST, List.of())))
            .toList();
    var asked = new Asked(new Question(new Alone("q1"), requests, new Key.Text("text")), form);
    asked.expect(1, 7);
    return asked;
  }

  private static Generation generation(Generation.End end, List<Integer> tokens) {
    return new Generation("text", Optional.of(tokens), end, Optional.of(List.of(1, 2, 3)));
  }

  @Test
  void aWrittenAnswerTellsTheFormAndThePromptItWasAskedWith() {
    Asked asked = asked(1, "long", "short");
    assertThat(asked.accept(7, new Outcome.Answered<>(generation(Generation.End.EOS, List.of(5)))))
        .isTrue();

    AnswerLine line = assembler.assemble(asked).orElseThrow();

    assertThat(line.fault()).isEmpty();
    assertThat(line.shortened()).isEqualTo(1);
    assertThat(line.promptTokens()).hasValue(3);
    assertThat(((Answer.Written) line.answer().orElseThrow()).samples())
        .containsExactly(new Answer.Text("text", Generation.End.EOS, List.of(5)));
  }

  @Test
  void whatDoesNotFitIsAskedAgainInAShorterFormAndIsAFaultInTheLast() {
    var tooLong = new Outcome.Faulted<Generation>(Outcome.Fault.TOO_LONG, "17 tokens");
    Asked first = asked(0, "long", "short");
    first.accept(7, tooLong);
    Asked last = asked(1, "long", "short");
    last.accept(7, tooLong);

    assertThat(assembler.assemble(first)).isEmpty();
    assertThat(assembler.assemble(last).orElseThrow().fault())
        .contains(new Fault(Fault.Category.TOO_LONG, "17 tokens"));
  }

  @Test
  void anAnswerThatTheContextCutIsAFaultAndNotAWrongAnswer() {
    Asked asked = asked(0, "prompt");
    asked.accept(7, new Outcome.Answered<>(generation(Generation.End.LENGTH, List.of(5, 6))));

    assertThat(assembler.assemble(asked).orElseThrow().fault())
        .contains(
            new Fault(
                Fault.Category.TOO_LONG,
                "the model's context of 16 ended the answer after 2 of 4 tokens"));
  }

  @Test
  void anAnswerOfAllTheTokensAskedForIsWhole() {
    Asked asked = asked(0, "prompt");
    asked.accept(7, new Outcome.Answered<>(generation(Generation.End.LENGTH, List.of(5, 6, 7, 8))));

    assertThat(assembler.assemble(asked).orElseThrow().fault()).isEmpty();
  }
}
