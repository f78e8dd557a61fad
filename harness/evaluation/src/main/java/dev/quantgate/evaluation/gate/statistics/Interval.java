package dev.quantgate.evaluation.gate.statistics;

/** A closed interval of deltas or of scores. */
public record Interval(double lower, double upper) {
  public Interval {
    if (!(lower <= upper)) {
      throw new IllegalArgumentException("no interval: %s to %s".formatted(lower, upper));
    }
  }

  /** The smallest interval that holds both. */
  public Interval hull(Interval other) {
    return new Interval(Math.min(lower, other.lower), Math.max(upper, other.upper));
  }
}
