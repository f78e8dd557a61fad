package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.Dequantizer;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.checkpoint.ZeroPoints;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;

/** Seeded matrices as checkpoints store them, and their weights in plain floats. */
final class GptqMatrix {
  private GptqMatrix() {}

  /** Asymmetric codes; groups scattered over the inputs where {@code actOrder}. */
  static Linear.Gptq gptq(long seed, int inputs, int outputs, int groupSize, boolean actOrder) {
    var random = new SplittableRandom(seed);
    int size = groupSize < 0 ? inputs : groupSize;
    int groups = Math.ceilDiv(inputs, size);
    int[] qweight = random.ints((long) inputs / 8 * outputs).toArray();
    int[] qzeros = random.ints((long) groups * outputs / 8).toArray();
    short[] scales = new short[groups * outputs];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = Float.floatToFloat16((float) (0.001 + 0.01 * random.nextDouble()));
    }
    Optional<Tensor> index = Optional.empty();
    if (actOrder) {
      int[] groupOf = new int[inputs];
      for (int i = 0; i < inputs; i++) {
        groupOf[i] = i / size;
      }
      for (int i = inputs - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int other = groupOf[i];
        groupOf[i] = groupOf[j];
        groupOf[j] = other;
      }
      index = Optional.of(tensor(DType.I32, MemorySegment.ofArray(groupOf), inputs));
    }
    return new Linear.Gptq(
        "matrix",
        4,
        size,
        inputs,
        outputs,
        tensor(DType.I32, MemorySegment.ofArray(qweight), inputs / 8, outputs),
        tensor(DType.I32, MemorySegment.ofArray(qzeros), groups, outputs / 8),
        ZeroPoints.LESS_ONE_PER_FIELD,
        tensor(DType.F16, MemorySegment.ofArray(scales), groups, outputs),
        index,
        Optional.empty());
  }

  static Linear.Dense dense(long seed, int inputs, int outputs, DType type) {
    var random = new SplittableRandom(seed);
    short[] values = new short[inputs * outputs];
    for (int i = 0; i < values.length; i++) {
      float value = (float) (random.nextGaussian() / Math.sqrt(inputs));
      values[i] =
          type == DType.F16
              ? Float.floatToFloat16(value)
              : (short) (Float.floatToRawIntBits(value) >>> 16);
    }
    return new Linear.Dense(
        "matrix", tensor(type, MemorySegment.ofArray(values), outputs, inputs), Optional.empty());
  }

  private static Tensor tensor(DType type, MemorySegment data, long... shape) {
    return new Tensor("tensor", type, shape, data);
  }

  /** The weights, row-major {@code [outputs, inputs]}. */
  static float[] weights(Linear linear) {
    return switch (linear) {
      case Linear.Dense dense -> Packer.floats(dense.weight());
      case Linear.Gptq gptq -> {
        short[] halves = Dequantizer.halves(gptq);
        float[] values = new float[halves.length];
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.float16ToFloat(halves[i]);
        }
        yield values;
      }
    };
  }

  /** The same with every zero point one higher: what must be noticed. */
  static Linear.Gptq zeroOffByOne(Linear.Gptq from) {
    return with(
        from,
        from.qweight(),
        from.zeroPoints() == ZeroPoints.STORED ? ZeroPoints.LESS_ONE_PER_FIELD : ZeroPoints.STORED);
  }

  /** The same with the codes of each word in reverse: what must be noticed. */
  static Linear.Gptq nibblesReversed(Linear.Gptq from) {
    Tensor words = from.qweight();
    int[] turned = words.data().toArray(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED);
    for (int i = 0; i < turned.length; i++) {
      int bytes = Integer.reverseBytes(turned[i]);
      turned[i] = ((bytes >>> 4) & 0x0f0f0f0f) | ((bytes & 0x0f0f0f0f) << 4);
    }
    return with(
        from, tensor(DType.I32, MemorySegment.ofArray(turned), words.shape()), from.zeroPoints());
  }

  private static Linear.Gptq with(Linear.Gptq from, Tensor qweight, ZeroPoints zeros) {
    return new Linear.Gptq(
        from.name(),
        from.bits(),
        from.groupSize(),
        from.inputs(),
        from.outputs(),
        qweight,
        from.qzeros(),
        zeros,
        from.scales(),
        from.groupIndex(),
        from.bias());
  }

  /** Activations as 16-bit elements of rows of {@code stride}, zero behind the inputs. */
  static short[] activations(long seed, int rows, int inputs, int stride, Activation type) {
    var random = new SplittableRandom(seed);
    short[] values = new short[rows * stride];
    for (int r = 0; r < rows; r++) {
      for (int k = 0; k < inputs; k++) {
        float value = (float) random.nextGaussian();
        values[r * stride + k] =
            type == Activation.F16
                ? Float.floatToFloat16(value)
                : (short) (Float.floatToRawIntBits(value) >>> 16);
      }
    }
    return values;
  }

  static float widen(short bits, Activation type) {
    return type == Activation.F16
        ? Float.float16ToFloat(bits)
        : Float.intBitsToFloat(bits << 16);
  }

  /** A row-by-row copy with another order of inputs. */
  static short[] gathered(short[] x, int rows, int stride, int[] order) {
    short[] out = Arrays.copyOf(x, x.length);
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < order.length; j++) {
        out[r * stride + j] = x[r * stride + order[j]];
      }
    }
    return out;
  }
}
