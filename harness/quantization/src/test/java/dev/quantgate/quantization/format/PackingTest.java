package dev.quantgate.quantization.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.quantization.GptqFormat;
import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The packing against the format's formulas, each written out here on its own. */
class PackingTest {

  @ParameterizedTest
  @CsvSource({"32,8,1", "64,16,2", "128,40,3", "384,24,4"})
  void fourBitCodesLieEightInAWordAlongTheInputsLowestBitsFirst(
      int inputs, int outputs, long seed) {
    byte[] codes = codes(inputs * outputs, 4, seed);

    int[] qweight = Packing.alongRows(codes, inputs, outputs, 4);

    assertThat(qweight).hasSize(inputs / 8 * outputs);
    for (int k = 0; k < inputs; k++) {
      for (int n = 0; n < outputs; n++) {
        assertThat((qweight[k / 8 * outputs + n] >> (4 * (k % 8))) & 15)
            .isEqualTo(codes[k * outputs + n]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,8,V2", "3,16,V1", "12,64,V2", "6,128,V1"})
  void zeroPointsLieEightInAWordAlongTheOutputsAndV1IsOneSubtractionAWord(
      int groups, int outputs, GptqFormat format) {
    byte[] zeros = codes(groups * outputs, 4, 5);
    int less = format == GptqFormat.V1 ? 0x11111111 : 0;

    int[] qzeros = Packing.zeros(zeros, groups, outputs, 4, format);

    if (zeros.length > 100) {
      assertThat(zeros).as("a zero point that borrows").contains((byte) 0);
    }
    assertThat(qzeros).hasSize(groups * outputs / 8);
    for (int g = 0; g < groups; g++) {
      for (int n = 0; n < outputs; n++) {
        int word = qzeros[g * (outputs / 8) + n / 8] + less;
        assertThat((word >> (4 * (n % 8))) & 15).isEqualTo(zeros[g * outputs + n]);
      }
    }
  }

  @Test
  void symmetricZeroPointsAreTheWordsThatEveryReaderKnows() {
    byte[] zeros = new byte[16];
    java.util.Arrays.fill(zeros, (byte) 8);

    assertThat(Packing.zeros(zeros, 1, 16, 4, GptqFormat.V1)).containsOnly(0x77777777);
    assertThat(Packing.zeros(zeros, 1, 16, 4, GptqFormat.V2)).containsOnly(0x88888888);
  }

  @ParameterizedTest
  @CsvSource({"3,64,5", "4,64,5", "8,64,5", "3,96,1", "8,8,3"})
  void codesOfAnyWidthFormOneStreamOfBits(int bits, int rows, int columns) {
    byte[] codes = codes(rows * columns, bits, 9);

    int[] packed = Packing.alongRows(codes, rows, columns, bits);

    for (int column = 0; column < columns; column++) {
      BigInteger stream = BigInteger.ZERO;
      for (int word = packed.length / columns - 1; word >= 0; word--) {
        stream =
            stream
                .shiftLeft(32)
                .or(BigInteger.valueOf(packed[word * columns + column] & 0xffffffffL));
      }
      for (int row = 0; row < rows; row++) {
        int code = stream.shiftRight(row * bits).intValue() & ((1 << bits) - 1);
        assertThat(code).isEqualTo(codes[row * columns + column] & 0xff);
      }
    }
  }

  @Test
  void codesThatDoNotFillWordsAreRefused() {
    assertThatThrownBy(() -> Packing.alongRows(new byte[12], 12, 1, 4))
        .hasMessage("12 codes of 4 bits do not fill 32-bit words");
  }

  static byte[] codes(int count, int bits, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] codes = new byte[count];
    for (int i = 0; i < count; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    return codes;
  }
}
