package dev.quantgate.inference.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The normalisation of one row of logits: {@code log p(t) = logit(t) - max - log(sum of e^(logit -
 * max))}, exponentials in float32, their sum and all else in double.
 *
 * @param max the largest logit
 * @param logSum the logarithm of the sum
 * @param argmax the lowest id of the largest logit
 * @param margin the largest logit less the largest of all others
 * @param finite whether no logit is infinite or NaN; if not, the rest means nothing
 */
record LogSoftmax(float max, double logSum, int argmax, float margin, boolean finite) {
  private static final LogSoftmax NON_FINITE =
      new LogSoftmax(Float.NaN, Double.NaN, -1, Float.NaN, false);

  double of(float logit) {
    return (double) logit - max - logSum;
  }

  static LogSoftmax of(float[] logits, int at, int n) {
    Peak peak = peak(logits, at, n);
    if (peak.argmax() < 0) {
      return NON_FINITE;
    }
    float max = logits[at + peak.argmax()];
    int lanes = Lanes.COUNT;
    int whole = n - n % lanes;
    DoubleVector low = DoubleVector.zero(DOUBLES);
    DoubleVector high = low;
    for (int i = 0; i < whole; i += lanes) {
      FloatVector e = Lanes.exp(Lanes.load(logits, at + i).sub(max));
      low = low.add((DoubleVector) e.convert(VectorOperators.F2D, 0));
      high = high.add((DoubleVector) e.convert(VectorOperators.F2D, 1));
    }
    double[] sums = new double[lanes];
    low.intoArray(sums, 0);
    high.intoArray(sums, lanes / 2);
    double sum = 0;
    for (double s : sums) {
      sum += s;
    }
    for (int i = whole; i < n; i++) {
      sum += Math.exp((double) logits[at + i] - max);
    }
    return new LogSoftmax(max, Math.log(sum), peak.argmax(), peak.margin(), true);
  }

  private static final jdk.incubator.vector.VectorSpecies<Double> DOUBLES =
      Lanes.SPECIES.withLanes(double.class);

  /**
   * The largest of some floats.
   *
   * @param argmax its lowest index, or -1 if one of the floats is not finite
   * @param margin by how much it is larger than all others; 0 where two are largest
   */
  record Peak(int argmax, float margin) {
    private static final Peak NON_FINITE = new Peak(-1, Float.NaN);
  }

  /** The largest of {@code n} floats at {@code at}, and the next one, in one pass. */
  static Peak peak(float[] values, int at, int n) {
    int lanes = Lanes.COUNT;
    int whole = n - n % lanes;
    FloatVector largest = FloatVector.broadcast(Lanes.SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector second = largest;
    // A product with 0 is 0 for every finite value and NaN for every other one, and NaN stays.
    FloatVector bad = Lanes.zero();
    for (int i = 0; i < whole; i += lanes) {
      FloatVector v = Lanes.load(values, at + i);
      second = second.lanewise(VectorOperators.MAX, v.lanewise(VectorOperators.MIN, largest));
      largest = v.lanewise(VectorOperators.MAX, largest);
      bad = v.fma(Lanes.zero(), bad);
    }
    boolean finite = bad.compare(VectorOperators.EQ, Lanes.zero()).allTrue();
    // The two largest of all are among the two largest of each lane and the rest.
    float[] rest = new float[3 * lanes];
    largest.intoArray(rest, 0);
    second.intoArray(rest, lanes);
    System.arraycopy(values, at + whole, rest, 2 * lanes, n - whole);
    float max = Float.NEGATIVE_INFINITY;
    float next = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < 2 * lanes + n - whole; i++) {
      finite &= i < 2 * lanes || Float.isFinite(rest[i]);
      next = Math.max(next, Math.min(max, rest[i]));
      max = Math.max(max, rest[i]);
    }
    if (!finite) {
      return Peak.NON_FINITE;
    }
    float margin = max - next;
    for (int i = 0; i < whole; i += lanes) {
      var equal = Lanes.load(values, at + i).compare(VectorOperators.EQ, max);
      if (equal.anyTrue()) {
        return new Peak(i + equal.firstTrue(), margin);
      }
    }
    for (int i = whole; i < n; i++) {
      if (values[at + i] == max) {
        return new Peak(i, margin);
      }
    }
    throw new AssertionError("a maximum is one of the values");
  }
}
