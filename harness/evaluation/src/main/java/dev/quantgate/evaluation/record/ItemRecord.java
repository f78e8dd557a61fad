package dev.quantgate.evaluation.record;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.inference.Generation;
import dev.quantgate.sandbox.ExecutionResult;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * One line of {@code {suite}.jsonl}: an item, what was answered and what it is worth. Holds nothing
 * that may differ between two runs of the same identity.
 *
 * <p>A record that contradicts itself is refused, as a verdict may be built on lines that were
 * edited or damaged: the grade must follow from the answer, the choices and the executions that
 * stand beside it.
 *
 * @param facts the item's place, stratum and cluster; empty in records of the first form
 * @param promptSha256 of the rendered prompt, as prompts/{suite}.jsonl has it, in UTF-8
 * @param promptTokens how many tokens the prompt has; empty where unknown
 * @param tokensSha256 over all ids that the model was given; empty where unknown
 * @param shortened how many demos were dropped so that the prompt fits the context
 * @param answer the choice's label or the first completion, as it was graded; empty for none
 * @param expected the right choice's label; empty for programs
 * @param score {@code right / answers}; empty where {@code fault} says why
 * @param margin by how much the chosen value beats the next; empty where unknown
 * @param tied whether another choice had exactly the same value
 * @param choices the log-probabilities of each choice
 * @param samples the texts that a model wrote or a recording gave
 */
@JsonPropertyOrder({
  "id",
  "facts",
  "promptSha256",
  "promptTokens",
  "tokensSha256",
  "shortened",
  "answer",
  "expected",
  "answers",
  "right",
  "score",
  "fault",
  "margin",
  "tied",
  "choices",
  "samples"
})
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ItemRecord(
    String id,
    Optional<ItemFacts> facts,
    String promptSha256,
    @JsonInclude OptionalInt promptTokens,
    Optional<String> tokensSha256,
    int shortened,
    @JsonInclude String answer,
    @JsonInclude String expected,
    int answers,
    int right,
    @JsonInclude OptionalDouble score,
    @JsonInclude Optional<Fault> fault,
    OptionalDouble margin,
    boolean tied,
    List<Choice> choices,
    List<Sample> samples) {

  public ItemRecord {
    choices = List.copyOf(choices);
    samples = List.copyOf(samples);
    require(
        shortened >= 0 && promptTokens.orElse(0) >= 0,
        id,
        "counts below 0: promptTokens %s, shortened %s"
            .formatted(promptTokens.orElse(0), shortened));
    require(
        answers >= 1 && right >= 0 && right <= answers,
        id,
        "%s of %s answers cannot be right".formatted(right, answers));
    require(
        score.isPresent() != fault.isPresent(),
        id,
        "expected either a score or a fault, found %s"
            .formatted(score.isPresent() ? "both" : "neither"));
    require(
        score.isEmpty() || score.getAsDouble() == (double) right / answers,
        id,
        "%s of %s answers are right, but the score is %s"
            .formatted(right, answers, score.orElse(0)));
    require(
        margin.orElse(0) >= 0 && Double.isFinite(margin.orElse(0)),
        id,
        "no margin: %s".formatted(margin.orElse(0)));
    require(
        tied == (margin.isPresent() && margin.getAsDouble() == 0),
        id,
        "tied is %s, but the margin is %s"
            .formatted(tied, margin.isPresent() ? margin.getAsDouble() : "unknown"));
    if (expected.isEmpty()) {
      long passed = samples.stream().filter(Sample::passed).count();
      require(
          samples.isEmpty() ? fault.isPresent() : samples.size() == answers && passed == right,
          id,
          "%s of %s programs passed, but %s of %s answers are right"
              .formatted(passed, samples.size(), right, answers));
    } else {
      require(
          answers == 1 && (right == 1) == answer.equals(expected),
          id,
          "\"%s\" was answered and \"%s\" is right, but %s of %s answers count as right"
              .formatted(answer, expected, right, answers));
      require(
          choices.isEmpty() || answer.equals(likeliest(choices).label()),
          id,
          "the answer is \"%s\", but another choice has the largest value".formatted(answer));
    }
  }

  private static void require(boolean consistent, String id, String otherwise) {
    if (!consistent) {
      throw new IllegalArgumentException("item %s: %s".formatted(id, otherwise));
    }
  }

  /** The first of the largest value. */
  private static Choice likeliest(List<Choice> choices) {
    Choice best = choices.getFirst();
    for (Choice choice : choices) {
      best = choice.value() > best.value() ? choice : best;
    }
    return best;
  }

  /**
   * What a model made of one choice; its numbers are finite.
   *
   * @param sum log-probability of the continuation
   * @param value what the protocol's rule compares
   */
  public record Choice(
      String label, double sum, int tokens, double wholeSum, int wholeTokens, double value) {
    public Choice {
      if (!Double.isFinite(sum) || !Double.isFinite(wholeSum) || !Double.isFinite(value)) {
        throw new IllegalArgumentException(
            "choice %s has a value that is not finite".formatted(label));
      }
    }
  }

  /**
   * One text.
   *
   * @param answer what was graded, extracted from {@code text}
   * @param text what the model wrote; empty where it is the same as {@code answer}
   * @param end why it ended; empty where unknown
   * @param eos the end-of-sequence token that ended it, of those that the model has; empty where
   *     another thing did, where unknown, and in records of earlier versions
   * @param tokens the ids generated; empty where unknown
   * @param margins for each token by how much the model preferred it to the likeliest other one, in
   *     nats: below 0 where it was drawn though another was likelier; empty where unknown
   * @param execution what came of executing it; empty for choices
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Sample(
      @JsonInclude String answer,
      Optional<String> text,
      Optional<Generation.End> end,
      OptionalInt eos,
      List<Integer> tokens,
      List<Double> margins,
      Optional<Execution> execution) {
    public Sample {
      tokens = List.copyOf(tokens);
      margins = List.copyOf(margins);
      Answer.Text.requireMargins(tokens, margins);
      if (eos.isPresent() && !eos.equals(eos(end, tokens))) {
        throw new IllegalArgumentException(
            "eos is %d, but the text did not end by that token".formatted(eos.getAsInt()));
      }
    }

    /** With the token that ended it taken from {@code end} and {@code tokens}. */
    public Sample(
        String answer,
        Optional<String> text,
        Optional<Generation.End> end,
        List<Integer> tokens,
        List<Double> margins,
        Optional<Execution> execution) {
      this(answer, text, end, eos(end, tokens), tokens, margins, execution);
    }

    private static OptionalInt eos(Optional<Generation.End> end, List<Integer> tokens) {
      return end.equals(Optional.of(Generation.End.EOS)) && !tokens.isEmpty()
          ? OptionalInt.of(tokens.getLast())
          : OptionalInt.empty();
    }

    private boolean passed() {
      return execution.filter(each -> each.outcome() == ExecutionResult.Outcome.PASSED).isPresent();
    }
  }

  /**
   * What came of a program.
   *
   * @param outcome the sandbox's class
   * @param detail one line for people, memory addresses masked; empty where it would tell measured
   *     times or sizes, which the journal keeps
   * @param exit exit status, or minus the signal's number; 0 where unknown
   * @param official what the program got with its test in one process, where both checkers judged
   */
  public record Execution(
      ExecutionResult.Outcome outcome,
      String detail,
      int exit,
      Optional<ExecutionResult.Outcome> official) {
    /** Of a program that one checker judged. */
    public Execution(ExecutionResult.Outcome outcome, String detail, int exit) {
      this(outcome, detail, exit, Optional.empty());
    }

    /** Whether two checkers judged, and only one of them let the program pass. */
    public boolean disputed() {
      return official.isPresent() && ExecutionResult.disputed(outcome, official.get());
    }
  }
}
