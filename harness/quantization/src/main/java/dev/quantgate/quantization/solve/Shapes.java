package dev.quantgate.quantization.solve;

import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.Scheme;

/** Which layers the format can hold. */
public final class Shapes {
  private Shapes() {}

  /**
   * Refuses a layer whose inputs do not fall into whole groups, or that does not fill the words it
   * is packed into. The format could hold a last group that is cut short; kernels that run it
   * cannot.
   */
  public static void check(String name, int outputs, int inputs, Scheme scheme) {
    int group = scheme.groupOf(inputs);
    if (inputs % group != 0) {
      StringBuilder fitting = new StringBuilder();
      for (int size : new int[] {128, 64, 32}) {
        if (inputs % size == 0) {
          fitting.append(size).append(", ");
        }
      }
      throw new QuantizationException(
          ("%s has %d inputs, which is no multiple of group size %d; what fits it: %s-1 (the "
                  + "whole column)")
              .formatted(name, inputs, group, fitting));
    }
    if (inputs * scheme.bits() % 32 != 0 || outputs * scheme.bits() % 32 != 0) {
      throw new QuantizationException(
          "%s is %d x %d: %d-bit codes do not fill the 32-bit words of the format"
              .formatted(name, outputs, inputs, scheme.bits()));
    }
    if (Math.max((long) inputs * outputs, (long) inputs * inputs) > Integer.MAX_VALUE - 64) {
      throw new QuantizationException(
          "%s is %d x %d: layers of 2^31 and more elements are not supported"
              .formatted(name, outputs, inputs));
    }
  }
}
