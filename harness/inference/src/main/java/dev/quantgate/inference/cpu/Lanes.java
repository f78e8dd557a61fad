package dev.quantgate.inference.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The machine's float vectors, and the few operations on them that every kernel must do alike.
 *
 * <p>A sum over k is kept as {@link #COUNT} lane sums, lane l taking every k with {@code k mod
 * COUNT == l} in ascending order by fused multiply-add; in the end the lanes are added in one fixed
 * tree, the upper half to the lower, halving. Each output of each kernel is such a sum, so its bits
 * depend neither on how many rows are computed together nor on which thread does it. {@code
 * reduceLanes} is never used on floats: its order is unspecified.
 */
final class Lanes {
  static final VectorSpecies<Float> SPECIES = species();
  static final int COUNT = SPECIES.length();

  /** Rows of activations are padded with zeros to a multiple of this, twice the widest vector. */
  static final int PADDING = 32;

  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;

  private Lanes() {}

  private static VectorSpecies<Float> species() {
    VectorSpecies<Float> preferred = FloatVector.SPECIES_PREFERRED;
    return preferred.length() > 16 ? FloatVector.SPECIES_512 : preferred;
  }

  /** The least multiple of {@link #PADDING} that is not below {@code n}. */
  static int pad(int n) {
    return Math.addExact(n, PADDING - 1) & -PADDING;
  }

  static FloatVector zero() {
    return FloatVector.zero(SPECIES);
  }

  static FloatVector load(float[] array, int offset) {
    return FloatVector.fromArray(SPECIES, array, offset);
  }

  /**
   * The tree sum of the lanes stored at {@code offset}. Written out: the processor adds independent
   * scalars faster than it shuffles lanes.
   */
  static float tree(float[] lanes, int offset) {
    return switch (COUNT) {
      case 16 -> tree16(lanes, offset);
      case 8 -> tree8(lanes, offset);
      default -> tree(lanes, offset, 0, COUNT);
    };
  }

  /** Floats from one result of {@link #sums} to the next. */
  static final int SUM_STRIDE = 4;

  /**
   * The tree sums of {@code n} vectors' lanes stored one after the other, in place: sum i comes to
   * stand at {@code i * SUM_STRIDE}. With 16 lanes each round of the tree is done for all vectors
   * at once, a sum then costs a third of {@link #tree}; there must be room for a multiple of four.
   */
  static void sums(float[] lanes, int n) {
    if (COUNT != 16) {
      for (int i = 0; i < n; i++) {
        lanes[i * SUM_STRIDE] = tree(lanes, i * COUNT);
      }
      return;
    }
    for (int i = 0; i < n; i++) {
      FloatVector low = FloatVector.fromArray(FloatVector.SPECIES_256, lanes, 16 * i);
      low.add(FloatVector.fromArray(FloatVector.SPECIES_256, lanes, 16 * i + 8))
          .intoArray(lanes, 8 * i);
    }
    for (int i = 0; i < n; i++) {
      FloatVector low = FloatVector.fromArray(FloatVector.SPECIES_128, lanes, 8 * i);
      low.add(FloatVector.fromArray(FloatVector.SPECIES_128, lanes, 8 * i + 4))
          .intoArray(lanes, 4 * i);
    }
    for (int i = 0; i < 4 * n; i += 4) {
      lanes[i] = (lanes[i] + lanes[i + 2]) + (lanes[i + 1] + lanes[i + 3]);
    }
  }

  private static float tree16(float[] a, int i) {
    float s0 = a[i] + a[i + 8];
    float s1 = a[i + 1] + a[i + 9];
    float s2 = a[i + 2] + a[i + 10];
    float s3 = a[i + 3] + a[i + 11];
    float s4 = a[i + 4] + a[i + 12];
    float s5 = a[i + 5] + a[i + 13];
    float s6 = a[i + 6] + a[i + 14];
    float s7 = a[i + 7] + a[i + 15];
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
  }

  private static float tree8(float[] a, int i) {
    return ((a[i] + a[i + 4]) + (a[i + 2] + a[i + 6]))
        + ((a[i + 1] + a[i + 5]) + (a[i + 3] + a[i + 7]));
  }

  /** Lanes {@code first, first + step, ...}, where step divides the number of lanes. */
  private static float tree(float[] a, int i, int first, int count) {
    int step = COUNT / count;
    if (count == 1) {
      return a[i + first];
    }
    return tree(a, i, first, count / 2) + tree(a, i, first + step, count / 2);
  }

  /** The tree sum of a vector's lanes; {@code scratch} has room for {@link #COUNT} floats. */
  static float tree(FloatVector lanes, float[] scratch) {
    lanes.intoArray(scratch, 0);
    return tree(scratch, 0);
  }

  /**
   * e^x of each lane within 2 units in the last place; 0 below -87.3, clamped above 88.3; NaN stays
   * NaN. Cephes' expf: x = n ln 2 + r, a polynomial in r, times 2^n. An element's bits do not
   * depend on its lane.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.blend(88.3f, x.compare(VectorOperators.GT, 88.3f));
    VectorMask<Float> tiny = clamped.compare(VectorOperators.LT, -87.3f);
    clamped = clamped.blend(-87.3f, tiny);
    // Adding and taking away 1.5 * 2^23 rounds to the nearest integer.
    FloatVector n = clamped.mul(LOG2_E).add(12582912f).sub(12582912f);
    FloatVector r = n.fma(FloatVector.broadcast(SPECIES, -LN2_HIGH), clamped);
    r = n.fma(FloatVector.broadcast(SPECIES, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(SPECIES, 1.9875691500e-4f);
    p = p.fma(r, FloatVector.broadcast(SPECIES, 1.3981999507e-3f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 8.3334519073e-3f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 4.1665795894e-2f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 1.6666665459e-1f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 5.0000001201e-1f));
    p = p.fma(r.mul(r), r).add(1f);
    var exponent =
        n.convert(VectorOperators.F2I, 0)
            .reinterpretAsInts()
            .add(127)
            .lanewise(VectorOperators.LSHL, 23)
            .reinterpretAsFloats();
    return p.mul(exponent).blend(0f, tiny);
  }

  /**
   * Replaces {@code gate[i]} by {@code silu(gate[i]) * up[i]} for i below n, a multiple of COUNT.
   */
  static void swiglu(float[] gate, float[] up, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector g = load(gate, i);
      FloatVector one = FloatVector.broadcast(SPECIES, 1f);
      g.div(exp(g.neg()).add(one)).mul(load(up, i)).intoArray(gate, i);
    }
  }
}
