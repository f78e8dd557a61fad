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
 * @param finite whether no logit is infinite or NaN; if not, the rest means nothing
 */
record LogSoftmax(float max, double logSum, int argmax, boolean finite) {
  private static final LogSoftmax NON_FINITE = new LogSoftmax(Float.NaN, Double.NaN, -1, false);

  double of(float logit) {
    return (double) logit - max - logSum;
  }

  static LogSoftmax of(float[] logits, int at, int n) {
    int argmax = argmax(logits, at, n);
    if (argmax < 0) {
      return NON_FINITE;
    }
    float max = logits[at + argmax];
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
    return new LogSoftmax(max, Math.log(sum), argmax, true);
  }

  private static final jdk.incubator.vector.VectorSpecies<Double> DOUBLES =
      Lanes.SPECIES.withLanes(double.class);

  /** The lowest index of the largest of {@code n} floats, or -1 if one of them is not finite. */
  static int argmax(float[] values, int at, int n) {
    int lanes = Lanes.COUNT;
    int whole = n - n % lanes;
    FloatVector largest = FloatVector.broadcast(Lanes.SPECIES, Float.NEGATIVE_INFINITY);
    // A product with 0 is 0 for every finite value and NaN for every other one, and NaN stays.
    FloatVector bad = Lanes.zero();
    for (int i = 0; i < whole; i += lanes) {
      FloatVector v = Lanes.load(values, at + i);
      largest = v.lanewise(VectorOperators.MAX, largest);
      bad = v.fma(Lanes.zero(), bad);
    }
    boolean finite = bad.compare(VectorOperators.EQ, Lanes.zero()).allTrue();
    float max = largest.reduceLanes(VectorOperators.MAX);
    for (int i = whole; i < n; i++) {
      finite &= Float.isFinite(values[at + i]);
      max = Math.max(max, values[at + i]);
    }
    if (!finite) {
      return -1;
    }
    for (int i = 0; i < whole; i += lanes) {
      var equal = Lanes.load(values, at + i).compare(VectorOperators.EQ, max);
      if (equal.anyTrue()) {
        return i + equal.firstTrue();
      }
    }
    for (int i = whole; i < n; i++) {
      if (values[at + i] == max) {
        return i;
      }
    }
    throw new AssertionError("a maximum is one of the values");
  }
}
