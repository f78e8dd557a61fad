package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import sun.misc.Signal;
import sun.misc.SignalHandler;

class TerminalProgressTest {
  @Test
  void nothingIsEstimatedBeforeItMeansSomething() {
    assertThat(TerminalProgress.left(Duration.ofSeconds(9), 400, 400)).isEmpty();
    assertThat(TerminalProgress.left(Duration.ofSeconds(60), 0, 400)).isEmpty();
    assertThat(TerminalProgress.left(Duration.ofSeconds(60), 15, 400)).isEmpty();
    assertThat(TerminalProgress.left(Duration.ofSeconds(60), 16, 400))
        .hasValue(Duration.ofSeconds(1500));
    assertThat(TerminalProgress.left(Duration.ofSeconds(60), 3, 1))
        .hasValue(Duration.ofSeconds(20));
  }

  @Test
  void aBarFitsInto80ColumnsAndLeavesCtrlCToTheProgram() {
    var interrupt = new Signal("INT");
    SignalHandler own = signal -> {};
    SignalHandler before = Signal.handle(interrupt, own);
    try {
      var err = new ByteArrayOutputStream();
      try (var progress =
          new TerminalProgress(false, new PrintStream(err, true, StandardCharsets.UTF_8), true)) {
        progress.begin("baseline starter-code answers", 84, 0);
        progress.advance(40, 84);
        progress.end(84, "");
      }
      assertThat(err.toString(StandardCharsets.UTF_8).split("[\r\n]"))
          .anySatisfy(bar -> assertThat(bar).contains("84/84"))
          .allSatisfy(bar -> assertThat(bar.length()).isLessThan(80));
    } finally {
      assertThat(Signal.handle(interrupt, before)).isSameAs(own);
    }
  }
}
