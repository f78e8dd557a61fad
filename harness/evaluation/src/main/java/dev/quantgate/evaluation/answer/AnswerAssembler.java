package dev.quantgate.evaluation.answer;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Answer.ChoiceScore;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/** Combines the outcomes of a question's parts into an answer or a fault. */
final class AnswerAssembler {
  private final Function<Prompt, String> render;
  private final Supplier<OptionalInt> contextLength;
  private final ToIntFunction<Request.Generate> mostTokens;

  /**
   * @param render a prompt's text, as the model reads it
   * @param contextLength the model's, where it is known
   * @param mostTokens how many tokens an answer may have
   */
  AnswerAssembler(
      Function<Prompt, String> render,
      Supplier<OptionalInt> contextLength,
      ToIntFunction<Request.Generate> mostTokens) {
    this.render = render;
    this.contextLength = contextLength;
    this.mostTokens = mostTokens;
  }

  /** The line of a question; empty where it did not fit and has a shorter form to be asked in. */
  Optional<AnswerLine> assemble(Asked asked) {
    for (Outcome<?> outcome : asked.outcomes) {
      if (outcome instanceof Outcome.Faulted<?>(Outcome.Fault fault, String message)) {
        if (fault == Outcome.Fault.TOO_LONG && asked.hasShorterForm()) {
          return Optional.empty();
        }
        return faulted(asked, category(fault), message);
      }
    }
    switch (asked.request()) {
      case Request.Choose choose -> {
        List<ChoiceScore> scores = new ArrayList<>();
        List<Ids> ids = new ArrayList<>();
        for (Outcome<?> outcome : asked.outcomes) {
          for (Score.Continuation continuation : ((Score) outcome.orThrow()).continuations()) {
            scores.add(choiceScore(continuation));
            Ids.of(continuation.promptTokens(), continuation.tokens()).ifPresent(ids::add);
          }
        }
        if (scores.size() != choose.labels().size()) {
          return faulted(
              asked,
              Fault.Category.BROKEN_REPLY,
              "expected the scores of %d choices, got %d"
                  .formatted(choose.labels().size(), scores.size()));
        }
        return Optional.of(
            line(asked, Optional.of(new Answer.Scored(scores)), Optional.empty(), ids));
      }
      case Request.Generate generate -> {
        List<Answer.Text> texts = new ArrayList<>();
        List<Ids> ids = new ArrayList<>();
        int most = mostTokens.applyAsInt(generate);
        for (Outcome<?> outcome : asked.outcomes) {
          var generation = (Generation) outcome.orThrow();
          if (cutByContext(generation, most)) {
            return faulted(
                asked,
                Fault.Category.TOO_LONG,
                "the model's context of %d ended the answer after %d of %d tokens"
                    .formatted(contextLength.get().orElse(0), tokens(generation).size(), most));
          }
          texts.add(Answer.Text.of(generation));
          Ids.of(generation.promptTokens(), Optional.of(List.of())).ifPresent(ids::add);
        }
        return Optional.of(
            line(
                asked,
                Optional.of(new Answer.Written(texts)),
                Optional.empty(),
                ids.stream().limit(1).toList()));
      }
    }
  }

  private Optional<AnswerLine> faulted(Asked asked, Fault.Category category, String message) {
    return Optional.of(
        line(asked, Optional.empty(), Optional.of(new Fault(category, message)), List.of()));
  }

  /** What was left out could have made the answer right: it is no wrong one. */
  private boolean cutByContext(Generation generation, int maxNewTokens) {
    return generation.end() == Generation.End.LENGTH
        && generation.tokens().map(tokens -> tokens.size() < maxNewTokens).orElse(false);
  }

  private static List<Integer> tokens(Generation generation) {
    return generation.tokens().orElse(List.of());
  }

  private static ChoiceScore choiceScore(Score.Continuation continuation) {
    double sum = continuation.sum();
    int own = continuation.logProbabilities().size();
    double before =
        continuation.promptLogProbabilities().stream().mapToDouble(Double::doubleValue).sum();
    return new ChoiceScore(
        sum,
        own,
        before + sum,
        own
            + continuation
                .promptTokens()
                .map(List::size)
                .orElse(continuation.promptLogProbabilities().size() + 1));
  }

  private AnswerLine line(
      Asked asked, Optional<Answer> answer, Optional<Fault> fault, List<Ids> ids) {
    boolean known = !ids.isEmpty();
    var hash = new Sha256();
    ids.forEach(each -> hash.add(each.prompt()).add(each.rest()));
    return new AnswerLine(
        asked.question.id(),
        answer,
        fault,
        asked.form,
        Sha256.hex(Prompts.text(asked.request(), render)),
        known ? OptionalInt.of(ids.getFirst().prompt().size()) : OptionalInt.empty(),
        known ? Optional.of(hash.hex()) : Optional.empty(),
        System.currentTimeMillis());
  }

  private static Fault.Category category(Outcome.Fault fault) {
    return switch (fault) {
      case TOO_LONG -> Fault.Category.TOO_LONG;
      case NON_FINITE -> Fault.Category.NON_FINITE;
      case UNSCORABLE -> Fault.Category.UNSCORABLE;
      case BROKEN_REPLY -> Fault.Category.BROKEN_REPLY;
    };
  }

  private record Ids(List<Integer> prompt, List<Integer> rest) {
    static Optional<Ids> of(Optional<List<Integer>> prompt, Optional<List<Integer>> rest) {
      return prompt.flatMap(before -> rest.map(after -> new Ids(before, after)));
    }
  }
}
