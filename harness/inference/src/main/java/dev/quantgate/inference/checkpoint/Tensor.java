package dev.quantgate.inference.checkpoint;

import java.lang.foreign.MemorySegment;

/**
 * A tensor in a mapped file.
 *
 * @param name its name in the checkpoint
 * @param dtype its element type
 * @param shape its dimensions, row-major; not to be changed
 * @param data its elements, little-endian, exactly {@code elements() * dtype.bytes()} bytes; not
 *     necessarily aligned
 */
@SuppressWarnings("ArrayRecordComponent")
public record Tensor(String name, DType dtype, long[] shape, MemorySegment data) {

  /** The product of the dimensions; 1 for a scalar. */
  public long elements() {
    long product = 1;
    for (long dimension : shape) {
      product *= dimension;
    }
    return product;
  }

  /** Element types that checkpoints are read in. */
  public enum DType {
    F32(4),
    F16(2),
    BF16(2),
    I32(4);

    private final int bytes;

    DType(int bytes) {
      this.bytes = bytes;
    }

    public int bytes() {
      return bytes;
    }
  }
}
