package dev.quantgate.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuantGateExceptionTest {
  private static final class Refused extends QuantGateException {
    Refused(String message, List<String> details) {
      super(message, details);
    }

    @Override
    public ErrorKind errorKind() {
      return ErrorKind.USER;
    }
  }

  @Test
  void messageAndDetailsAreShownWithoutWhatATerminalWouldObey() {
    var refused = new Refused("one\n\u001b[2Jtwo", List.of("hash \u001b[31mab", "plain"));
    assertThat(refused.getMessage()).doesNotContain("\u001b").startsWith("one\n");
    assertThat(refused.details()).hasSize(2).last().isEqualTo("plain");
    assertThat(refused.details().getFirst()).startsWith("hash ").doesNotContain("\u001b");
  }

  @Test
  void whateverIsThrownIsSomebodysMatter() {
    assertThat(ErrorKind.of(new Refused("no", List.of()))).isEqualTo(ErrorKind.USER);
    assertThat(ErrorKind.of(new IOException("disk"))).isEqualTo(ErrorKind.MACHINE);
    assertThat(ErrorKind.of(new UncheckedIOException(new IOException())))
        .isEqualTo(ErrorKind.MACHINE);
    assertThat(ErrorKind.of(new OutOfMemoryError())).isEqualTo(ErrorKind.MACHINE);
    assertThat(ErrorKind.of(new IllegalStateException("bug"))).isEqualTo(ErrorKind.DEFECT);
    assertThat(ErrorKind.of(new StackOverflowError())).isEqualTo(ErrorKind.DEFECT);
  }
}
