package dev.quantgate.sandbox.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxOptions.Checker;
import dev.quantgate.sandbox.Usage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** What every tier made of real processes owes. */
public abstract class RealProcessContract {

  protected abstract CodeSandbox start(SandboxOptions options);

  private static SandboxOptions options(int workers, Checker checker) {
    return new SandboxOptions(workers, checker, Limits.defaults());
  }

  /** Results by id; every job must have exactly one. */
  protected static Map<String, ExecutionResult> run(CodeSandbox sandbox, List<ExecutionJob> jobs) {
    Map<String, ExecutionResult> results = new LinkedHashMap<>();
    sandbox.run(
        jobs,
        result ->
            assertThat(results.put(result.id(), result)).as("two results for %s", result).isNull());
    assertThat(results.keySet())
        .containsExactlyInAnyOrderElementsOf(jobs.stream().map(ExecutionJob::id).toList());
    return results;
  }

  private static ExecutionResult of(Map<String, ExecutionResult> results, String id) {
    return Objects.requireNonNull(results.get(id));
  }

  private static ExecutionResult one(CodeSandbox sandbox, String completion) {
    return of(run(sandbox, List.of(Problems.twice("job", completion))), "job");
  }

  /** Both checkers judge every program; where they disagree, outcome or detail says so. */
  @Test
  void everyCanonicalSolutionPassesAndEveryStubFailsUnderEachChecker() {
    Path path = Problems.humanEval();
    try (CodeSandbox sandbox = start(options(2, Checker.BOTH))) {
      var solutions = run(sandbox, Problems.humanEval(path, Problems::canonical));
      var stubs = run(sandbox, Problems.humanEval(path, Problems::stub));
      assertThat(solutions).hasSize(164);
      assertThat(solutions.values())
          .allSatisfy(each -> {
            assertThat(each.outcome()).as("%s", each).isEqualTo(Outcome.PASSED);
            assertThat(each.detail()).as("%s", each).isEmpty();
            assertThat(each.usage().executions()).isGreaterThanOrEqualTo(2);
          });
      assertThat(stubs).hasSize(164);
      assertThat(stubs.values())
          .allSatisfy(each -> {
            assertThat(each.outcome()).as("%s", each).isEqualTo(Outcome.FAILED);
            assertThat(each.usage().executions()).isGreaterThanOrEqualTo(2);
          });
    }
  }

  @ParameterizedTest
  @EnumSource(value = Checker.class, names = "BOTH", mode = Mode.EXCLUDE)
  void anEndlessLoopIsATimeoutAndTheNextJobIsWell(Checker checker) {
    Limits limits = brief();
    try (CodeSandbox sandbox = start(new SandboxOptions(2, checker, limits))) {
      var results =
          run(
              sandbox,
              List.of(
                  Problems.twice("spin", "    while True: pass\n"),
                  Problems.twice("sleep", "    import time\n    time.sleep(10**6)\n"),
                  Problems.right("right")));
      assertThat(of(results, "spin").outcome()).isEqualTo(Outcome.TIMEOUT);
      assertThat(of(results, "sleep").outcome()).isEqualTo(Outcome.TIMEOUT);
      assertThat(of(results, "right").outcome()).isEqualTo(Outcome.PASSED);
      assertThat(of(results, "spin").usage().cpuMillis()).isPositive();
    }
  }

  @Test
  void aProgramThatTakesMoreThanItsMemoryEndsAsMemory() {
    try (CodeSandbox sandbox = start(new SandboxOptions(1, Checker.SPLIT, patient()))) {
      ExecutionResult hungry =
          one(sandbox, "    a = []\n    while True: a.append(bytearray(16 << 20))\n");
      assertThat(hungry.outcome()).isEqualTo(Outcome.MEMORY);
    }
  }

  @Test
  void aResultTellsWhatItsJobTookAndLeft() {
    String program =
        """
            import os, time
            if x: return 2 * x
            block = bytearray(b"m") * (60 << 20)
            os.write(2, b"note\\x1b\\xc2\\x9b\\xe2\\x80\\xae\\n" * 2000)
            for _ in range(9):
                if os.fork() == 0:
                    time.sleep(100)
            return 2 * x
        """;
    Limits limits =
        new Limits(
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            512L << 20,
            64,
            1 << 20,
            12,
            1 << 20,
            1);
    try (CodeSandbox sandbox = start(new SandboxOptions(1, Checker.SPLIT, limits))) {
      ExecutionResult result = one(sandbox, program);
      Usage usage = result.usage();
      assertThat(result.outcome()).as("%s", result).isEqualTo(Outcome.PASSED);
      assertThat(result.exit()).isZero();
      assertThat(usage.outputBytes()).isEqualTo(22_000);
      assertThat(usage.output()).isEqualTo("note\\x1b\\x9b\\u202e\nn");
      assertThat(usage.peakMemoryBytes()).isGreaterThan(60L << 20);
      assertThat(usage.cpuMillis()).isPositive();
      assertThat(usage.wallMillis()).isPositive();
      assertThat(usage.leftovers()).isEmpty();
      assertThat(usage.executions()).isEqualTo(1);
      if (countsProcesses()) {
        assertThat(usage.processesKilled()).isEqualTo(9);
      }
      assertThat(one(sandbox, "    return 2 * x\n").usage().output()).isEmpty();
    }
  }

  /** Whether the kind sees what a job's end takes with it. */
  protected boolean countsProcesses() {
    return true;
  }

  @ParameterizedTest
  @EnumSource(value = Checker.class, names = "BOTH", mode = Mode.EXCLUDE)
  void theCpuTimeOfAllProcessesOfAJobTogetherIsBounded(Checker checker) {
    // None of the children reaches what the kernel bounds a process to; together they use six times
    // the limit.
    String children =
        """
            import os, time
            if x: return 2 * x
            for i in range(4):
                if os.fork() == 0:
                    while time.process_time() < 1.5: pass
                    os._exit(0)
            for i in range(4): os.wait()
            return 2 * x
        """;
    Limits limits =
        new Limits(Duration.ofMinutes(1), Duration.ofSeconds(1), 512L << 20, 64, 1, 0, 1 << 20, 1);
    try (CodeSandbox sandbox = start(new SandboxOptions(2, checker, limits))) {
      ExecutionResult result = one(sandbox, children);
      if (checker == Checker.OFFICIAL) {
        // There is no fork under openai/human-eval's guard; one process must do.
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        result = one(sandbox, "    while True: pass\n");
      }
      assertThat(result.outcome()).as("%s", result).isEqualTo(Outcome.TIMEOUT);
      assertThat(result.detail())
          .isEqualTo("no verdict within 1.0 s of CPU time of all its processes");
      assertThat(result.usage().cpuMillis()).isGreaterThanOrEqualTo(1_000);
      assertThat(result.usage().executions()).isEqualTo(1);
    }
  }

  @Test
  void aTimeoutIsExecutedOnceMoreAloneUnlessItsCpuTimeIsUsedUp() {
    // Much more CPU time than wall time: no program can use it up, however idle the machine.
    Limits muchCpu =
        new Limits(Duration.ofSeconds(1), Duration.ofMinutes(1), 512L << 20, 64, 1, 0, 1 << 20, 1);
    try (CodeSandbox sandbox = start(new SandboxOptions(2, Checker.SPLIT, muchCpu))) {
      ExecutionResult result = one(sandbox, "    while True: pass\n");
      assertThat(result.outcome()).isEqualTo(Outcome.TIMEOUT);
      assertThat(result.usage().executions()).isEqualTo(2);
    }
    Limits littleCpu =
        new Limits(Duration.ofMinutes(1), Duration.ofMillis(500), 512L << 20, 64, 1, 0, 1 << 20, 1);
    try (CodeSandbox sandbox = start(new SandboxOptions(2, Checker.SPLIT, littleCpu))) {
      ExecutionResult result = one(sandbox, "    while True: pass\n");
      assertThat(result.outcome()).isEqualTo(Outcome.TIMEOUT);
      assertThat(result.usage().executions()).isEqualTo(1);
    }
  }

  protected static Outcome outcome(Map<String, ExecutionResult> results, String id) {
    return of(results, id).outcome();
  }

  /** Time that no program of a test uses up, however slow the machine. */
  protected static Limits patient() {
    return Limits.defaults().withTime(Duration.ofSeconds(60));
  }

  protected static Limits brief() {
    return Limits.defaults().withTime(Duration.ofSeconds(1));
  }
}
