package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.run.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A real process, killed with SIGKILL in the middle of a run, which another one then continues. */
class KillTest {
  private static final Set<String> FILES =
      Set.of(
          "baseline/identity.json",
          "baseline/ceval.jsonl",
          "baseline/humaneval.jsonl",
          "candidate/identity.json",
          "candidate/ceval.jsonl",
          "candidate/humaneval.jsonl",
          "prompts/ceval.jsonl",
          "prompts/humaneval.jsonl");

  @TempDir static Path folder;
  static Path whole;

  /**
   * Comes to a stand where it is to be hit: {@code main(folder of the models, out, journal in it,
   * its lines)}.
   */
  public static void main(String[] arguments) {
    Path out = Path.of(arguments[1]);
    Path journal = out.resolve(arguments[2]);
    long lines = Long.parseLong(arguments[3]);
    run(
        TwoModels.in(Path.of(arguments[0])),
        out,
        () -> {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
          while (lineFeeds(journal) >= lines) {
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
          }
        });
  }

  private static Comparison run(TwoModels models, Path out, Runnable pause) {
    var fixtures = new Fixtures().code("humaneval", 60).exam("ceval", 20, 20, 20);
    fixtures.script(
        models.fp16(), new Slow(fixtures.new Knowing(Set.of("HumanEval/3", "subject_a/3")), pause));
    fixtures.script(models.int4(), new Slow(fixtures.new Knowing(Set.of("HumanEval/5")), pause));
    fixtures.pauseSandbox(pause);
    return fixtures
        .quantGate()
        .run(models.request(RunPlan.of("ceval", "humaneval"), out), Progress.Listener.NONE);
  }

  /** A model that does something before each answer. */
  record Slow(FakeModel.Script behind, Runnable beforeEach) implements FakeModel.Forwarding {
    @Override
    public void pause() {
      beforeEach.run();
    }
  }

  @BeforeAll
  static void runUninterrupted() {
    whole = folder.resolve("whole");
    run(TwoModels.in(folder), whole, () -> {});
  }

  @ParameterizedTest
  @CsvSource({
    "baseline/journal/ceval.answers.jsonl, 25",
    "baseline/journal/humaneval.answers.jsonl, 3",
    "candidate/journal/ceval.answers.jsonl, 59",
    "candidate/journal/humaneval.answers.jsonl, 30",
    "baseline/journal/humaneval.executions.jsonl, 20"
  })
  void aRunKilledAnywhereIsContinuedToTheSameBytes(String journal, int lines)
      throws IOException, InterruptedException {
    Path out = folder.resolve("killed-" + journal.replace('/', '-') + lines);
    Process process = start(out, journal, lines);
    try {
      awaitLines(process, out.resolve(journal), lines);
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor()).isEqualTo(128 + 9);
    assertThat(out.resolve("comparison.json")).doesNotExist();

    Comparison comparison = run(TwoModels.in(folder), out, () -> {});
    assertThat(comparison.flips()).hasSize(3);
    int compared = 0;
    for (String file : FILES) {
      assertThat(out.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
      compared++;
    }
    assertThat(compared).isEqualTo(8);
  }

  @Test
  void aRunKilledAgainAndAgainComesToItsEnd() throws IOException, InterruptedException {
    Path out = folder.resolve("killed-often");
    int killed = 0;
    for (int lines = 12; lines < 60; lines += 15) {
      String journal = "baseline/journal/ceval.answers.jsonl";
      Process process = start(out, journal, lines);
      try {
        awaitLines(process, out.resolve(journal), lines);
      } finally {
        process.destroyForcibly();
      }
      process.waitFor();
      killed++;
    }
    run(TwoModels.in(folder), out, () -> {});
    assertThat(killed).isEqualTo(4);
    assertThat(out.resolve("baseline/ceval.jsonl"))
        .hasSameBinaryContentAs(whole.resolve("baseline/ceval.jsonl"));
  }

  private static Process start(Path out, String journal, int lines) throws IOException {
    return java(
        KillTest.class,
        folder.resolve("process.log"),
        folder.toString(),
        out.toString(),
        journal,
        Integer.toString(lines));
  }

  /** A process of its own, which writes what it says into a log. */
  static Process java(Class<?> main, Path log, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static void awaitLines(Process process, Path journal, int lines)
      throws InterruptedException {
    awaitLines(process, folder.resolve("process.log"), journal, lines);
  }

  /** Waits until a process has come so far. */
  static void awaitLines(Process process, Path log, Path journal, int lines)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (lineFeeds(journal) < lines) {
      assertThat(process.isAlive()).as(() -> "the process ended: " + said(log)).isTrue();
      assertThat(System.nanoTime()).as("time").isLessThan(deadline);
      Thread.sleep(2);
    }
  }

  /** None where there is no such file. */
  static long lineFeeds(Path file) {
    long count = 0;
    try {
      for (byte b : Files.readAllBytes(file)) {
        count += b == '\n' ? 1 : 0;
      }
    } catch (NoSuchFileException e) {
      return 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return count;
  }

  private static String said(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
