package dev.quantgate.inference.cpu;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
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
 * <p>{@link NibbleKernel} reads them.
 */
final class GptqWeights implements Weights {
  /** A vector of 4 bytes does not exist: with 4 lanes, blocks have lanes of 2 or 4 bytes. */
  private static final int NARROWEST = Lanes.COUNT >= 8 ? 1 : 2;

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
  private final NibbleKernel kernel;

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
    this.kernel = new NibbleKernel(codes, scales, zeros, bfloatScales, groupStart, laneBytes);
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
      kernel.unpack((long) row + r, panel, r * columns);
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
    if (rows > 1 || !kernel.multiplies()) {
      return false;
    }
    for (int j = 0; j < n; j++) {
      kernel.multiply((long) row + j, x, x0, lanes);
      y[y0 + j] = Lanes.tree(lanes, 0);
    }
    return true;
  }
}
