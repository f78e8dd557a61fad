package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DemoPair;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The bundled model on the real engine, killed with SIGKILL while it answers: what {@link KillTest}
 * shows of the journal, shown of the numbers. Programs are not executed, to be quick.
 */
class RealEngineKillTest {
  private static final List<String> SUITES = List.of("starter-exam", "starter-code", "starter-nli");
  private static final int ITEMS = 12;

  @TempDir static Path folder;
  static Path whole;

  /** Evaluates a model, slowly enough to be hit: {@code main(its folder, out)}. */
  public static void main(String[] arguments) {
    evaluate(
        Path.of(arguments[0]),
        Path.of(arguments[1]),
        progress -> {
          if (progress instanceof Progress.Advanced) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
          }
        });
  }

  private static void evaluate(Path model, Path out, Progress.Listener progress) {
    var assignment = RunPlan.of(SUITES.toArray(String[]::new)).withLimit(ITEMS);
    Services real = Services.standard();
    var doors =
        new Services(
            real.suites(),
            real.models(),
            (kind, options) -> RecognisingSandbox.of(BenchmarkData.starterCode()));
    new QuantGate(doors)
        .eval(
            new EvalRequest(model.toString(), assignment, RunEnvironment.defaults(), out),
            progress);
  }

  @BeforeAll
  static void evaluateUninterrupted() {
    whole = folder.resolve("whole");
    evaluate(DemoPair.unpack(folder.resolve("demo")).fp16(), whole, Progress.Listener.NONE);
  }

  @ParameterizedTest
  @CsvSource({"starter-exam, 3", "starter-code, 2"})
  void answersOfAKilledRunAreThoseOfAnUninterruptedOneBitByBit(String suite, int lines)
      throws IOException, InterruptedException {
    Path model = folder.resolve("demo").resolve("fp16");
    Path out = folder.resolve("killed-in-" + suite);
    Path log = folder.resolve(suite + ".log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx1g",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                RealEngineKillTest.class.getName(),
                model.toString(),
                out.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Path journal = out.resolve("model/journal/" + suite + ".answers.jsonl");
    try {
      long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
      while (!Files.exists(journal) || Files.readString(journal).lines().count() < lines) {
        assertThat(process.isAlive()).as(() -> "alive; it said: " + read(log)).isTrue();
        assertThat(System.nanoTime()).as("time").isLessThan(deadline);
        Thread.sleep(1);
      }
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor()).isEqualTo(128 + 9);
    assertThat(Files.readString(journal).lines().count()).isBetween((long) lines, ITEMS - 1L);
    assertThat(out.resolve("model/" + suite + ".jsonl")).doesNotExist();

    evaluate(model, out, Progress.Listener.NONE);
    for (String each : SUITES) {
      Path records = whole.resolve("model/" + each + ".jsonl");
      assertThat(Files.readAllLines(records))
          .hasSize(ITEMS)
          .allMatch(line -> line.contains("\"tokens\":[") == line.contains("\"margins\":["));
      assertThat(out.resolve("model/" + each + ".jsonl")).hasSameBinaryContentAs(records);
      assertThat(out.resolve("prompts/" + each + ".jsonl"))
          .hasSameBinaryContentAs(whole.resolve("prompts/" + each + ".jsonl"));
    }
    assertThat(whole.resolve("model/starter-code.jsonl")).content().contains("\"margins\":[");
    assertThat(out.resolve("model/identity.json"))
        .hasSameBinaryContentAs(whole.resolve("model/identity.json"));
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
