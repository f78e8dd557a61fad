package dev.quantgate.quantization;

/**
 * Codes in 32-bit words, as GPTQ checkpoints hold them: a stream of bits, the first code in the
 * lowest bits, with no gaps, so that a 3-bit code can straddle two words (32 codes in 3 words). For
 * 4 bits that is 8 codes in a word, for 8 bits 4.
 */
final class Packing {
  private Packing() {}

  /** Words needed for so many codes; they must fill them. */
  static int words(int codes, int bits) {
    if (codes * bits % 32 != 0) {
      throw new IllegalArgumentException(
          codes + " codes of " + bits + " bits do not fill 32-bit words");
    }
    return codes * bits / 32;
  }

  /**
   * Packs along the rows: {@code [rows, columns]} to {@code [rows * bits / 32, columns]}, as
   * qweight is.
   */
  static int[] alongRows(byte[] codes, int rows, int columns, int bits) {
    int[] packed = new int[words(rows, bits) * columns];
    for (int row = 0; row < rows; row++) {
      int bit = row * bits;
      int shift = bit & 31;
      int word = (bit >>> 5) * columns;
      boolean straddles = shift + bits > 32;
      for (int column = 0; column < columns; column++) {
        int code = codes[row * columns + column] & 0xff;
        packed[word + column] |= code << shift;
        if (straddles) {
          packed[word + columns + column] |= code >>> (32 - shift);
        }
      }
    }
    return packed;
  }

  /**
   * Packs along the columns: {@code [rows, columns]} to {@code [rows, columns * bits / 32]}, as
   * qzeros is.
   *
   * @param subtract taken from each value before it is stored, modulo {@code 1 << bits}: 1 for
   *     format v1, 0 for v2
   */
  static int[] alongColumns(byte[] values, int rows, int columns, int bits, int subtract) {
    int width = words(columns, bits);
    int mask = (1 << bits) - 1;
    int[] packed = new int[rows * width];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        int value = (values[row * columns + column] - subtract) & mask;
        int bit = column * bits;
        int shift = bit & 31;
        int word = row * width + (bit >>> 5);
        packed[word] |= value << shift;
        if (shift + bits > 32) {
          packed[word + 1] |= value >>> (32 - shift);
        }
      }
    }
    return packed;
  }
}
