package dev.quantgate.inference.engine;

import java.util.List;

/**
 * Positions {@code from .. to - 1} of one sequence, to be computed in a step. All positions before
 * {@code from} were computed in steps before it and lie in {@code pages}.
 *
 * <p>The arrays belong to the caller: a device reads them during the step and neither changes nor
 * keeps them. Both may be longer than the slice needs.
 *
 * @param pages the sequence's pages in order, at least {@code ceil(to / pageTokens)}; those before
 *     position {@code from} may be shared with other sequences of the same step, the one that
 *     {@code from} lies in and all behind it are this sequence's own
 * @param tokens the sequence's token ids by position, at least {@code to}
 * @param from the first position, at least 0
 * @param to the position behind the last, above {@code from}
 * @param asks what is read of the logits, by ascending position; most slices of a prompt have none
 */
public record Slice(int[] pages, int[] tokens, int from, int to, List<Ask> asks) {

  /** How many positions are computed. */
  public int rows() {
    return to - from;
  }
}
