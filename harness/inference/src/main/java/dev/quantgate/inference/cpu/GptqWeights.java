package dev.quantgate.inference.cpu;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.IntStream;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Four-bit codes, turned once at load from GPTQ's columns of words into rows that a vector unit
 * reads in order; 4 bits a weight stay 4 bits.
 *
 * <p><b>Slots.</b> A row holds the inputs of group 0, then of group 1 and so on, each group padded
 * to whole blocks, so that act-order's scattered groups become runs and every block has one scale.
 * The activations are permuted in the same way. Where groups are already runs, nothing is permuted.
 *
 * <p><b>Blocks.</b> A block is one integer vector of COUNT lanes of 1, 2 or 4 bytes (the widest
 * that the group size is a multiple of); nibble i of lane l is the code of slot {@code i * COUNT +
 * l}. So shifting and masking the vector gives COUNT consecutive codes each time.
 *
 * <p><b>Values.</b> A weight is {@code fp16(scale * (code - zero))}. The product is exact in
 * float32 (11 times 5 bits), so one rounding remains. With 16 lanes the 16 values that a group can
 * have fill one vector and each code picks its own by a permutation; with fewer lanes, and where
 * groups are longer than a block, they are computed in place.
 */
final class GptqWeights implements Weights {
  private static final VectorSpecies<Integer> INTS = Lanes.SPECIES.withLanes(int.class);
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, jdk.incubator.vector.VectorShape.forBitSize(Lanes.COUNT * 16));

  /** A vector of 4 bytes does not exist: with 4 lanes, blocks have lanes of 2 or 4 bytes. */
  private static final int NARROWEST = Lanes.COUNT >= 8 ? 1 : 2;

  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(
          byte.class, jdk.incubator.vector.VectorShape.forBitSize(Math.max(64, Lanes.COUNT * 8)));
  private static final FloatVector CODES = (FloatVector) Lanes.zero().addIndex(1);
  private static final boolean TABLE = Lanes.COUNT == 16;
  private static final int TILE = 16;

  private final Linear.Gptq linear;
  private final int columns;
  private final int groups;
  private final int laneBytes;

  /** First column of each group, and behind them {@code columns}. */
  private final int[] groupStart;

  private final int @Nullable [] slots;
  private final float @Nullable [] bias;
  private final MemorySegment codes;
  private final MemorySegment scales;
  private final MemorySegment zeros;
  private final boolean bfloatScales;

  /** Whether every group is one block, as groups of 32, 64 and 128 inputs are with 16 lanes. */
  private final boolean even;

  /** Whether each value is zero or a normal half. */
  private final boolean normal;

  /**
   * Transposes a layer into memory of {@code arena}.
   *
   * @throws InferenceException if a scale is not finite or a group is out of range
   */
  GptqWeights(Linear.Gptq linear, Arena arena, SpinTeam team) {
    if (linear.bits() != 4) {
      throw new InferenceException(
          InferenceException.Kind.UNSUPPORTED,
          "%s has %d-bit codes; the CPU engine reads 4-bit ones"
              .formatted(linear.name(), linear.bits()));
    }
    this.linear = linear;
    this.groups = Math.toIntExact(linear.scales().shape()[0]);
    this.bias = linear.bias().map(Widening::vector).orElse(null);
    int[] groupOf = groupOf(linear, groups);
    int[] members = new int[groups];
    for (int g : groupOf) {
      members[g]++;
    }
    int widest = 4;
    for (int count : members) {
      while (widest > NARROWEST && count % (2 * Lanes.COUNT * widest) != 0) {
        widest /= 2;
      }
    }
    this.laneBytes = widest;
    int block = 2 * Lanes.COUNT * laneBytes;
    this.groupStart = new int[groups + 1];
    for (int g = 0; g < groups; g++) {
      groupStart[g + 1] = Math.addExact(groupStart[g], (members[g] + block - 1) / block * block);
    }
    this.columns = groupStart[groups];
    this.even = IntStream.rangeClosed(0, groups).allMatch(g -> groupStart[g] == g * block);
    int[] slotOf = new int[columns];
    Arrays.fill(slotOf, -1);
    int[] fill = Arrays.copyOf(groupStart, groups);
    boolean inOrder = columns <= Lanes.pad(linear.inputs());
    for (int k = 0; k < groupOf.length; k++) {
      int slot = fill[groupOf[k]]++;
      slotOf[slot] = k;
      inOrder &= slot == k;
    }
    this.slots = inOrder ? null : slotOf;
    this.bfloatScales = linear.scales().dtype() == Tensor.DType.BF16;
    if (!bfloatScales && linear.scales().dtype() != Tensor.DType.F16) {
      throw new InferenceException(
          InferenceException.Kind.UNSUPPORTED,
          "%s is %s; expected F16 or BF16"
              .formatted(linear.scales().name(), linear.scales().dtype()));
    }
    long outputs = linear.outputs();
    this.codes = arena.allocate(Math.max(1, outputs * columns / 2), 64);
    this.scales = arena.allocate(Math.max(1, outputs * groups * 2), 64);
    this.zeros = arena.allocate(Math.max(1, outputs * groups), 64);
    int tiles = (linear.outputs() + TILE - 1) / TILE;
    team.forEach(tiles, (tile, thread) -> transpose(tile * TILE, slotOf));
    this.normal = normal();
  }

  /** Codes and zeros differ by 1 to 15: whether that many steps of each scale are normal halves. */
  private boolean normal() {
    for (long i = 0; i < scales.byteSize() / 2; i++) {
      float scale = Math.abs(widen(scales.get(Widening.SHORT, 2 * i)));
      if (scale != 0 && (scale < 0x1p-14f || scale > 4096)) {
        return false;
      }
    }
    return true;
  }

  private static int[] groupOf(Linear.Gptq linear, int groups) {
    int[] groupOf = new int[linear.inputs()];
    for (int k = 0; k < groupOf.length; k++) {
      int g =
          linear.groupIndex().isPresent()
              ? linear.groupIndex().get().data().get(Widening.INT, 4L * k)
              : k / linear.groupSize();
      if (g < 0 || g >= groups) {
        throw new InferenceException(
            InferenceException.Kind.BAD_CHECKPOINT,
            "%s.g_idx[%d] is %d; the layer has groups 0..%d"
                .formatted(linear.name(), k, g, groups - 1));
      }
      groupOf[k] = g;
    }
    return groupOf;
  }

  private void transpose(int first, int[] slotOf) {
    int n = linear.outputs();
    int inputs = linear.inputs();
    int rows = Math.min(TILE, n - first);
    MemorySegment words = linear.qweight().data();
    MemorySegment packedZeros = linear.qzeros().data();
    byte[][] byInput = new byte[rows][inputs];
    for (int word = 0; word * 8 < inputs; word++) {
      long at = 4L * ((long) word * n + first);
      int count = Math.min(8, inputs - word * 8);
      for (int r = 0; r < rows; r++) {
        int bits = words.get(Widening.INT, at + 4L * r);
        for (int i = 0; i < count; i++) {
          byInput[r][word * 8 + i] = (byte) (bits >>> (4 * i) & 15);
        }
      }
    }
    long zeroStride = (n + 7L) / 8;
    for (int r = 0; r < rows; r++) {
      long row = first + r;
      for (int g = 0; g < groups; g++) {
        short scale = linear.scales().data().get(Widening.SHORT, 2L * ((long) g * n + row));
        if (!Float.isFinite(widen(scale))) {
          throw new InferenceException(
              InferenceException.Kind.BAD_CHECKPOINT,
              "%s[%d][%d] is not finite".formatted(linear.scales().name(), g, row));
        }
        int stored = packedZeros.get(Widening.INT, 4L * (g * zeroStride + row / 8));
        int zero = linear.zeroPoints().decode(stored) >>> (int) (4 * (row % 8)) & 15;
        scales.set(Widening.SHORT, 2 * (row * groups + g), scale);
        zeros.set(ValueLayout.JAVA_BYTE, row * groups + g, (byte) zero);
        pack(byInput[r], slotOf, row, g, zero);
      }
    }
  }

  /** Writes the blocks of one row and group; a slot without an input gets the code that means 0. */
  private void pack(byte[] byInput, int[] slotOf, long row, int group, int zero) {
    int lanes = Lanes.COUNT;
    int block = 2 * lanes * laneBytes;
    for (int start = groupStart[group]; start < groupStart[group + 1]; start += block) {
      long at = (row * columns + start) / 2;
      for (int lane = 0; lane < lanes; lane++) {
        for (int b = 0; b < laneBytes; b++) {
          int low = slotOf[start + 2 * b * lanes + lane];
          int high = slotOf[start + (2 * b + 1) * lanes + lane];
          int value = (low < 0 ? zero : byInput[low]) | (high < 0 ? zero : byInput[high]) << 4;
          codes.set(ValueLayout.JAVA_BYTE, at + (long) lane * laneBytes + b, (byte) value);
        }
      }
    }
  }

  private float widen(short scale) {
    return bfloatScales ? Float.intBitsToFloat(scale << 16) : Float.float16ToFloat(scale);
  }

  @Override
  public int outputs() {
    return linear.outputs();
  }

  @Override
  public int inputs() {
    return linear.inputs();
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public int @Nullable [] slots() {
    return slots;
  }

  @Override
  public float @Nullable [] bias() {
    return bias;
  }

  @Override
  public long residentBytes() {
    return codes.byteSize() + scales.byteSize() + zeros.byteSize();
  }

  @Override
  public void unpack(int row, int rows, float[] panel) {
    for (int r = 0; r < rows; r++) {
      unpackRow(row + r, panel, r * columns);
    }
  }

  @Override
  public boolean multiply(
      int row,
      int n,
      float[] x,
      int x0,
      int ldx,
      int rows,
      float[] y,
      int y0,
      int ldy,
      float[] lanes) {
    if (!TABLE || !even || rows > 1) {
      return false;
    }
    for (int j = 0; j < n; j++) {
      long at = (long) (row + j) * columns / 2;
      long first = (long) (row + j) * groups;
      switch (laneBytes) {
        case 1 -> row1(at, first, 1, x, x0, lanes);
        case 2 -> row1(at, first, 2, x, x0, lanes);
        default -> row1(at, first, 4, x, x0, lanes);
      }
      y[y0 + j] = Lanes.tree(lanes, 0);
    }
    return true;
  }

  /**
   * Lane sums of one row of activations and one of weights whose groups are a block each.
   *
   * @param at byte of the row's codes
   * @param first index of the row's first group
   * @param width {@link #laneBytes}, a constant where this is called: all that the loop reads then
   *     lies at constant steps, and is checked once before it
   */
  private void row1(long at, long first, int width, float[] x, int x0, float[] lanes) {
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

  /** The 16 values that the codes of a row and group stand for. */
  private IntVector table(long index) {
    float zero = zeros.get(ValueLayout.JAVA_BYTE, index);
    FloatVector exact = CODES.sub(zero).mul(widen(scales.get(Widening.SHORT, 2 * index)));
    return (normal ? round16Normal(exact) : round16(exact)).reinterpretAsInts();
  }

  /** The values of one code of each lane: a selection looks at an index's low four bits only. */
  private static FloatVector value(IntVector words, int shift, IntVector table) {
    return words.lanewise(VectorOperators.LSHR, shift).selectFrom(table).reinterpretAsFloats();
  }

  private void unpackRow(int row, float[] panel, int offset) {
    long at = (long) row * columns / 2;
    long first = (long) row * groups;
    if (TABLE && even) {
      switch (laneBytes) {
        case 1 -> lookUp(at, first, 1, panel, offset);
        case 2 -> lookUp(at, first, 2, panel, offset);
        default -> lookUp(at, first, 4, panel, offset);
      }
      return;
    }
    for (int g = 0; g < groups; g++) {
      int start = groupStart[g];
      float scale = widen(scales.get(Widening.SHORT, 2 * (first + g)));
      float zero = zeros.get(ValueLayout.JAVA_BYTE, first + g);
      int n = groupStart[g + 1] - start;
      compute(codes, at + start / 2, laneBytes, scale, zero, panel, offset + start, n);
    }
  }

  /** {@link #row1} that stores the weights instead of multiplying them. */
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

  private static void compute(
      MemorySegment codes,
      long at,
      int laneBytes,
      float scale,
      float zero,
      float[] to,
      int offset,
      int n) {
    int lanes = Lanes.COUNT;
    int block = 2 * lanes * laneBytes;
    for (int c = 0; c < n; c += block) {
      IntVector words = words(codes, at + c / 2, laneBytes);
      for (int i = 0; i < 2 * laneBytes; i++) {
        IntVector code = words.lanewise(VectorOperators.LSHR, 4 * i).and(15);
        FloatVector value = (FloatVector) code.convert(VectorOperators.I2F, 0);
        round16(value.sub(zero).mul(scale)).intoArray(to, offset + c + i * lanes);
      }
    }
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
