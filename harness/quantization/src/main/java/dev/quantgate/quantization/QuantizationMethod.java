package dev.quantgate.quantization;

/** How codes are chosen. */
public enum QuantizationMethod {
  /** Each weight to the nearest grid point; needs no calibration text. */
  RTN,
  /**
   * GPTQ (arXiv 2210.17323): columns in order, each one's error pushed into those still to come.
   */
  GPTQ
}
