package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

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
}
