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
 * Lane sums of rows of 16-bit weights with a few rows of activations, the weights widened in
 * registers. Used where few rows share a weight, so that reading it is what costs.
 *
 * <p>A tile's weight rows lie {@code step} bytes apart, and the next tile's follow each of them: so
 * a tile reads as many long streams as it has weight rows. Streams keep more of memory's latency in
 * flight than one does, and the processor's prefetcher follows each of them. Neighbouring rows read
 * side by side would be streams of one row's length, which it never catches up with: on a Zen 4
 * core 7 instead of 20 GB/s.
 *
 * <p>Half to float by integers: sign-extend to 32 bits and shift by 13, so that exponent and
 * fraction stand where float32 has them, keep those and the sign, and multiply by 2^112, the
 * difference of the biases. Exact for every finite half, subnormal ones too.
 *
 * <p>All take: {@code n} weights a row from byte {@code at} on; whether they are brain floats or
 * halves, known before the loop, which the compiler makes twice; activation rows from {@code x0}
 * on, {@code ld} floats apart, of which {@code last} is the last and stands in for those behind it,
 * whose sums nobody reads. Lane sums are stored one after the other, those of a weight row
 * together.
 *
 * <p>Vectors are loaded by the library's own method: in a body of this size the compiler no longer
 * inlines other people's, and one call that is left makes every vector an object.
 */
final class HalfDotKernel {
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(16 * Lanes.COUNT));
  private static final VectorSpecies<Integer> INTS = Lanes.SPECIES.withLanes(int.class);
  private static final int HALF_BITS = 0x8fffe000;
  private static final float HALF_SCALE = 0x1p112f;

  private HalfDotKernel() {}

  private static FloatVector widened(MemorySegment from, long at, boolean brain) {
    var extended =
        (IntVector)
            ShortVector.fromMemorySegment(SHORTS, from, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.S2I, INTS, 0);
    if (brain) {
      return extended.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }
    return extended
        .lanewise(VectorOperators.LSHL, 13)
        .and(HALF_BITS)
        .reinterpretAsFloats()
        .mul(HALF_SCALE);
  }

  /** One weight row, one activation row. */
  static void row1(
      MemorySegment from, long at, int n, boolean brain, float[] x, int x0, float[] lanes) {
    FloatVector a = Lanes.zero();
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w = widened(from, at + 2L * i, brain);
      a = FloatVector.fromArray(Lanes.SPECIES, x, x0 + i).fma(w, a);
    }
    a.intoArray(lanes, 0);
  }

  /** One weight row, up to eight activation rows. */
  static void row8(
      MemorySegment from,
      long at,
      int n,
      boolean brain,
      float[] x,
      int x0,
      int ld,
      int last,
      float[] lanes) {
    int x1 = x0 + Math.min(1, last) * ld;
    int x2 = x0 + Math.min(2, last) * ld;
    int x3 = x0 + Math.min(3, last) * ld;
    int x4 = x0 + Math.min(4, last) * ld;
    int x5 = x0 + Math.min(5, last) * ld;
    int x6 = x0 + Math.min(6, last) * ld;
    int x7 = x0 + Math.min(7, last) * ld;
    FloatVector a = Lanes.zero();
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    FloatVector e = a;
    FloatVector f = a;
    FloatVector g = a;
    FloatVector h = a;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w = widened(from, at + 2L * i, brain);
      a = FloatVector.fromArray(Lanes.SPECIES, x, x0 + i).fma(w, a);
      b = FloatVector.fromArray(Lanes.SPECIES, x, x1 + i).fma(w, b);
      c = FloatVector.fromArray(Lanes.SPECIES, x, x2 + i).fma(w, c);
      d = FloatVector.fromArray(Lanes.SPECIES, x, x3 + i).fma(w, d);
      e = FloatVector.fromArray(Lanes.SPECIES, x, x4 + i).fma(w, e);
      f = FloatVector.fromArray(Lanes.SPECIES, x, x5 + i).fma(w, f);
      g = FloatVector.fromArray(Lanes.SPECIES, x, x6 + i).fma(w, g);
      h = FloatVector.fromArray(Lanes.SPECIES, x, x7 + i).fma(w, h);
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

  /** Six weight rows, one activation row. */
  static void tile6x1(
      MemorySegment from,
      long at,
      long step,
      int n,
      boolean brain,
      float[] x,
      int x0,
      float[] lanes) {
    FloatVector a0 = Lanes.zero();
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector a4 = a0;
    FloatVector a5 = a0;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w0 = widened(from, at + 2L * i, brain);
      FloatVector w1 = widened(from, at + step + 2L * i, brain);
      FloatVector w2 = widened(from, at + 2 * step + 2L * i, brain);
      FloatVector w3 = widened(from, at + 3 * step + 2L * i, brain);
      FloatVector w4 = widened(from, at + 4 * step + 2L * i, brain);
      FloatVector w5 = widened(from, at + 5 * step + 2L * i, brain);
      FloatVector v = FloatVector.fromArray(Lanes.SPECIES, x, x0 + i);
      a0 = v.fma(w0, a0);
      a1 = v.fma(w1, a1);
      a2 = v.fma(w2, a2);
      a3 = v.fma(w3, a3);
      a4 = v.fma(w4, a4);
      a5 = v.fma(w5, a5);
    }
    a0.intoArray(lanes, 0);
    a1.intoArray(lanes, Lanes.COUNT);
    a2.intoArray(lanes, 2 * Lanes.COUNT);
    a3.intoArray(lanes, 3 * Lanes.COUNT);
    a4.intoArray(lanes, 4 * Lanes.COUNT);
    a5.intoArray(lanes, 5 * Lanes.COUNT);
  }

  /** Four weight rows, up to two activation rows. */
  static void tile4x2(
      MemorySegment from,
      long at,
      long step,
      int n,
      boolean brain,
      float[] x,
      int x0,
      int ld,
      int last,
      float[] lanes) {
    int x1 = x0 + Math.min(1, last) * ld;
    FloatVector a0 = Lanes.zero();
    FloatVector b0 = a0;
    FloatVector a1 = a0;
    FloatVector b1 = a0;
    FloatVector a2 = a0;
    FloatVector b2 = a0;
    FloatVector a3 = a0;
    FloatVector b3 = a0;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w0 = widened(from, at + 2L * i, brain);
      FloatVector w1 = widened(from, at + step + 2L * i, brain);
      FloatVector w2 = widened(from, at + 2 * step + 2L * i, brain);
      FloatVector w3 = widened(from, at + 3 * step + 2L * i, brain);
      FloatVector v = FloatVector.fromArray(Lanes.SPECIES, x, x0 + i);
      a0 = v.fma(w0, a0);
      a1 = v.fma(w1, a1);
      a2 = v.fma(w2, a2);
      a3 = v.fma(w3, a3);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x1 + i);
      b0 = v.fma(w0, b0);
      b1 = v.fma(w1, b1);
      b2 = v.fma(w2, b2);
      b3 = v.fma(w3, b3);
    }
    a0.intoArray(lanes, 0);
    b0.intoArray(lanes, Lanes.COUNT);
    a1.intoArray(lanes, 2 * Lanes.COUNT);
    b1.intoArray(lanes, 3 * Lanes.COUNT);
    a2.intoArray(lanes, 4 * Lanes.COUNT);
    b2.intoArray(lanes, 5 * Lanes.COUNT);
    a3.intoArray(lanes, 6 * Lanes.COUNT);
    b3.intoArray(lanes, 7 * Lanes.COUNT);
  }

  /** Four weight rows, up to four activation rows: 16 sums. */
  static void tile4x4(
      MemorySegment from,
      long at,
      long step,
      int n,
      boolean brain,
      float[] x,
      int x0,
      int ld,
      int last,
      float[] lanes) {
    int x1 = x0 + Math.min(1, last) * ld;
    int x2 = x0 + Math.min(2, last) * ld;
    int x3 = x0 + Math.min(3, last) * ld;
    FloatVector a0 = Lanes.zero();
    FloatVector b0 = a0;
    FloatVector c0 = a0;
    FloatVector d0 = a0;
    FloatVector a1 = a0;
    FloatVector b1 = a0;
    FloatVector c1 = a0;
    FloatVector d1 = a0;
    FloatVector a2 = a0;
    FloatVector b2 = a0;
    FloatVector c2 = a0;
    FloatVector d2 = a0;
    FloatVector a3 = a0;
    FloatVector b3 = a0;
    FloatVector c3 = a0;
    FloatVector d3 = a0;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w0 = widened(from, at + 2L * i, brain);
      FloatVector w1 = widened(from, at + step + 2L * i, brain);
      FloatVector w2 = widened(from, at + 2 * step + 2L * i, brain);
      FloatVector w3 = widened(from, at + 3 * step + 2L * i, brain);
      FloatVector v = FloatVector.fromArray(Lanes.SPECIES, x, x0 + i);
      a0 = v.fma(w0, a0);
      a1 = v.fma(w1, a1);
      a2 = v.fma(w2, a2);
      a3 = v.fma(w3, a3);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x1 + i);
      b0 = v.fma(w0, b0);
      b1 = v.fma(w1, b1);
      b2 = v.fma(w2, b2);
      b3 = v.fma(w3, b3);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x2 + i);
      c0 = v.fma(w0, c0);
      c1 = v.fma(w1, c1);
      c2 = v.fma(w2, c2);
      c3 = v.fma(w3, c3);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x3 + i);
      d0 = v.fma(w0, d0);
      d1 = v.fma(w1, d1);
      d2 = v.fma(w2, d2);
      d3 = v.fma(w3, d3);
    }
    a0.intoArray(lanes, 0);
    b0.intoArray(lanes, Lanes.COUNT);
    c0.intoArray(lanes, 2 * Lanes.COUNT);
    d0.intoArray(lanes, 3 * Lanes.COUNT);
    a1.intoArray(lanes, 4 * Lanes.COUNT);
    b1.intoArray(lanes, 5 * Lanes.COUNT);
    c1.intoArray(lanes, 6 * Lanes.COUNT);
    d1.intoArray(lanes, 7 * Lanes.COUNT);
    a2.intoArray(lanes, 8 * Lanes.COUNT);
    b2.intoArray(lanes, 9 * Lanes.COUNT);
    c2.intoArray(lanes, 10 * Lanes.COUNT);
    d2.intoArray(lanes, 11 * Lanes.COUNT);
    a3.intoArray(lanes, 12 * Lanes.COUNT);
    b3.intoArray(lanes, 13 * Lanes.COUNT);
    c3.intoArray(lanes, 14 * Lanes.COUNT);
    d3.intoArray(lanes, 15 * Lanes.COUNT);
  }

  /** Three weight rows, up to eight activation rows: 24 sums, all that 32 registers hold. */
  static void tile3x8(
      MemorySegment from,
      long at,
      long step,
      int n,
      boolean brain,
      float[] x,
      int x0,
      int ld,
      int last,
      float[] lanes) {
    int x1 = x0 + Math.min(1, last) * ld;
    int x2 = x0 + Math.min(2, last) * ld;
    int x3 = x0 + Math.min(3, last) * ld;
    int x4 = x0 + Math.min(4, last) * ld;
    int x5 = x0 + Math.min(5, last) * ld;
    int x6 = x0 + Math.min(6, last) * ld;
    int x7 = x0 + Math.min(7, last) * ld;
    FloatVector a0 = Lanes.zero();
    FloatVector b0 = a0;
    FloatVector c0 = a0;
    FloatVector d0 = a0;
    FloatVector e0 = a0;
    FloatVector f0 = a0;
    FloatVector g0 = a0;
    FloatVector h0 = a0;
    FloatVector a1 = a0;
    FloatVector b1 = a0;
    FloatVector c1 = a0;
    FloatVector d1 = a0;
    FloatVector e1 = a0;
    FloatVector f1 = a0;
    FloatVector g1 = a0;
    FloatVector h1 = a0;
    FloatVector a2 = a0;
    FloatVector b2 = a0;
    FloatVector c2 = a0;
    FloatVector d2 = a0;
    FloatVector e2 = a0;
    FloatVector f2 = a0;
    FloatVector g2 = a0;
    FloatVector h2 = a0;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector w0 = widened(from, at + 2L * i, brain);
      FloatVector w1 = widened(from, at + step + 2L * i, brain);
      FloatVector w2 = widened(from, at + 2 * step + 2L * i, brain);
      FloatVector v = FloatVector.fromArray(Lanes.SPECIES, x, x0 + i);
      a0 = v.fma(w0, a0);
      a1 = v.fma(w1, a1);
      a2 = v.fma(w2, a2);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x1 + i);
      b0 = v.fma(w0, b0);
      b1 = v.fma(w1, b1);
      b2 = v.fma(w2, b2);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x2 + i);
      c0 = v.fma(w0, c0);
      c1 = v.fma(w1, c1);
      c2 = v.fma(w2, c2);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x3 + i);
      d0 = v.fma(w0, d0);
      d1 = v.fma(w1, d1);
      d2 = v.fma(w2, d2);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x4 + i);
      e0 = v.fma(w0, e0);
      e1 = v.fma(w1, e1);
      e2 = v.fma(w2, e2);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x5 + i);
      f0 = v.fma(w0, f0);
      f1 = v.fma(w1, f1);
      f2 = v.fma(w2, f2);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x6 + i);
      g0 = v.fma(w0, g0);
      g1 = v.fma(w1, g1);
      g2 = v.fma(w2, g2);
      v = FloatVector.fromArray(Lanes.SPECIES, x, x7 + i);
      h0 = v.fma(w0, h0);
      h1 = v.fma(w1, h1);
      h2 = v.fma(w2, h2);
    }
    a0.intoArray(lanes, 0);
    b0.intoArray(lanes, Lanes.COUNT);
    c0.intoArray(lanes, 2 * Lanes.COUNT);
    d0.intoArray(lanes, 3 * Lanes.COUNT);
    e0.intoArray(lanes, 4 * Lanes.COUNT);
    f0.intoArray(lanes, 5 * Lanes.COUNT);
    g0.intoArray(lanes, 6 * Lanes.COUNT);
    h0.intoArray(lanes, 7 * Lanes.COUNT);
    a1.intoArray(lanes, 8 * Lanes.COUNT);
    b1.intoArray(lanes, 9 * Lanes.COUNT);
    c1.intoArray(lanes, 10 * Lanes.COUNT);
    d1.intoArray(lanes, 11 * Lanes.COUNT);
    e1.intoArray(lanes, 12 * Lanes.COUNT);
    f1.intoArray(lanes, 13 * Lanes.COUNT);
    g1.intoArray(lanes, 14 * Lanes.COUNT);
    h1.intoArray(lanes, 15 * Lanes.COUNT);
    a2.intoArray(lanes, 16 * Lanes.COUNT);
    b2.intoArray(lanes, 17 * Lanes.COUNT);
    c2.intoArray(lanes, 18 * Lanes.COUNT);
    d2.intoArray(lanes, 19 * Lanes.COUNT);
    e2.intoArray(lanes, 20 * Lanes.COUNT);
    f2.intoArray(lanes, 21 * Lanes.COUNT);
    g2.intoArray(lanes, 22 * Lanes.COUNT);
    h2.intoArray(lanes, 23 * Lanes.COUNT);
  }
}
