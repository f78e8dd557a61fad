package dev.quantgate.inference.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The machine's float vectors, and the few operations on them that every kernel must do alike.
 *
 * <p>A sum over k is kept as {@link #COUNT} lane sums, lane l taking every k with {@code k mod COUNT ==
 * l} in ascending order by fused multiply-add; in the end the lanes are added in one fixed tree, the
 * upper half to the lower, halving. Each output of each kernel is such a sum, so its bits depend
 * neither on how many rows are computed together nor on which thread does it. {@code reduceLanes} is
 * never used on floats: its order is unspecified.
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

  /** The tree sum of the lanes stored at {@code offset}, which it overwrites. */
  static float tree(float[] lanes, int offset) {
    for (int half = COUNT >> 1; half > 0; half >>= 1) {
      for (int lane = 0; lane < half; lane++) {
        lanes[offset + lane] += lanes[offset + lane + half];
      }
    }
    return lanes[offset];
  }

  /** The tree sum of a vector's lanes; {@code scratch} has room for {@link #COUNT} floats. */
  static float tree(FloatVector lanes, float[] scratch) {
    lanes.intoArray(scratch, 0);
    return tree(scratch, 0);
  }

  /** The vectors' lane swap at distance {@code half}: lane l gives lane {@code l ^ half}. */
  static VectorShuffle<Float> swap(int half) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane ^ half) & (COUNT - 1));
  }

  /** The lanes with bit {@code half} set in their number. */
  static VectorMask<Float> upper(int half) {
    boolean[] bits = new boolean[COUNT];
    for (int lane = 0; lane < COUNT; lane++) {
      bits[lane] = (lane & half) != 0;
    }
    return VectorMask.fromArray(SPECIES, bits, 0);
  }

  /**
   * e^x of each lane within 2 units in the last place; 0 below -87.3, clamped above 88.3; NaN stays
   * NaN. Cephes' expf: x = n ln 2 + r, a polynomial in r, times 2^n. An element's bits do not depend
   * on its lane.
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

  /** Replaces {@code gate[i]} by {@code silu(gate[i]) * up[i]} for i below n, a multiple of COUNT. */
  static void swiglu(float[] gate, float[] up, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector g = load(gate, i);
      FloatVector one = FloatVector.broadcast(SPECIES, 1f);
      g.div(exp(g.neg()).add(one)).mul(load(up, i)).intoArray(gate, i);
    }
  }
}
