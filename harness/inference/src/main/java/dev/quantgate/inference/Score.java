package dev.quantgate.inference;

import java.util.List;
import java.util.Optional;

/**
 * How likely each continuation of a {@link ScoringRequest} is, in its order.
 *
 * @param continuations one for each continuation asked for
 */
public record Score(List<Continuation> continuations) {
  public Score {
    continuations = List.copyOf(continuations);
  }

  /**
   * One continuation of the prompt. A log-probability is natural, of the token given all before it,
   * from a float32 log-softmax summed in double.
   *
   * @param promptTokens ids before the continuation; they can differ between the continuations of
   *     one request, as text is tokenised as one piece
   * @param tokens ids of the continuation; absent, as the prompt's, where unknown
   * @param logProbabilities one for each token of the continuation
   * @param promptLogProbabilities one for each token of the prompt but the first; empty unless
   *     {@link ScoringRequest.Detail#EVERY_TOKEN} was asked
   * @param greedy whether each token of the continuation was the most likely one at its place
   */
  public record Continuation(
      Optional<List<Integer>> promptTokens,
      Optional<List<Integer>> tokens,
      List<Double> logProbabilities,
      List<Double> promptLogProbabilities,
      boolean greedy) {
    public Continuation {
      promptTokens = promptTokens.map(List::copyOf);
      tokens = tokens.map(List::copyOf);
      logProbabilities = List.copyOf(logProbabilities);
      promptLogProbabilities = List.copyOf(promptLogProbabilities);
    }

    /** The log-probability of the whole continuation. */
    public double sum() {
      return logProbabilities.stream().mapToDouble(Double::doubleValue).sum();
    }
  }
}
