package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import dev.quantgate.evaluation.verify.Verification;
import dev.quantgate.evaluation.verify.VerifyRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A real process, killed with SIGKILL in the middle of a run that stops when it is decided: another
 * one stops at the same item, with the same bytes.
 */
class KillStoppedTest {
  private static final int ITEMS = 1200;
  private static final List<String> FILES =
      List.of(
          "baseline/identity.json",
          "baseline/cmnli.jsonl",
          "candidate/identity.json",
          "candidate/cmnli.jsonl",
          "pairs/cmnli.jsonl",
          "prompts/cmnli.jsonl");

  @TempDir static Path folder;
  static Path whole;
  static Comparison expected;

  /**
   * Comes to a stand where it is to be hit: {@code main(models, out, journal in it, its lines)}.
   */
  public static void main(String[] arguments) {
    Path journal = Path.of(arguments[1]).resolve(arguments[2]);
    long lines = Long.parseLong(arguments[3]);
    run(
        TwoModels.in(Path.of(arguments[0])),
        Path.of(arguments[1]),
        () -> {
          while (KillTest.lineFeeds(journal) >= lines) {
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
          }
        });
  }

  private static Comparison run(TwoModels models, Path out, Runnable pause) {
    var fixtures = new Fixtures().pairs("cmnli", ITEMS);
    fixtures.model(models.fp16());
    fixtures.script(
        models.int4(),
        new KillTest.Slow(fixtures.new Knowing(Set.of(TwoModels.everyTenth(ITEMS))), pause));
    return fixtures
        .quantGate()
        .run(
            models.untilDecided(
                RunPlan.of("cmnli"), RunEnvironment.defaults(), GatePolicy.DEFAULT, out),
            Progress.Listener.NONE);
  }

  @BeforeAll
  static void runUninterrupted() {
    whole = folder.resolve("whole");
    expected = run(TwoModels.in(folder), whole, () -> {});
  }

  @ParameterizedTest
  @CsvSource({"5", "70"})
  void aStoppedRunThatWasKilledStopsAtTheSameItemWithTheSameBytes(int lines)
      throws IOException, InterruptedException {
    String journal = "candidate/journal/cmnli.answers.jsonl";
    Path out = folder.resolve("killed-%d".formatted(lines));
    Path log = folder.resolve("killed-%d.log".formatted(lines));
    Process process =
        KillTest.java(
            KillStoppedTest.class,
            log,
            folder.toString(),
            out.toString(),
            journal,
            Integer.toString(lines));
    try {
      KillTest.awaitLines(process, log, out.resolve(journal), lines);
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor()).isEqualTo(128 + 9);
    assertThat(out.resolve("candidate/cmnli.jsonl")).doesNotExist();

    Comparison continued = run(TwoModels.in(folder), out, () -> {});

    assertThat(continued.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(continued.suites()).isEqualTo(expected.suites());
    assertThat(continued.suites().getFirst().asked()).isLessThan(ITEMS);
    for (String file : FILES) {
      assertThat(out.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
    }
    Verification verification =
        new Fixtures().pairs("cmnli", ITEMS).quantGate().verify(out, VerifyRequest.standard());
    assertThat(verification.differences()).isEmpty();
    assertThat(verification.sound()).isTrue();
  }
}
