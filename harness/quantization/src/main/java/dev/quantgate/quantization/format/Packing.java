package dev.quantgate.quantization.format;

import dev.quantgate.quantization.GptqFormat;

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
          "%d codes of %d bits do not fill 32-bit words".formatted(codes, bits));
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
   */
  static int[] alongColumns(byte[] values, int rows, int columns, int bits) {
    int width = words(columns, bits);
    int[] packed = new int[rows * width];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        int value = values[row * columns + column] & 0xff;
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

  /**
   * Zero points {@code [groups, outputs]} as qzeros of a format holds them. Of other widths than 4
   * bits format v1 takes symmetric ones only, in which no field borrows.
   */
  static int[] zeros(byte[] zeros, int groups, int outputs, int bits, GptqFormat format) {
    if (format == GptqFormat.V1 && bits != 4) {
      byte[] less = new byte[zeros.length];
      for (int i = 0; i < zeros.length; i++) {
        less[i] = (byte) (zeros[i] - 1);
      }
      return alongColumns(less, groups, outputs, bits);
    }
    int[] words = alongColumns(zeros, groups, outputs, bits);
    if (bits == 4) {
      for (int i = 0; i < words.length; i++) {
        words[i] = format.zeroPoints().encode(words[i]);
      }
    }
    return words;
  }
}
