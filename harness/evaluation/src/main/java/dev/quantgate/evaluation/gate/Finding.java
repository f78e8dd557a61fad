package dev.quantgate.evaluation.gate;

import java.util.Collection;
import java.util.Comparator;

/**
 * What the pairs show, whatever policy makes of it; in the order in which several are summed up.
 */
public enum Finding {
  /** The pairs say nothing of the models. */
  INVALID,
  /** A real loss, measured beyond the margin. */
  FAIL,
  /** Neither a loss nor its absence is shown. */
  INCONCLUSIVE,
  /** A loss of the margin or more is excluded. */
  PASS,
  /** The baseline is not better than guessing by more than the margin: no part of the whole. */
  UNINFORMATIVE;

  /** The first in order, passing over what is UNINFORMATIVE; INVALID if nothing is left. */
  static Finding of(Collection<Finding> suites) {
    return suites.stream()
        .filter(finding -> finding != UNINFORMATIVE)
        .min(Comparator.naturalOrder())
        .orElse(INVALID);
  }
}
