package dev.quantgate.quantization.format;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.quantization.QuantizationException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Stored weights as float32: exact, as every fp16 and bf16 value is a float32 value. */
public final class Widening {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Widening() {}

  /** The weights of a layer that is not quantised yet. */
  public static Matrix weight(Linear linear) {
    return switch (linear) {
      case Linear.Dense dense ->
          new Matrix(dense.outputs(), dense.inputs(), floats(dense.weight()));
      case Linear.Gptq gptq ->
          throw new QuantizationException(
              "%s is int%d already; give the fp16 folder that it was made from"
                  .formatted(gptq.name(), gptq.bits()));
    };
  }

  private static float[] floats(Tensor tensor) {
    int count = Math.toIntExact(tensor.elements());
    float[] values = new float[count];
    MemorySegment data = tensor.data();
    switch (tensor.dtype()) {
      case F16 -> widenHalf(data, values);
      case BF16 -> widenBrain(data, values);
      case F32 -> MemorySegment.copy(data, FLOAT, 0, values, 0, count);
      case I32 ->
          throw new QuantizationException(
              "%s holds whole numbers, not weights".formatted(tensor.name()));
    }
    return values;
  }

  private static void widenHalf(MemorySegment data, float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.float16ToFloat(data.get(SHORT, 2L * i));
    }
  }

  private static void widenBrain(MemorySegment data, float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(data.get(SHORT, 2L * i) << 16);
    }
  }
}
