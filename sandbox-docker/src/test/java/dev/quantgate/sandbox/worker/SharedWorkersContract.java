package dev.quantgate.sandbox.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.CodeSandboxContract;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxOptions.Checker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * What every kind made of real processes owes under the limits of a run, so that the same workers
 * serve all these tests; where a test has limits of its own or ends its workers, it is in {@link
 * RealProcessContract}.
 */
public abstract class SharedWorkersContract extends CodeSandboxContract {
  private static ExecutionResult of(Map<String, ExecutionResult> results, String id) {
    return Objects.requireNonNull(results.get(id));
  }

  private static ExecutionResult one(CodeSandbox sandbox, String completion) {
    return of(run(sandbox, List.of(Problems.twice("job", completion))), "job");
  }

  @ParameterizedTest
  @EnumSource(Checker.class)
  void rightPassesAndWrongFailsWithTheReason(Checker checker) {
    CodeSandbox sandbox = sandbox(2, checker);
    assertThat(one(sandbox, "    return x + x\n").outcome()).isEqualTo(Outcome.PASSED);
    ExecutionResult wrong = one(sandbox, "    return x\n");
    assertThat(wrong.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(wrong.detail()).isEqualTo("AssertionError: 1");
    ExecutionResult broken = one(sandbox, "    return (\n");
    assertThat(broken.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(broken.detail()).startsWith("SyntaxError");
  }

  @Test
  void aForgedVerdictIsTamperingWhereBothJudge() {
    String alwaysEqual =
        """
            class Anything:
                def __eq__(self, other): return True
                def __ne__(self, other): return False
            return Anything()
        """;
    ExecutionResult result = one(sandbox(2, Checker.BOTH), alwaysEqual);
    assertThat(result.outcome()).isEqualTo(Outcome.TAMPERED);
    assertThat(result.official()).contains(Outcome.PASSED);
  }

  @Test
  void theWaysToEndEarlyAreToldApart() {
    CodeSandbox sandbox = sandbox(1, Checker.SPLIT);
    assertThat(one(sandbox, "    import os\n    os._exit(0)\n").outcome())
        .isEqualTo(Outcome.EARLY_EXIT);
    assertThat(one(sandbox, "    import sys\n    sys.exit(0)\n").outcome())
        .isEqualTo(Outcome.EARLY_EXIT);
    ExecutionResult crash = one(sandbox, "    import os\n    os.abort()\n");
    assertThat(crash.outcome()).isEqualTo(Outcome.CRASHED);
    assertThat(crash.exit()).isEqualTo(-6);
    assertThat(crash.detail()).isEqualTo("ended by signal 6");
  }

  @ParameterizedTest
  @EnumSource(value = Checker.class, names = "BOTH", mode = Mode.EXCLUDE)
  void aTestThatCatchesEverythingDoesNotSaveAProgramThatEndsItself(Checker checker) {
    CodeSandbox sandbox = sandbox(2, checker);
    Map<String, ExecutionResult> results =
        run(
            sandbox,
            List.of(
                Problems.underATestThatCatchesAll("ends", "    import os\n    os._exit(0)\n"),
                Problems.underATestThatCatchesAll("raises", "    raise ValueError\n")));
    assertThat(of(results, "ends").outcome()).isEqualTo(Outcome.EARLY_EXIT);
    assertThat(of(results, "raises").outcome()).isEqualTo(Outcome.PASSED);
  }

  @Test
  void noProgramCanCallItselfUnsupported() {
    String claim =
        """
            import sys
            codec = sys.modules["codec"]
            real = codec.message
            codec.plain = lambda *any: None
            codec.message = lambda *any, **named: real(codec.RAISED, Exception(), None, "numpy", losses=[])
        """;
    CodeSandbox sandbox = sandbox(1, Checker.SPLIT);
    ExecutionResult result = one(sandbox, claim);
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.detail()).isEqualTo("Exception");
  }

  @Test
  void whatOneJobLeavesTheNextDoesNotFind() {
    String leave =
        """
            import os, time
            if x: return 2 * x
            os.makedirs("/tmp/a/b/c")
            open("/tmp/a/b/c/secret", "w").write("x" * 100000)
            os.chmod("/tmp/a/b", 0)
            os.symlink("/etc", "/tmp/link")
            os.mkfifo("/tmp/fifo")
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(1000)
                os._exit(0)
            return 2 * x
        """;
    String look =
        """
            import os
            mine = os.getuid()
            status = [open(f"/proc/{p}/status").read() for p in os.listdir("/proc") if p.isdigit()]
            owners = {int(s.split("Uid:")[1].split()[0]) for s in status}
            left = owners - {0, mine, mine + 1}
            assert not left, left
            assert os.listdir("/tmp") == [], os.listdir("/tmp")
            return 2 * x
        """;
    CodeSandbox sandbox = sandbox(1, Checker.SPLIT);
    for (int i = 0; i < 3; i++) {
      assertThat(one(sandbox, leave))
          .extracting(ExecutionResult::outcome)
          .isEqualTo(Outcome.PASSED);
      assertThat(one(sandbox, look))
          .satisfies(
              result -> assertThat(result.outcome()).as(result.detail()).isEqualTo(Outcome.PASSED));
    }
  }

  @Test
  void noJobFindsAFormerJobsTestInItsMemory() {
    String marker = "zebra_" + "k1q7";
    ExecutionJob first =
        new ExecutionJob(
            "first",
            "",
            "def twice(x):\n",
            "    return 2 * x\n",
            "SECRET = '"
                + marker
                + "' * 3\ndef check(candidate):\n    assert candidate(1) == 2, SECRET\n",
            "twice");
    ExecutionJob wrongFirst =
        new ExecutionJob("wrong", "", first.prompt(), "    return x\n", first.test(), "twice");
    // The needle is put together only while searching, so that the search does not find itself.
    String search =
        """
            import ctypes, re
            found = 0
            for line in open("/proc/self/maps"):
                m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (rw)", line)
                if not m or "[v" in line: continue
                start, end = int(m[1], 16), int(m[2], 16)
                data = ctypes.string_at(start, end - start)
                at = data.find(b"zebra" + bytes([95]) + b"k1q7")
                if at >= 0 and data[at - 8 : at].find(b"find(b") < 0:
                    found += data.count(b"zebra" + bytes([95]) + b"k1q7zebra")
            assert found == 0, found
            return 2 * x
        """;
    CodeSandbox sandbox = sandbox(1, Checker.SPLIT);
    run(sandbox, List.of(first, wrongFirst));
    ExecutionResult result = one(sandbox, search);
    assertThat(result.outcome()).as(result.detail()).isEqualTo(Outcome.PASSED);
  }

  @Test
  void textThatIsNoTextIsJudgedAndNotLost() {
    CodeSandbox sandbox = sandbox(1, Checker.SPLIT);
    assertThat(one(sandbox, "    return 2 * x # \ud800\n").outcome()).isEqualTo(Outcome.FAILED);
    assertThat(one(sandbox, "    return 2 * x # \0\n").outcome()).isEqualTo(Outcome.FAILED);
    assertThat(one(sandbox, "    '\ud83d\ude00'\r\n    return 2 * x\r\n").outcome())
        .isEqualTo(Outcome.PASSED);
    String large = "    '''" + "x".repeat(3 << 20) + "'''\n    return 2 * x\n";
    assertThat(one(sandbox, large).outcome()).isEqualTo(Outcome.PASSED);
  }

  @Test
  void everyJobOfManyGetsOneResultInAnyNumberOfWorkers() {
    List<ExecutionJob> jobs =
        new ArrayList<>(
            IntStream.range(0, 60)
                .mapToObj(i ->
                    Problems.twice(
                        "job-" + i, i % 3 == 0 ? "    return 0\n" : "    return x * 2\n"))
                .toList());
    for (int workers : new int[] {1, 3}) {
      Collections.reverse(jobs);
      CodeSandbox sandbox = sandbox(workers, Checker.SPLIT);
      var results = run(sandbox, jobs);
      results.forEach((id, result) ->
          assertThat(result.outcome())
              .as(id)
              .isEqualTo(
                  Integer.parseInt(id.substring(4)) % 3 == 0 ? Outcome.FAILED : Outcome.PASSED));
    }
  }
}
