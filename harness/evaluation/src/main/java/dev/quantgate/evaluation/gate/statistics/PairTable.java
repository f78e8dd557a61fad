package dev.quantgate.evaluation.gate.statistics;

/**
 * The 2x2 table of right/wrong items that two models answered.
 *
 * @param bothRight items that both got right
 * @param losses items that only the baseline got right
 * @param gains items that only the candidate got right
 * @param bothWrong items that neither got right
 */
public record PairTable(int bothRight, int losses, int gains, int bothWrong) {
  public PairTable {
    if (bothRight < 0 || losses < 0 || gains < 0 || bothWrong < 0) {
      throw new IllegalArgumentException(
          "counts below 0: %d, %d, %d, %d".formatted(bothRight, losses, gains, bothWrong));
    }
  }

  public int items() {
    return Math.addExact(Math.addExact(bothRight, losses), Math.addExact(gains, bothWrong));
  }

  public int flips() {
    return losses + gains;
  }

  /** The share of items that flipped; 0 without items. */
  public double flipRate() {
    return items() == 0 ? 0 : (double) flips() / items();
  }

  /** The candidate's score less the baseline's; 0 without items. */
  public double delta() {
    return items() == 0 ? 0 : (double) (gains - losses) / items();
  }
}
