package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Mapped elements to floats. Each format's loop is a method of its own and nothing else: only so
 * does the compiler turn it into the processor's conversion instructions (a loop nested in another
 * method stays scalar, a tenth as fast).
 */
final class Widening {
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Widening() {}

  static void f16(MemorySegment from, long byteOffset, float[] to, int offset, int n) {
    for (int i = 0; i < n; i++) {
      to[offset + i] = Float.float16ToFloat(from.get(SHORT, byteOffset + 2L * i));
    }
  }

  static void bf16(MemorySegment from, long byteOffset, float[] to, int offset, int n) {
    for (int i = 0; i < n; i++) {
      to[offset + i] = Float.intBitsToFloat(from.get(SHORT, byteOffset + 2L * i) << 16);
    }
  }

  static void f32(MemorySegment from, long byteOffset, float[] to, int offset, int n) {
    MemorySegment.copy(from, FLOAT, byteOffset, to, offset, n);
  }

  /** {@code n} elements of a tensor from element {@code first} on. */
  static void elements(Tensor tensor, long first, float[] to, int offset, int n) {
    MemorySegment data = tensor.data();
    long at = first * tensor.dtype().bytes();
    switch (tensor.dtype()) {
      case F16 -> f16(data, at, to, offset, n);
      case BF16 -> bf16(data, at, to, offset, n);
      case F32 -> f32(data, at, to, offset, n);
      case I32 ->
          throw new IllegalArgumentException(
              "%s holds integers, not weights".formatted(tensor.name()));
    }
  }

  /** A whole small tensor, such as a norm's weight or a bias. */
  static float[] vector(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    elements(tensor, 0, values, 0, values.length);
    return values;
  }
}
