package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C where a person types it: on a terminal, which util-linux' {@code script} makes. */
class InterruptedRunTest {
  private static final int CTRL_C = 3;
  private static final int ROWS = 5_000;

  @TempDir Path folder = Path.of("");

  @Test
  void ctrlCOnATerminalSaysHowToGoOn() throws Exception {
    Path script = Path.of("/usr/bin/script");
    assumeThat(script).as("a terminal can be made").exists();
    TinyCheckpoint.write(folder.resolve("model"), 1, Format.F16);
    Files.writeString(
        folder.resolve("long.jsonl"), "{\"question\": \"q\", \"answer\": \"a\"}\n".repeat(ROWS));
    Path suite =
        Files.writeString(
            folder.resolve("long.yaml"),
            """
            data: long.jsonl
            metric: exact-match
            template: "{{question}}"
            answer: answer
            pattern: "(.)"
            max-new-tokens: 200
            """);
    Path out = folder.resolve("out");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx512m",
            "-cp \"$CLASSES\"",
            Main.class.getName(),
            "eval --threads 1",
            "--model '%s'".formatted(folder.resolve("model")),
            "--suites '%s'".formatted(suite),
            "--out '%s'".formatted(out));
    var builder =
        new ProcessBuilder(
            script.toString(), "-q", "-e", "-f", "-c", String.join(" ", command), "/dev/null");
    builder.environment().put("CLASSES", Classes.path());
    Path log = folder.resolve("terminal.log");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
      Path journal = out.resolve("model/journal/long.answers.jsonl");
      while (!Files.exists(journal) || Files.size(journal) == 0) {
        assertThat(process.isAlive()).as(() -> said(log)).isTrue();
        assertThat(System.nanoTime()).isLessThan(deadline);
        Thread.sleep(20);
      }
      process.getOutputStream().write(CTRL_C);
      process.getOutputStream().flush();
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(said(log))
        .contains(
            "quantgate: stopped; what is done lies in %s, and the same command continues it"
                .formatted(out))
        .doesNotContain("Exception");
    assertThat(out.resolve("model/long.jsonl")).doesNotExist();
    assertThat(out.resolve(".lock")).doesNotExist();
  }

  private static String said(Path log) {
    try {
      return Files.readString(log, StandardCharsets.UTF_8);
    } catch (java.io.IOException e) {
      return e.toString();
    }
  }
}
