package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.Dequantizer;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** In which format matrices are packed, and in which order their inputs. */
final class PackedFormat {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private PackedFormat() {}

  /** The format of a 16-bit weight beside activations of a type. */
  static WeightFormat dense(Activation type) {
    return type == Activation.BF16 ? WeightFormat.BF16 : WeightFormat.F16;
  }

  /** How some matrices with the same inputs are packed into one buffer. */
  static WeightFormat of(List<Linear> linears, Activation type) {
    WeightFormat found = null;
    for (Linear linear : linears) {
      WeightFormat own =
          linear instanceof Linear.Gptq gptq && type == Activation.F16
              ? int4Format(gptq)
              : dense(type);
      if (found != null && found != own) {
        return dense(type);
      }
      found = own;
    }
    if (found == null) {
      throw new IllegalArgumentException("there is no matrix");
    }
    return found.int4() && !sameOrder(linears) ? dense(type) : found;
  }

  private static WeightFormat int4Format(Linear.Gptq gptq) {
    int group = gptq.groupSize();
    if (!exactScales(gptq.scales()) || !evenGroups(gptq)) {
      return WeightFormat.F16;
    }
    if (group == 32) {
      return WeightFormat.I4G32;
    }
    if (group == 64) {
      return WeightFormat.I4G64;
    }
    return group % WeightFormat.TILE_INPUTS == 0 || group >= gptq.inputs()
        ? WeightFormat.I4G128
        : WeightFormat.F16;
  }

  private static boolean exactScales(Tensor scales) {
    if (scales.dtype() == DType.F16) {
      return true;
    }
    for (long i = 0; i < scales.elements(); i++) {
      float scale = Float.intBitsToFloat(scales.data().get(SHORT, 2 * i) << 16);
      if (Float.float16ToFloat(Float.floatToFloat16(scale)) != scale) {
        return false;
      }
    }
    return true;
  }

  /** Whether each group has as many inputs as the size says, once they are sorted by group. */
  private static boolean evenGroups(Linear.Gptq gptq) {
    if (gptq.groupIndex().isEmpty()) {
      return true;
    }
    int[] order = order(gptq);
    for (int j = 0; j < order.length; j++) {
      if (Dequantizer.group(gptq, order[j]) != j / gptq.groupSize()) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameOrder(List<Linear> linears) {
    int @Nullable [] first = orderOf(linears.getFirst());
    return linears.stream().allMatch(linear -> Arrays.equals(first, orderOf(linear)));
  }

  /** The checkpoint's input at each packed one, or null where groups are in order already. */
  static int @Nullable [] orderOf(Linear linear) {
    if (!(linear instanceof Linear.Gptq gptq) || gptq.groupIndex().isEmpty()) {
      return null;
    }
    int[] order = order(gptq);
    return Arrays.equals(order, IntStream.range(0, order.length).toArray()) ? null : order;
  }

  private static int[] order(Linear.Gptq gptq) {
    return IntStream.range(0, gptq.inputs())
        .boxed()
        .sorted(Comparator.comparingInt(k -> Dequantizer.group(gptq, k)))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
