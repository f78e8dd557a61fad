package dev.quantgate.inference.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Lane sums of one row of 16-bit weights with one, four or eight rows of activations, the weights
 * widened in registers. Used where few rows share a weight, so that reading it is what costs.
 *
 * <p>Half to float by integers: sign-extend to 32 bits and shift by 13, so that exponent and
 * fraction stand where float32 has them, keep those and the sign, and multiply by 2^112, the
 * difference of the biases. Exact for every finite half, subnormal ones too.
 */
final class Narrow {
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(16 * Lanes.COUNT));
  private static final VectorSpecies<Integer> INTS = Lanes.SPECIES.withLanes(int.class);
  private static final int HALF_BITS = 0x8fffe000;
  private static final float HALF_SCALE = 0x1p112f;

  private Narrow() {}

  private static IntVector extended(MemorySegment from, long at) {
    return (IntVector)
        ShortVector.fromMemorySegment(SHORTS, from, at, ByteOrder.LITTLE_ENDIAN)
            .convertShape(VectorOperators.S2I, INTS, 0);
  }

  private static FloatVector half(MemorySegment from, long at) {
    return extended(from, at)
        .lanewise(VectorOperators.LSHL, 13)
        .and(HALF_BITS)
        .reinterpretAsFloats()
        .mul(HALF_SCALE);
  }

  private static FloatVector brain(MemorySegment from, long at) {
    return extended(from, at).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /** Stores the lane sums of {@code n} weights from byte {@code at} on with the floats at x0. */
  static void f16(MemorySegment from, long at, int n, float[] x, int x0, float[] lanes) {
    FloatVector a = Lanes.zero();
    for (int i = 0; i < n; i += Lanes.COUNT) {
      a = Lanes.load(x, x0 + i).fma(half(from, at + 2L * i), a);
    }
    a.intoArray(lanes, 0);
  }

  static void bf16(MemorySegment from, long at, int n, float[] x, int x0, float[] lanes) {
    FloatVector a = Lanes.zero();
    for (int i = 0; i < n; i += Lanes.COUNT) {
      a = Lanes.load(x, x0 + i).fma(brain(from, at + 2L * i), a);
    }
    a.intoArray(lanes, 0);
  }

  private static FloatVector load(MemorySegment x, long at) {
    return FloatVector.fromMemorySegment(Lanes.SPECIES, x, at, ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The same for up to four rows of activations, {@code ld} bytes apart, of which {@code last} is
   * the last: it stands in for those behind it, whose sums nobody reads. Lane sums stand one after
   * the other.
   */
  static void f16Four(
      MemorySegment from,
      long at,
      int n,
      MemorySegment x,
      long x0,
      long ld,
      int last,
      float[] lanes) {
    long x1 = x0 + Math.min(1, last) * ld;
    long x2 = x0 + Math.min(2, last) * ld;
    long x3 = x0 + Math.min(3, last) * ld;
    FloatVector a = Lanes.zero();
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w = half(from, at + 2L * i);
      a = load(x, x0 + 4L * i).fma(w, a);
      b = load(x, x1 + 4L * i).fma(w, b);
      c = load(x, x2 + 4L * i).fma(w, c);
      d = load(x, x3 + 4L * i).fma(w, d);
    }
    a.intoArray(lanes, 0);
    b.intoArray(lanes, Lanes.COUNT);
    c.intoArray(lanes, 2 * Lanes.COUNT);
    d.intoArray(lanes, 3 * Lanes.COUNT);
  }

  static void bf16Four(
      MemorySegment from,
      long at,
      int n,
      MemorySegment x,
      long x0,
      long ld,
      int last,
      float[] lanes) {
    long x1 = x0 + Math.min(1, last) * ld;
    long x2 = x0 + Math.min(2, last) * ld;
    long x3 = x0 + Math.min(3, last) * ld;
    FloatVector a = Lanes.zero();
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w = brain(from, at + 2L * i);
      a = load(x, x0 + 4L * i).fma(w, a);
      b = load(x, x1 + 4L * i).fma(w, b);
      c = load(x, x2 + 4L * i).fma(w, c);
      d = load(x, x3 + 4L * i).fma(w, d);
    }
    a.intoArray(lanes, 0);
    b.intoArray(lanes, Lanes.COUNT);
    c.intoArray(lanes, 2 * Lanes.COUNT);
    d.intoArray(lanes, 3 * Lanes.COUNT);
  }

  /** The same for up to eight rows. */
  static void f16Eight(
      MemorySegment from,
      long at,
      int n,
      MemorySegment x,
      long x0,
      long ld,
      int last,
      float[] lanes) {
    long x1 = x0 + Math.min(1, last) * ld;
    long x2 = x0 + Math.min(2, last) * ld;
    long x3 = x0 + Math.min(3, last) * ld;
    long x4 = x0 + Math.min(4, last) * ld;
    long x5 = x0 + Math.min(5, last) * ld;
    long x6 = x0 + Math.min(6, last) * ld;
    long x7 = x0 + Math.min(7, last) * ld;
    FloatVector a = Lanes.zero();
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    FloatVector e = a;
    FloatVector f = a;
    FloatVector g = a;
    FloatVector h = a;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w = half(from, at + 2L * i);
      a = load(x, x0 + 4L * i).fma(w, a);
      b = load(x, x1 + 4L * i).fma(w, b);
      c = load(x, x2 + 4L * i).fma(w, c);
      d = load(x, x3 + 4L * i).fma(w, d);
      e = load(x, x4 + 4L * i).fma(w, e);
      f = load(x, x5 + 4L * i).fma(w, f);
      g = load(x, x6 + 4L * i).fma(w, g);
      h = load(x, x7 + 4L * i).fma(w, h);
    }
    a.intoArray(lanes, 0);
    b.intoArray(lanes, Lanes.COUNT);
    c.intoArray(lanes, 2 * Lanes.COUNT);
    d.intoArray(lanes, 3 * Lanes.COUNT);
    e.intoArray(lanes, 4 * Lanes.COUNT);
    f.intoArray(lanes, 5 * Lanes.COUNT);
    g.intoArray(lanes, 6 * Lanes.COUNT);
    h.intoArray(lanes, 7 * Lanes.COUNT);
  }

  static void bf16Eight(
      MemorySegment from,
      long at,
      int n,
      MemorySegment x,
      long x0,
      long ld,
      int last,
      float[] lanes) {
    long x1 = x0 + Math.min(1, last) * ld;
    long x2 = x0 + Math.min(2, last) * ld;
    long x3 = x0 + Math.min(3, last) * ld;
    long x4 = x0 + Math.min(4, last) * ld;
    long x5 = x0 + Math.min(5, last) * ld;
    long x6 = x0 + Math.min(6, last) * ld;
    long x7 = x0 + Math.min(7, last) * ld;
    FloatVector a = Lanes.zero();
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    FloatVector e = a;
    FloatVector f = a;
    FloatVector g = a;
    FloatVector h = a;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w = brain(from, at + 2L * i);
      a = load(x, x0 + 4L * i).fma(w, a);
      b = load(x, x1 + 4L * i).fma(w, b);
      c = load(x, x2 + 4L * i).fma(w, c);
      d = load(x, x3 + 4L * i).fma(w, d);
      e = load(x, x4 + 4L * i).fma(w, e);
      f = load(x, x5 + 4L * i).fma(w, f);
      g = load(x, x6 + 4L * i).fma(w, g);
      h = load(x, x7 + 4L * i).fma(w, h);
    }
    a.intoArray(lanes, 0);
    b.intoArray(lanes, Lanes.COUNT);
    c.intoArray(lanes, 2 * Lanes.COUNT);
    d.intoArray(lanes, 3 * Lanes.COUNT);
    e.intoArray(lanes, 4 * Lanes.COUNT);
    f.intoArray(lanes, 5 * Lanes.COUNT);
    g.intoArray(lanes, 6 * Lanes.COUNT);
    h.intoArray(lanes, 7 * Lanes.COUNT);
  }
}
