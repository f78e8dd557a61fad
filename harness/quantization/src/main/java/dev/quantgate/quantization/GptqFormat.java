package dev.quantgate.quantization;

import dev.quantgate.inference.checkpoint.ZeroPoints;

/**
 * How zero points are stored. Older engines read {@link #V1} alone; where no zero point is 0 it is
 * the same whoever reads it, so symmetric files are written in it.
 */
public enum GptqFormat {
  /** The zero point minus one, by one subtraction a word, as GPTQModel and AutoGPTQ do today. */
  V1("gptq", ZeroPoints.LESS_ONE_PER_WORD),
  /** The zero point as it is. */
  V2("gptq_v2", ZeroPoints.STORED);

  private final String id;
  private final ZeroPoints zeroPoints;

  GptqFormat(String id, ZeroPoints zeroPoints) {
    this.id = id;
    this.zeroPoints = zeroPoints;
  }

  /** What {@code checkpoint_format} says. */
  public String id() {
    return id;
  }

  /** How a word of eight 4-bit zero points is stored. */
  public ZeroPoints zeroPoints() {
    return zeroPoints;
  }
}
