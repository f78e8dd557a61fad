package dev.quantgate.quantization.solve;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.quantization.Scheme;

/** Each weight to the nearest point of its group's grid, the range taken as it is: the baseline. */
public final class RoundToNearest {
  private RoundToNearest() {}

  public static QuantizedLayer quantize(
      String name, Matrix weight, Scheme scheme, Workers workers) {
    int outputs = weight.rows();
    int inputs = weight.columns();
    Shapes.check(name, outputs, inputs, scheme);
    byte[] codes = new byte[inputs * outputs];
    short[] scales = new short[scheme.groups(inputs) * outputs];
    byte[] zeros = new byte[scales.length];
    int group = scheme.groupOf(inputs);
    int rowsAtATime = 16;
    workers.forEach(
        Math.ceilDiv(outputs, rowsAtATime),
        part -> {
          int last = Math.min(outputs, (part + 1) * rowsAtATime);
          for (int n = part * rowsAtATime; n < last; n++) {
            for (int from = 0; from < inputs; from += group) {
              int start = n * inputs + from;
              Grid grid = Grid.of(weight.values(), start, start + group, scheme, 1);
              int at = from / group * outputs + n;
              scales[at] = Float.floatToFloat16(grid.scale());
              zeros[at] = (byte) grid.zero();
              for (int k = 0; k < group; k++) {
                codes[(from + k) * outputs + n] = (byte) grid.code(weight.values()[start + k]);
              }
            }
          }
        });
    return new QuantizedLayer(name, scheme, inputs, outputs, codes, scales, zeros);
  }
}
