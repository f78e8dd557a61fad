package dev.quantgate.inference.engine;

/**
 * What is read of the logits that follow a position: what a device can reduce by itself, or the
 * whole row. A device calls the reader once, by any of its threads, during the step.
 */
public sealed interface Ask {

  /** The position whose logits are read, inside the ask's slice. */
  int position();

  /**
   * Asks for facts of the distribution.
   *
   * @param tokens ids whose log-probabilities are asked for; where there are none (greedy decoding)
   *     the device need not normalise
   */
  record OfTokens(int position, int[] tokens, DistributionReader reader) implements Ask {}

  /** Asks for all logits: for sampling. */
  record WholeRow(int position, RowReader reader) implements Ask {}

  /** Takes a distribution's facts. It touches only what is its own, and does not block. */
  @FunctionalInterface
  interface DistributionReader {
    void read(Distribution distribution);
  }

  /** Takes a row of logits. It touches only what is its own, and does not block. */
  @FunctionalInterface
  interface RowReader {
    /**
     * @param logits float32 logits, token t's at {@code at + t}; valid during the call
     * @param argmax the lowest id of the largest logit, or -1 if a logit is NaN or infinite
     */
    void read(float[] logits, int at, int argmax);
  }

  /**
   * Facts of one distribution. A log-probability is natural, {@code logit - max - log(sum of
   * e^(logit - max))}: exponentials in float32 or better, their sum and all else in double, in an
   * order that does not depend on the step.
   *
   * @param argmax the lowest id of the largest logit, or -1 if a logit is NaN or infinite
   * @param margin the largest logit less the largest of all others, in float32: 0 where two are
   *     largest; means nothing if a logit is not finite
   * @param logProbabilities one for each token asked for; NaN if a logit is not finite
   */
  record Distribution(int argmax, float margin, double[] logProbabilities) {

    /** Whether all logits are finite. */
    public boolean finite() {
      return argmax >= 0;
    }
  }
}
