package dev.quantgate.quantization;

/**
 * How weights become whole numbers: each output channel has one scale and one zero point for every
 * group of consecutive inputs, and {@code weight = fp16(scale * (code - zero))}.
 *
 * @param bits bits of a code: 3, 4 or 8
 * @param groupSize inputs that share a scale: 32, 64 or 128, or {@link #WHOLE_COLUMN}
 * @param symmetric whether the zero point is fixed at the middle code instead of found per group
 */
public record Scheme(int bits, int groupSize, boolean symmetric) {
  /** One group over all inputs. */
  public static final int WHOLE_COLUMN = -1;

  public Scheme {
    if (bits != 3 && bits != 4 && bits != 8) {
      throw new IllegalArgumentException("bits must be 3, 4 or 8, not %d".formatted(bits));
    }
    if (groupSize != WHOLE_COLUMN && groupSize != 32 && groupSize != 64 && groupSize != 128) {
      throw new IllegalArgumentException(
          "group size must be 32, 64, 128 or -1 (the whole column), not %d".formatted(groupSize));
    }
  }

  /** The largest code. */
  public int maxCode() {
    return (1 << bits) - 1;
  }

  /** The zero point of a symmetric grid. */
  public int middle() {
    return 1 << (bits - 1);
  }

  /** Inputs in a group of a layer with so many. */
  public int groupOf(int inputs) {
    return groupSize == WHOLE_COLUMN ? inputs : groupSize;
  }

  public int groups(int inputs) {
    return Math.ceilDiv(inputs, groupOf(inputs));
  }

  /** For people: "int4 g64 sym". */
  @Override
  public String toString() {
    return "int%s g%s%s"
        .formatted(
            bits, groupSize == WHOLE_COLUMN ? "all" : groupSize, symmetric ? " sym" : " asym");
  }
}
