package dev.quantgate.sandbox.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.guest.GuestFault;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireTest {

  private static List<String> read(byte[] bytes) throws IOException {
    return Wire.read(new DataInputStream(new ByteArrayInputStream(bytes)));
  }

  @Test
  void stringsComeThroughAsTheyAreLoneSurrogatesIncluded() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Wire.write(out, List.of("", "plain", "\0", "数 😀", "\ud800 alone", "x".repeat(100_000)));
    assertThat(read(out.toByteArray()))
        .containsExactly("", "plain", "\0", "数 😀", "\ud800 alone", "x".repeat(100_000));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, (256 << 20) + 1})
  void aFrameOfAnImpossibleLengthIsRefusedBeforeAnythingIsAllocated(int length) {
    assertThatThrownBy(() -> read(ByteBuffer.allocate(4).putInt(length).array()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("a frame of ");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 3, Integer.MAX_VALUE})
  void aStringLongerThanItsFrameIsRefused(int length) {
    byte[] frame = ByteBuffer.allocate(12).putInt(8).putInt(length).putInt(0).array();
    assertThatThrownBy(() -> read(frame)).hasMessage("a frame cut short");
  }

  @Test
  void theEndOfTheStreamIsTold() {
    assertThatThrownBy(() -> read(new byte[0])).isInstanceOf(EOFException.class);
  }

  @Test
  void aLoneSurrogateIsEncodedAsPythonsSurrogatepassDoes() {
    assertThat(Values.utf8("a\ud800é😀"))
        .containsExactly('a', 0xED, 0xA0, 0x80, 0xC3, 0xA9, 0xF0, 0x9F, 0x98, 0x80);
  }

  @Test
  void aVerdictThatIsNoTupleOfStringsIsRefused() {
    for (byte[] each :
        new byte[][] {
          {},
          {'t'},
          {'l', 0, 0, 0, 0},
          {'t', 0, 0, 0, 1},
          {'t', 0, 0, 0, 1, 's', -1, -1, -1, -1},
          {'t', 0, 0, 0, 1, 'b', 0, 0, 0, 0}
        }) {
      assertThatThrownBy(() -> Values.strings(each)).isInstanceOf(GuestFault.class);
    }
  }
}
