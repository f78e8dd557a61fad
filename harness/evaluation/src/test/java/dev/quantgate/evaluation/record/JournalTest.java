package dev.quantgate.evaluation.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  @TempDir Path folder;
  Path file;

  record Line(String id, int number) {}

  @BeforeEach
  void name() {
    file = folder.resolve("journal").resolve("a.jsonl");
  }

  private List<Line> append(Line... lines) {
    List<Line> found = new ArrayList<>();
    try (Journal<Line> journal = Journal.open(file, 1, Line.class, found::add)) {
      for (Line line : lines) {
        journal.append(line);
      }
    }
    return found;
  }

  @Test
  void whatWasAppendedIsFoundAgainInItsOrder() {
    assertThat(append(new Line("a\nb", 1), new Line("二", 2))).isEmpty();
    assertThat(append(new Line("c", 3))).containsExactly(new Line("a\nb", 1), new Line("二", 2));
    assertThat(append()).hasSize(3);
  }

  @Test
  void aLineTornAtAnyByteIsCutOffAndTheRestGoesOn() throws IOException {
    append(new Line("a", 1), new Line("二", 2));
    byte[] whole = Files.readAllBytes(file);
    int lastLine = new String(whole, UTF_8).indexOf('\n') + 1;
    int cuts = 0;
    for (int length = lastLine; length < whole.length; length++) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      assertThat(append(new Line("b", 5))).containsExactly(new Line("a", 1));
      assertThat(append()).containsExactly(new Line("a", 1), new Line("b", 5));
      cuts++;
    }
    assertThat(cuts).isGreaterThan(10);
  }

  @Test
  void anInterruptedThreadStillWritesItsLineWhole() {
    Thread.currentThread().interrupt();
    append(new Line("a", 1), new Line("b", 2));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(append()).containsExactly(new Line("a", 1), new Line("b", 2));
  }

  @Test
  void zerosLeftByAPowerFailureAreATornLine() throws IOException {
    append(new Line("a", 1));
    Files.write(file, new byte[100_000], StandardOpenOption.APPEND);
    assertThat(append()).containsExactly(new Line("a", 1));
  }

  @Test
  void aDamagedLineBeforeTheEndIsRefusedWithItsNumber() throws IOException {
    append(new Line("a", 1));
    Files.writeString(file, "{\"id\":\"b\",\"num\n", StandardOpenOption.APPEND);
    append0(new Line("c", 3));
    assertThatThrownBy(this::append)
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining(file + ", line 2: is damaged")
        .hasMessageContaining("another --out");
  }

  private void append0(Line line) throws IOException {
    Files.write(file, Json.lines().writeValueAsBytes(line), StandardOpenOption.APPEND);
    Files.writeString(file, "\n", StandardOpenOption.APPEND);
  }
}
