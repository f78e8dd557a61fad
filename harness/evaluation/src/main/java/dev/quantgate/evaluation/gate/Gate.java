package dev.quantgate.evaluation.gate;

/** Turns a suite's counts into a verdict. Knows nothing else about the suite. */
public interface Gate {

  Ruling judge(Counts counts);

  /**
   * A suite's pairs in numbers.
   *
   * @param items pairs
   * @param gradeDifference sum over the pairs of the candidate's score less the baseline's; a whole
   *     number where each item has one answer
   * @param losses pairs the baseline does better
   * @param gains pairs the candidate does better
   */
  record Counts(int items, double gradeDifference, int losses, int gains) {
    /** In percentage points; one rounding, so that a loss of exactly the margin is exactly that. */
    public double deltaPoints() {
      return items == 0 ? 0 : 100 * gradeDifference / items;
    }
  }

  /** A verdict and the line that says what it rests on. */
  record Ruling(Verdict verdict, String reason) {}
}
