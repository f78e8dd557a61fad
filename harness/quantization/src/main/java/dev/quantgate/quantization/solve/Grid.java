package dev.quantgate.quantization.solve;

import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.Scheme;

/**
 * The plain, scalar form of what a grid is and how a weight is put on it; {@link LayerSolver} does
 * the same for many channels at once and is tested against it.
 *
 * <p>The range of a group always holds zero: {@code xmin = min(x, 0)}, {@code xmax = max(x, 0)};
 * all zeros give {@code [-1, 1]}. Symmetric: {@code scale = 2 max(|xmin|, xmax) / maxCode}, zero is
 * the middle code. Asymmetric: {@code scale = (xmax - xmin) / maxCode}, {@code zero = round(-xmin /
 * scale)}. The scale is rounded to fp16, which is how it is stored, before any code is chosen on
 * it. Roundings are half to even (as in the GPTQ authors' code).
 *
 * @param scale an fp16 value above 0
 * @param zero the code of weight 0
 * @param maxCode the largest code
 */
record Grid(float scale, int zero, int maxCode) {

  /**
   * The grid of a group of weights.
   *
   * @param shrink the range is multiplied by it: 1, or less where outliers are clipped
   */
  static Grid of(float[] weights, int from, int to, Scheme scheme, float shrink) {
    float min = 0;
    float max = 0;
    for (int i = from; i < to; i++) {
      min = Math.min(min, weights[i]);
      max = Math.max(max, weights[i]);
    }
    return ofRange(min, max, scheme, shrink);
  }

  static Grid ofRange(float min, float max, Scheme scheme, float shrink) {
    if (scheme.symmetric()) {
      max = Math.max(-min, max);
      min = -max;
    }
    if (max == min) {
      min = -1;
      max = 1;
    }
    float scale = Math.max(Half.round((max - min) * shrink / scheme.maxCode()), Half.MIN);
    if (!(scale * scheme.maxCode() <= Half.MAX)) {
      throw new QuantizationException(
          "weights from %s to %s are beyond what fp16 can hold".formatted(min, max));
    }
    int zero =
        scheme.symmetric()
            ? scheme.middle()
            : Math.clamp((int) Math.rint(-min * shrink / scale), 0, scheme.maxCode());
    return new Grid(scale, zero, scheme.maxCode());
  }

  /** The code nearest to a weight. */
  int code(float weight) {
    return Math.clamp((int) Math.rint(weight / scale) + zero, 0, maxCode);
  }

  /** The weight that a code stands for, as an engine computes it. */
  float weight(int code) {
    return Half.round(scale * (code - zero));
  }
}
