package dev.quantgate.evaluation.protocol;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.quantgate.inference.Generation;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;

/** What came back for one question, before anything is read into it. */
public sealed interface Answer {

  /**
   * Texts that a live model wrote, one for each sample, as they left the engine: the protocol's
   * extraction is still to be applied.
   */
  record Written(List<Text> samples) implements Answer {
    public Written {
      samples = List.copyOf(samples);
    }
  }

  /** How likely a live model found each choice, in the order of {@link Request.Choose#labels}. */
  record Scored(List<ChoiceScore> choices) implements Answer {
    public Scored {
      choices = List.copyOf(choices);
    }
  }

  /**
   * Answers recorded elsewhere, final as they are: completions to execute, or a choice's label.
   * Nothing is extracted from them.
   */
  record Given(List<String> values) implements Answer {
    public Given {
      values = List.copyOf(values);
    }
  }

  /**
   * One text.
   *
   * @param tokens the ids generated; empty where unknown
   * @param margins for each token by how much the model preferred it, as {@link Generation} says
   *     it, rounded to {@value #MARGIN_DIGITS} significant digits; empty where unknown
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Text(
      @JsonInclude String text, Generation.End end, List<Integer> tokens, List<Double> margins) {
    static final int MARGIN_DIGITS = 4;

    public Text {
      tokens = List.copyOf(tokens);
      margins = List.copyOf(margins);
      requireMargins(tokens, margins);
    }

    /** What an engine wrote. */
    public static Text of(Generation generation) {
      return new Text(
          generation.text(),
          generation.end(),
          generation.tokens().orElse(List.of()),
          generation.margins().orElse(List.of()).stream().map(Text::rounded).toList());
    }

    private static double rounded(float margin) {
      return new BigDecimal(margin)
          .round(new MathContext(MARGIN_DIGITS, RoundingMode.HALF_EVEN))
          .doubleValue();
    }

    /** Refuses margins that are not one finite number for each token. */
    public static void requireMargins(List<Integer> tokens, List<Double> margins) {
      if (!margins.isEmpty() && margins.size() != tokens.size()) {
        throw new IllegalArgumentException(
            "expected as many margins as tokens, found %d and %d"
                .formatted(margins.size(), tokens.size()));
      }
      if (!margins.stream().allMatch(Double::isFinite)) {
        throw new IllegalArgumentException("a margin is not finite");
      }
    }

    /** One whose margins are unknown. */
    public Text(String text, Generation.End end, List<Integer> tokens) {
      this(text, end, tokens, List.of());
    }
  }

  /**
   * The log-probabilities of one choice.
   *
   * @param sum over the tokens of the continuation
   * @param tokens of the continuation
   * @param wholeSum over tokens 2 .. n of the whole text; equal to {@code sum} where only the
   *     continuation was asked for
   * @param wholeTokens n of the whole text
   */
  record ChoiceScore(double sum, int tokens, double wholeSum, int wholeTokens) {}
}
