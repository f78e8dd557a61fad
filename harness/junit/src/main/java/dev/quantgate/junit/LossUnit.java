package dev.quantgate.junit;

/** What an assertion counts a loss in. */
public enum LossUnit {
  /** Percentage points of the suite's score, gains set off against losses. */
  POINTS,
  /** Items that the baseline does better, whatever was gained. */
  ITEMS
}
