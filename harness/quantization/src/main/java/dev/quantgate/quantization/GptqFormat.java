package dev.quantgate.quantization;

/**
 * How zero points are stored. Engines that read GPTQ files read {@link #V1}; {@link #V2} is newer.
 */
public enum GptqFormat {
  /** The zero point minus one, modulo the number of codes, as AutoGPTQ stores it. */
  V1("gptq", 1),
  /** The zero point as it is. */
  V2("gptq_v2", 0);

  private final String id;
  private final int zeroOffset;

  GptqFormat(String id, int zeroOffset) {
    this.id = id;
    this.zeroOffset = zeroOffset;
  }

  /** What {@code checkpoint_format} says. */
  public String id() {
    return id;
  }

  /** What a reader adds to a stored zero point. */
  int zeroOffset() {
    return zeroOffset;
  }
}
