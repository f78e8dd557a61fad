package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command line on two live models, with programs in the machine's sandbox, in processes that
 * are killed at seeded random moments, and two of them in one folder. Whatever happens, the same
 * command then ends with the records of a run that nothing disturbed. {@code harness/dev/disturb
 * KILLS SEED} kills as often as one likes, and runs {@link DisturbedRuns}.
 */
class DisturbedRunTest {
  private static final int KILLS = Integer.getInteger("quantgate.kills", 2);
  static final long SEED = Long.getLong("quantgate.seed", 1);
  private static final int KILLS_OF_A_RUN = 4;
  static final long MINUTES = 10;

  @TempDir static Path folder = Path.of("");
  private static Map<String, byte[]> whole = Map.of();
  static long milliseconds;

  Path out = Path.of("");

  @BeforeAll
  static void runUndisturbed() throws Exception {
    TinyCheckpoint.write(folder.resolve("fp16"), 1, Format.F16);
    TinyCheckpoint.write(folder.resolve("int4"), 1, Format.GPTQ_SYMMETRIC);
    Path sound = folder.resolve("whole");
    long begun = System.nanoTime();
    finish(sound, Map.of());
    // The next ones need less: this one tested the sandbox, too, and remembers that it did.
    milliseconds = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun) * 2 / 3;
    whole = records(sound);
    assertThat(whole.keySet())
        .contains(
            "baseline/starter-code.jsonl",
            "candidate/starter-nli.jsonl",
            "pairs/starter-code.jsonl");
  }

  @BeforeEach
  void nameFolder(TestInfo test) {
    out = folder.resolve(test.getTestMethod().orElseThrow().getName());
  }

  @Test
  void itIsKilledAtAnyMomentAgainAndAgain() throws Exception {
    var random = new SplittableRandom(SEED);
    int killed = 0;
    int starts = 0;
    while (killed < KILLS && starts < 3 * KILLS + 3) {
      Path run = folder.resolve("killed-%d".formatted(starts));
      for (int i = random.nextInt(1, KILLS_OF_A_RUN + 1); i > 0 && killed < KILLS; i--) {
        starts++;
        Process process = start(run, Map.of());
        boolean ended = process.waitFor(random.nextLong(milliseconds), TimeUnit.MILLISECONDS);
        process.destroyForcibly().waitFor();
        killed += ended ? 0 : 1;
      }
      finish(run, Map.of());
      assertSame("after %d kills from seed %d".formatted(killed, SEED), run);
    }
    assertThat(killed).isEqualTo(KILLS);
  }

  @Test
  void twoProcessesWantOneFolder() throws Exception {
    Process first = start(out, Map.of());
    Process second = start(out, Map.of());
    assertThat(first.waitFor(MINUTES, TimeUnit.MINUTES)).isTrue();
    assertThat(second.waitFor(MINUTES, TimeUnit.MINUTES)).isTrue();
    // One may have come when the other had ended: then both judge. Verdicts of so few items are 2.
    assertThat(List.of(first.exitValue(), second.exitValue()))
        .allMatch(code -> code >= 0 && code <= 2);
    assertThat(said(log(out)).lines())
        .hasSizeLessThanOrEqualTo(1)
        .allMatch(line -> line.contains("another run works in this folder"));
    assertSame("with two processes", out);
  }

  private static void finish(Path run, Map<String, String> environment) throws Exception {
    assertEnded(start(run, environment), run);
  }

  /** A verdict was given: pass, loss, or that so few items say nothing. */
  static void assertEnded(Process process, Path run) throws Exception {
    assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).isTrue();
    String said = said(log(run));
    assertThat(said).isEmpty();
    assertThat(process.exitValue()).isBetween(0, 2);
  }

  static void assertSame(String when, Path run) throws IOException {
    Map<String, byte[]> found = records(run);
    assertThat(found.keySet()).as(when).isEqualTo(whole.keySet());
    whole.forEach((name, bytes) ->
        assertThat(found.get(name)).as("%s: %s".formatted(name, when)).isEqualTo(bytes));
  }

  /** What must be the same on any day and machine. */
  private static Map<String, byte[]> records(Path run) throws IOException {
    Map<String, byte[]> records = new TreeMap<>();
    try (Stream<Path> all = Files.walk(run)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        String name = run.relativize(file).toString();
        if (name.matches("(baseline|candidate)/(starter-[a-z]+[.]jsonl|identity[.]json)")
            || name.matches("(pairs|prompts)/.+[.]jsonl")) {
          records.put(name, Files.readAllBytes(file));
        }
      }
    }
    return records;
  }

  static Process start(Path run, Map<String, String> environment) throws IOException {
    return start(run, log(run), environment);
  }

  /** What it said, without the line of the JVM that the launcher keeps away. */
  static String said(Path log) throws IOException {
    return Files.readString(log).replaceAll("WARNING: Using incubator modules: .*\n", "");
  }

  static Path log(Path run) {
    return folder.resolve("%s.log".formatted(run.getFileName()));
  }

  static Process start(Path run, Path log, Map<String, String> environment) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            Classes.path(),
            Main.class.getName()));
    command.addAll(
        List.of(
            "run",
            "--quiet",
            "--baseline",
            folder.resolve("fp16").toString(),
            "--candidate",
            folder.resolve("int4").toString(),
            "--suites",
            "starter-nli,starter-code",
            "--limit",
            "6",
            "--max-new-tokens",
            "8",
            "--threads",
            "1",
            "--out",
            run.toString()));
    var builder = new ProcessBuilder(command);
    builder.environment().put("QUANTGATE_CACHE", folder.resolve("cache").toString());
    builder.environment().putAll(environment);
    return builder
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }
}
