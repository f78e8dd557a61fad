package dev.quantgate.inference.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of {@link GptqWeights} widened, or multiplied with one row of activations on their way.
 *
 * <p>A weight is {@code fp16(scale * (code - zero))}. The product is exact in float32 (11 times 5
 * bits), so one rounding remains. There are three ways to the same bits, the fastest first:
 *
 * <ul>
 *   <li>looked up: with 16 lanes the 16 values that a group can have fill one vector, and each code
 *       picks its own by a permutation; where every group is one block, so that all that the loop
 *       reads lies at constant steps;
 *   <li>computed in place, where every value is zero or a normal half, as in most layers;
 *   <li>computed with the rounding of subnormal and infinite halves too.
 * </ul>
 */
final class NibbleKernel {
  private static final VectorSpecies<Integer> INTS = Lanes.SPECIES.withLanes(int.class);
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(Lanes.COUNT * 16));
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, Lanes.COUNT * 8)));
  private static final FloatVector CODES = (FloatVector) Lanes.zero().addIndex(1);

  private final MemorySegment codes;
  private final MemorySegment scales;
  private final MemorySegment zeros;
  private final boolean bfloatScales;
  private final int columns;
  private final int groups;
  private final int[] groupStart;
  private final int laneBytes;

  /** Whether each value is zero or a normal half. */
  private final boolean normal;

  private final boolean lookedUp;

  /**
   * Rows as {@link GptqWeights} lays them out.
   *
   * @param codes {@code [outputs][columns / 2]} bytes
   * @param scales {@code [outputs][groups]} halves or brain floats
   * @param zeros {@code [outputs][groups]} bytes
   * @param groupStart first column of each group, and behind them the number of columns
   * @param laneBytes bytes of a block's lanes: 1, 2 or 4
   */
  NibbleKernel(
      MemorySegment codes,
      MemorySegment scales,
      MemorySegment zeros,
      boolean bfloatScales,
      int[] groupStart,
      int laneBytes) {
    this.codes = codes;
    this.scales = scales;
    this.zeros = zeros;
    this.bfloatScales = bfloatScales;
    this.groupStart = groupStart;
    this.laneBytes = laneBytes;
    this.groups = groupStart.length - 1;
    this.columns = groupStart[groups];
    this.normal = normal();
    int block = 2 * Lanes.COUNT * laneBytes;
    this.lookedUp =
        Lanes.COUNT == 16
            && IntStream.rangeClosed(0, groups).allMatch(g -> groupStart[g] == g * block);
  }

  /** Codes and zeros differ by 1 to 15: whether that many steps of each scale are normal halves. */
  private boolean normal() {
    for (long i = 0; i < scales.byteSize() / 2; i++) {
      float scale = Math.abs(scale(i));
      if (scale != 0 && (scale < 0x1p-14f || scale > 4096)) {
        return false;
      }
    }
    return true;
  }

  private float scale(long index) {
    short scale = scales.get(Widening.SHORT, 2 * index);
    return bfloatScales ? Float.intBitsToFloat(scale << 16) : Float.float16ToFloat(scale);
  }

  private float zero(long index) {
    return zeros.get(ValueLayout.JAVA_BYTE, index);
  }

  /** Whether {@link #multiply} is there. */
  boolean multiplies() {
    return lookedUp || normal;
  }

  /** Lane sums of a weight row with the activations from {@code x0} on. */
  void multiply(long row, float[] x, int x0, float[] lanes) {
    long at = row * columns / 2;
    long first = row * groups;
    // The width is a constant where these are called, so that they are compiled for it.
    if (lookedUp) {
      switch (laneBytes) {
        case 1 -> multiplyLookedUp(at, first, 1, x, x0, lanes);
        case 2 -> multiplyLookedUp(at, first, 2, x, x0, lanes);
        default -> multiplyLookedUp(at, first, 4, x, x0, lanes);
      }
    } else {
      switch (laneBytes) {
        case 1 -> multiplyComputed(at, first, 1, x, x0, lanes);
        case 2 -> multiplyComputed(at, first, 2, x, x0, lanes);
        default -> multiplyComputed(at, first, 4, x, x0, lanes);
      }
    }
  }

  /** Widens a row into {@code panel} from {@code offset} on. */
  void unpack(long row, float[] panel, int offset) {
    long at = row * columns / 2;
    long first = row * groups;
    if (lookedUp) {
      switch (laneBytes) {
        case 1 -> lookUp(at, first, 1, panel, offset);
        case 2 -> lookUp(at, first, 2, panel, offset);
        default -> lookUp(at, first, 4, panel, offset);
      }
    } else if (normal) {
      switch (laneBytes) {
        case 1 -> compute(at, first, 1, panel, offset);
        case 2 -> compute(at, first, 2, panel, offset);
        default -> compute(at, first, 4, panel, offset);
      }
    } else {
      computeAny(at, first, panel, offset);
    }
  }

  private void multiplyLookedUp(long at, long first, int width, float[] x, int x0, float[] lanes) {
    int count = Lanes.COUNT;
    FloatVector sum = Lanes.zero();
    for (int g = 0; g < groups; g++) {
      IntVector table = table(first + g);
      IntVector words = words(codes, at + (long) count * width * g, width);
      int from = x0 + 2 * count * width * g;
      // Unrolled: a loop of so few rounds costs more than its body.
      sum = Lanes.load(x, from).fma(value(words, 0, table), sum);
      sum = Lanes.load(x, from + count).fma(value(words, 4, table), sum);
      if (width > 1) {
        sum = Lanes.load(x, from + 2 * count).fma(value(words, 8, table), sum);
        sum = Lanes.load(x, from + 3 * count).fma(value(words, 12, table), sum);
      }
      if (width > 2) {
        sum = Lanes.load(x, from + 4 * count).fma(value(words, 16, table), sum);
        sum = Lanes.load(x, from + 5 * count).fma(value(words, 20, table), sum);
        sum = Lanes.load(x, from + 6 * count).fma(value(words, 24, table), sum);
        sum = Lanes.load(x, from + 7 * count).fma(value(words, 28, table), sum);
      }
    }
    sum.intoArray(lanes, 0);
  }

  private void multiplyComputed(long at, long first, int width, float[] x, int x0, float[] lanes) {
    int count = Lanes.COUNT;
    int block = 2 * count * width;
    FloatVector sum = Lanes.zero();
    for (int g = 0; g < groups; g++) {
      FloatVector scale = FloatVector.broadcast(Lanes.SPECIES, scale(first + g));
      FloatVector zero = FloatVector.broadcast(Lanes.SPECIES, zero(first + g));
      int end = groupStart[g + 1];
      for (int c = groupStart[g]; c < end; c += block) {
        IntVector words = words(codes, at + c / 2, width);
        for (int i = x0 + c; i < x0 + c + block; i += count) {
          sum = Lanes.load(x, i).fma(value(words, zero, scale), sum);
          words = words.lanewise(VectorOperators.LSHR, 4);
        }
      }
    }
    sum.intoArray(lanes, 0);
  }

  /** {@link #multiplyLookedUp} that stores the weights instead of multiplying them. */
  private void lookUp(long at, long first, int width, float[] to, int offset) {
    int count = Lanes.COUNT;
    for (int g = 0; g < groups; g++) {
      IntVector table = table(first + g);
      IntVector words = words(codes, at + (long) count * width * g, width);
      int o = offset + 2 * count * width * g;
      value(words, 0, table).intoArray(to, o);
      value(words, 4, table).intoArray(to, o + count);
      if (width > 1) {
        value(words, 8, table).intoArray(to, o + 2 * count);
        value(words, 12, table).intoArray(to, o + 3 * count);
      }
      if (width > 2) {
        value(words, 16, table).intoArray(to, o + 4 * count);
        value(words, 20, table).intoArray(to, o + 5 * count);
        value(words, 24, table).intoArray(to, o + 6 * count);
        value(words, 28, table).intoArray(to, o + 7 * count);
      }
    }
  }

  /** {@link #multiplyComputed} that stores the weights. */
  private void compute(long at, long first, int width, float[] to, int offset) {
    int count = Lanes.COUNT;
    int block = 2 * count * width;
    for (int g = 0; g < groups; g++) {
      FloatVector scale = FloatVector.broadcast(Lanes.SPECIES, scale(first + g));
      FloatVector zero = FloatVector.broadcast(Lanes.SPECIES, zero(first + g));
      int end = groupStart[g + 1];
      for (int c = groupStart[g]; c < end; c += block) {
        IntVector words = words(codes, at + c / 2, width);
        for (int i = offset + c; i < offset + c + block; i += count) {
          value(words, zero, scale).intoArray(to, i);
          words = words.lanewise(VectorOperators.LSHR, 4);
        }
      }
    }
  }

  /** {@link #compute} for halves of any size. */
  private void computeAny(long at, long first, float[] to, int offset) {
    int count = Lanes.COUNT;
    int block = 2 * count * laneBytes;
    for (int g = 0; g < groups; g++) {
      float scale = scale(first + g);
      float zero = zero(first + g);
      for (int c = groupStart[g]; c < groupStart[g + 1]; c += block) {
        IntVector words = words(codes, at + c / 2, laneBytes);
        for (int i = offset + c; i < offset + c + block; i += count) {
          round16(code(words).sub(zero).mul(scale)).intoArray(to, i);
          words = words.lanewise(VectorOperators.LSHR, 4);
        }
      }
    }
  }

  /** The 16 values that the codes of a row and group stand for. */
  private IntVector table(long index) {
    FloatVector exact = CODES.sub(zero(index)).mul(scale(index));
    return (normal ? round16Normal(exact) : round16(exact)).reinterpretAsInts();
  }

  /** The values of one code of each lane: a selection looks at an index's low four bits only. */
  private static FloatVector value(IntVector words, int shift, IntVector table) {
    return words.lanewise(VectorOperators.LSHR, shift).selectFrom(table).reinterpretAsFloats();
  }

  /** The value of the lowest code of each lane. */
  private static FloatVector value(IntVector words, FloatVector zero, FloatVector scale) {
    return round16Normal(code(words).sub(zero).mul(scale));
  }

  private static FloatVector code(IntVector words) {
    return (FloatVector) words.and(15).convert(VectorOperators.I2F, 0);
  }

  private static IntVector words(MemorySegment codes, long at, int laneBytes) {
    if (laneBytes == 4) {
      return IntVector.fromMemorySegment(INTS, codes, at, ByteOrder.LITTLE_ENDIAN);
    }
    Vector<Integer> wide =
        laneBytes == 2
            ? ShortVector.fromMemorySegment(SHORTS, codes, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
            : ByteVector.fromMemorySegment(BYTES, codes, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
    return wide.reinterpretAsInts();
  }

  /**
   * Rounds each float to the nearest half, ties to even, and widens it again. From 65520 on that is
   * an infinity, below 2^-14 a multiple of 2^-24 (which adding and taking away 0.75 leaves).
   */
  static FloatVector round16(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    FloatVector normal = round16Normal(x);
    FloatVector size = x.abs();
    // The sign survives the sum by being put back: -0 and tiny negatives stay negative.
    FloatVector tiny =
        size.add(0.75f)
            .sub(0.75f)
            .reinterpretAsInts()
            .or(bits.and(0x80000000))
            .reinterpretAsFloats();
    FloatVector rounded = normal.blend(tiny, size.compare(VectorOperators.LT, 0x1p-14f));
    FloatVector infinite = bits.and(0x80000000).or(0x7f800000).reinterpretAsFloats();
    return rounded.blend(infinite, size.compare(VectorOperators.GE, 65520f));
  }

  /** The same for zeros and for what becomes a normal half, the only ones that most layers have. */
  private static FloatVector round16Normal(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 13).and(1);
    return bits.add(0xfff).add(odd).and(0xffffe000).reinterpretAsFloats();
  }
}
