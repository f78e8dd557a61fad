package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.checkpoint.Tensor.DType;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The plain definition of GPTQ's weights, one at a time: what every kernel is tested against, and
 * what a quantiser checks its own files with.
 */
public final class Dequantizer {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Dequantizer() {}

  /**
   * All weights as binary16, row-major {@code [outputs, inputs]}: fp16(scale * (code - zero)). The
   * product is exact in float32 (11 or 8 significant bits times 5), so it is rounded once.
   *
   * @throws ArithmeticException if they do not fit an array
   */
  public static short[] halves(Linear.Gptq linear) {
    int outputs = linear.outputs();
    int inputs = linear.inputs();
    short[] weights = new short[Math.multiplyExact(outputs, inputs)];
    for (int k = 0; k < inputs; k++) {
      int group = group(linear, k);
      for (int n = 0; n < outputs; n++) {
        float product = scale(linear, group, n) * (code(linear, k, n) - zero(linear, group, n));
        weights[n * inputs + k] = Float.floatToFloat16(product);
      }
    }
    return weights;
  }

  /** The group of input {@code k}. */
  public static int group(Linear.Gptq linear, int k) {
    return linear.groupIndex().isPresent()
        ? linear.groupIndex().get().data().get(INT, (long) k * Integer.BYTES)
        : k / linear.groupSize();
  }

  /** The code of input {@code k} for output {@code n}. */
  public static int code(Linear.Gptq linear, int k, int n) {
    int perWord = Integer.SIZE / linear.bits();
    int word = word(linear.qweight(), (long) (k / perWord) * linear.outputs() + n);
    return field(word, k % perWord, linear.bits());
  }

  /** The zero point of a group for output {@code n}, as the format means it. */
  public static int zero(Linear.Gptq linear, int group, int n) {
    int perWord = Integer.SIZE / linear.bits();
    int word = word(linear.qzeros(), (long) group * (linear.outputs() / perWord) + n / perWord);
    return field(linear.zeroPoints().decode(word), n % perWord, linear.bits());
  }

  /** The scale of a group for output {@code n}. */
  public static float scale(Linear.Gptq linear, int group, int n) {
    Tensor scales = linear.scales();
    short bits = scales.data().get(SHORT, ((long) group * linear.outputs() + n) * Short.BYTES);
    return scales.dtype() == DType.F16
        ? Float.float16ToFloat(bits)
        : Float.intBitsToFloat(bits << 16);
  }

  private static int word(Tensor tensor, long index) {
    return tensor.data().get(INT, index * Integer.BYTES);
  }

  private static int field(int word, int index, int bits) {
    return (word >>> (index * bits)) & ((1 << bits) - 1);
  }
}
