package dev.quantgate.evaluation.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "4096,4096",
    "1k,1024",
    "2M,2097152",
    "1.5G,1610612736",
    "12 GiB,12884901888",
    "1TB,1099511627776"
  })
  void sizesAreReadWithUnitsOfPowersOf1024(String text, long bytes) {
    assertThat(ByteSize.parse(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "G", "-1", "1.2.3G", "1X", "one", "0.0001"})
  void whatIsNoSizeIsRefused(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"999999999999999T"})
  void aSizeBeyondALongIsRefused(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text)).isInstanceOf(ArithmeticException.class);
  }
}
