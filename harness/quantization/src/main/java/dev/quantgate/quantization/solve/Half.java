package dev.quantgate.quantization.solve;

/** Rounding to fp16: what an int4 weight is in the end. */
final class Half {
  /** The largest finite fp16 value. */
  static final float MAX = 65504f;

  /** The smallest positive fp16 value, 2^-24. */
  static final float MIN = 0x1p-24f;

  private Half() {}

  /** The nearest fp16 value, ties to even. */
  static float round(float x) {
    return Float.float16ToFloat(Float.floatToFloat16(x));
  }
}
