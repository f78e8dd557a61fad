package dev.quantgate.evaluation.protocol;

import dev.quantgate.evaluation.protocol.Answer.ChoiceScore;

/** What decides between choices: the largest value wins, the first one on exact ties. */
public enum Rule {
  /** The log-probability of the continuation. */
  CONTINUATION_SUM {
    @Override
    public double value(ChoiceScore score) {
      return score.sum();
    }
  },
  /** The log-probability of the continuation by its number of tokens. */
  CONTINUATION_MEAN {
    @Override
    public double value(ChoiceScore score) {
      return score.sum() / score.tokens();
    }
  },
  /**
   * OpenCompass' PPL inferencer: the log-probabilities of tokens 2 .. n of the whole text, summed
   * and divided by n. Needs {@link dev.quantgate.inference.ScoringRequest.Detail#EVERY_TOKEN}.
   */
  WHOLE_TEXT_MEAN {
    @Override
    public double value(ChoiceScore score) {
      return score.wholeSum() / score.wholeTokens();
    }
  };

  /** What this rule compares. */
  public abstract double value(ChoiceScore score);
}
