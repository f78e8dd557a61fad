package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class MemorySizeTest {
  private final MemorySize sizes = new MemorySize();

  @ParameterizedTest
  @CsvSource({"123,123", "4k,4096", "512M,536870912", "20G,21474836480", "24GiB,25769803776", "1 t,1099511627776"})
  void aSizeIsANumberWithAUnitOfPowersOf1024(String text, long bytes) {
    assertThat(sizes.convert(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "G", "-1G", "1.5G", "1P", "20 gigabytes", "999999999999T"})
  void whatIsNoSizeIsRefusedByWhatWasTyped(String text) {
    assertThatThrownBy(() -> sizes.convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'");
  }
}
