package dev.quantgate.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Sha256Test {
  /** FIPS 180-2, example B.1. */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @Test
  void textBytesAndFilesHaveTheKnownHash(@TempDir Path folder) throws IOException {
    assertThat(Sha256.hex("abc")).isEqualTo(ABC);
    assertThat(Sha256.hex(new byte[] {'a', 'b', 'c'})).isEqualTo(ABC);
    assertThat(Sha256.hex(Files.writeString(folder.resolve("f"), "abc"))).isEqualTo(ABC);
  }

  @Test
  void partsDoNotRunTogether() {
    assertThat(new Sha256().add("ab").add("c").hex())
        .isNotEqualTo(new Sha256().add("a").add("bc").hex())
        .isNotEqualTo(ABC);
  }

  @Test
  void theVersionIsTheBuilds() {
    assertThat(Version.number()).matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
    assertThat(Version.program()).isEqualTo("quantgate " + Version.number());
  }
}
