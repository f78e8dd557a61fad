package dev.quantgate.quantization.solve;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.quantization.Scheme;

/**
 * One linear layer as codes on a grid. Everything is input-major, as the GPTQ format stores it, so
 * packing is a walk in order. Nothing is copied: whoever gets a layer only reads it.
 *
 * @param codes {@code [inputs, outputs]}, each in {@code 0 .. maxCode}, unsigned
 * @param scales fp16 bits {@code [groups, outputs]}
 * @param zeros {@code [groups, outputs]}, unsigned
 */
@SuppressWarnings("ArrayRecordComponent")
public record QuantizedLayer(
    String name,
    Scheme scheme,
    int inputs,
    int outputs,
    byte[] codes,
    short[] scales,
    byte[] zeros) {

  public QuantizedLayer {
    int groups = scheme.groups(inputs);
    if (codes.length != inputs * outputs
        || scales.length != groups * outputs
        || zeros.length != groups * outputs) {
      throw new IllegalArgumentException(
          "%s: codes, scales or zeros have the wrong length".formatted(name));
    }
  }

  /**
   * The weights that an engine will read back: float32 {@code [outputs, inputs]}, each an fp16
   * value.
   */
  public Matrix dequantised() {
    float[] weights = new float[inputs * outputs];
    int group = scheme.groupOf(inputs);
    float[] scaleRow = new float[outputs];
    int[] zeroRow = new int[outputs];
    for (int k = 0; k < inputs; k++) {
      if (k % group == 0) {
        int at = k / group * outputs;
        for (int n = 0; n < outputs; n++) {
          scaleRow[n] = Float.float16ToFloat(scales[at + n]);
          zeroRow[n] = zeros[at + n] & 0xff;
        }
      }
      for (int n = 0; n < outputs; n++) {
        int code = codes[k * outputs + n] & 0xff;
        weights[n * inputs + k] = Half.round(scaleRow[n] * (code - zeroRow[n]));
      }
    }
    return new Matrix(outputs, inputs, weights);
  }
}
