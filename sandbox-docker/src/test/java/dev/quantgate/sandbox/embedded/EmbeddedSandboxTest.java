package dev.quantgate.sandbox.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxOptions.Checker;
import dev.quantgate.sandbox.worker.Problems;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One worker JVM serves all tests of a checker, since its compiler's warm-up is what costs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(600)
class EmbeddedSandboxTest {
  private static final Limits SHORT =
      Limits.defaults().withTime(Duration.ofSeconds(1)).withSlowDownCap(4);

  private CodeSandbox split;

  private static CodeSandbox open(Checker checker, int workers, Limits limits) {
    return new EmbeddedProvider().start(new SandboxOptions(workers, checker, limits).briefly());
  }

  @BeforeAll
  void start() {
    split = open(Checker.SPLIT, 2, SHORT);
  }

  @AfterAll
  void end() {
    split.close();
  }

  private static Map<String, ExecutionResult> run(CodeSandbox sandbox, List<ExecutionJob> jobs) {
    Map<String, ExecutionResult> results = new HashMap<>();
    sandbox.run(
        jobs,
        result -> assertThat(results.put(result.id(), result)).as("one result for a job").isNull());
    assertThat(results.keySet())
        .containsExactlyInAnyOrderElementsOf(jobs.stream().map(ExecutionJob::id).toList());
    return results;
  }

  private static ExecutionResult of(Map<String, ExecutionResult> results, String id) {
    return Objects.requireNonNull(results.get(id), id);
  }

  private ExecutionResult judge(String completion) {
    return of(run(split, List.of(Problems.twice("one", completion))), "one");
  }

  @Test
  void oneReleaseOfTheWebAssemblyRuntimeExecutesWhatItParsesAndIsPartOfTheIdentity() {
    assertThat(split.description().identity().get("runtime")).matches("endive \\d+\\.\\d+\\.\\d+");
  }

  @Test
  void everyCanonicalSolutionPassesAndEveryStubFails() {
    Path file = Problems.humanEval();
    List<ExecutionJob> right = Problems.humanEval(file, Problems::canonical);
    // How slow an idle machine's interpreter is, is not this test's matter.
    Limits limits = Limits.defaults().withSlowDownCap(60);
    try (CodeSandbox sandbox =
        new EmbeddedProvider().start(new SandboxOptions(2, Checker.SPLIT, limits))) {
      assertThat(right).hasSize(164);
      assertThat(run(sandbox, right).values())
          .allSatisfy(each -> assertThat(each.outcome()).as("%s", each).isEqualTo(Outcome.PASSED));
      assertThat(run(sandbox, Problems.humanEval(file, row -> "    pass\n")).values())
          .allSatisfy(each -> assertThat(each.outcome()).as("%s", each).isEqualTo(Outcome.FAILED));
    }
  }

  @Test
  void aBuildWithoutDataJudgesItsOwnProblemToo() {
    assertThat(judge("    return 2 * x\n").outcome()).isEqualTo(Outcome.PASSED);
    ExecutionResult wrong = judge("    return 2 * x if x < 19 else 0\n");
    assertThat(wrong.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(wrong.detail()).isEqualTo("AssertionError: 19");
    assertThat(wrong.usage().peakMemoryBytes()).isPositive();
  }

  @Test
  void anEndlessLoopIsStoppedAndSaysWhy() {
    ExecutionResult result = judge("    while True:\n        pass\n");
    assertThat(result.outcome()).isEqualTo(Outcome.TIMEOUT);
    assertThat(result.detail()).startsWith("no verdict within ").contains(" x slow-down ");
    assertThat(judge("    return 2 * x\n").outcome()).isEqualTo(Outcome.PASSED);
  }

  @Test
  void anEndlessSleepTakesNoTimeAtAll() {
    for (int i = 0; i < 3; i++) {
      assertThat(judge("    import time\n    return 2 * x\n").outcome()).isEqualTo(Outcome.PASSED);
    }
    ExecutionResult result = judge("    import time\n    time.sleep(10**6)\n");
    assertThat(result.outcome()).isEqualTo(Outcome.TIMEOUT);
    assertThat(result.usage().cpuMillis()).isLessThan(1_000);
  }

  @Test
  void aMemoryBombIsAMatterOfMemoryAndLeavesNoTrace() {
    ExecutionResult result =
        judge("    held = []\n    while True:\n        held.append(bytearray(1 << 22))\n");
    assertThat(result.outcome()).isEqualTo(Outcome.MEMORY);
    assertThat(result.usage().peakMemoryBytes()).isLessThan(SHORT.memoryBytes());
    assertThat(judge("    return 2 * x\n").outcome()).isEqualTo(Outcome.PASSED);
  }

  @Test
  void whatTheOfficialHarnessWouldHaveRunIsUnsupportedAndNotWrong() {
    assertThat(
            judge(
                "    import threading\n    threading.Thread(target=print).start()\n    return 2 * x\n"))
        .satisfies(each -> assertThat(each.outcome()).isEqualTo(Outcome.UNSUPPORTED))
        .satisfies(each ->
            assertThat(each.detail()).startsWith("a thread is not available in this sandbox"));
    assertThat(judge("    open('/tmp/x', 'w').close()\n    return 2 * x\n").outcome())
        .isEqualTo(Outcome.UNSUPPORTED);
    assertThat(judge("    import tempfile\n    tempfile.mkdtemp()\n    return 2 * x\n").outcome())
        .isEqualTo(Outcome.UNSUPPORTED);
    assertThat(
            judge("    import multiprocessing\n    multiprocessing.Queue()\n    return 2 * x\n")
                .outcome())
        .isEqualTo(Outcome.UNSUPPORTED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "from concurrent.futures import ThreadPoolExecutor, as_completed; ThreadPoolExecutor(2)",
        "from concurrent.futures import wait; wait([])",
        "import concurrent.futures; concurrent.futures.Future()",
        "from multiprocessing import Lock; Lock()",
        "from multiprocessing.pool import ThreadPool; ThreadPool(2)",
        "from multiprocessing.managers import BaseManager\n    class Own(BaseManager): pass\n    Own()",
        "from multiprocessing.util import Finalize",
        "from unittest import TestLoader; TestLoader()",
        "from unittest.mock import MagicMock; MagicMock()",
        "from unittest.mock import patch\n    with patch('builtins.print'): pass",
        "from doctest import DocTestRunner; DocTestRunner()",
        "from subprocess import list2cmdline; list2cmdline(['a'])",
        "from bz2 import compress",
        "import ctypes.util",
        "from hashlib import pbkdf2_hmac",
        "import hashlib; hashlib.scrypt",
        "from os import getuid, fork",
        "import os; os.getuid()",
        "from signal import SIG_BLOCK",
        "from socket import AF_UNIX"
      })
  void aRightProgramThatEndsByWhatStandsInOrIsLackingIsUnsupported(String wanted) {
    ExecutionResult result = judge("    %s\n    return 2 * x\n".formatted(wanted));
    assertThat(result.outcome()).as("%s", result).isEqualTo(Outcome.UNSUPPORTED);
  }

  @Test
  void everyNameOfPython312IsThereOrItsLackIsKnown() throws IOException {
    String names;
    try (InputStream in =
        EmbeddedSandboxTest.class.getResourceAsStream(
            "/dev/quantgate/sandbox/names-of-python-3.12.txt")) {
      assertThat(in).isNotNull();
      names = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    String program =
        """
        def unexplained():
            import sys
            note = sys.modules["standins"].note
            found = []
            def tell(statement):
                try:
                    exec(statement, {})
                except BaseException as error:
                    if note(error) is None:
                        found.append(statement)
            for entry in NAMES.split("|"):
                module, names = entry.split(":")
                tell(f"import {module}")
                for name in names.split():
                    if not hasattr(sys.modules.get(module), name):
                        tell(f"from {module} import {name}")
            return found
        """;
    ExecutionJob job =
        new ExecutionJob(
            "names",
            "NAMES = '%s'\n".formatted(names.replace("\n  ", " ").strip().replace("\n", "|")),
            program,
            "",
            "def check(f):\n    found = f()\n    assert not found, found[:9]\n",
            "unexplained");
    try (CodeSandbox official = open(Checker.OFFICIAL, 1, Limits.defaults().withSlowDownCap(60))) {
      ExecutionResult result = of(run(official, List.of(job)), "names");
      assertThat(result.outcome()).as("%s", result).isEqualTo(Outcome.PASSED);
    }
  }

  @Test
  void whatFailsInTheOfficialHarnessTooIsAPlainFailure() {
    for (String completion :
        List.of(
            "    import os\n    os.fork()\n    return 2 * x\n",
            "    import subprocess\n    subprocess.run(['true'])\n    return 2 * x\n",
            "    import multiprocessing\n    multiprocessing.Process(target=print).start()\n    return 2 * x\n",
            "    import socket\n    socket.create_connection(('1.1.1.1', 80))\n    return 2 * x\n",
            "    import nobody_has_this\n    return 2 * x\n",
            "    import unittest.nobody_has_this\n    return 2 * x\n",
            "    import unittest\n    unittest.mock.patch\n    return 2 * x\n",
            "    from concurrent.futures import nobody_has_this\n    return 2 * x\n",
            "    from os import nobody_has_this\n    return 2 * x\n",
            "    from multiprocessing import Pool\n    Pool(2)\n    return 2 * x\n",
            "    open('/etc/shadow').read()\n    return 2 * x\n",
            "    return int(input())\n")) {
      assertThat(judge(completion).outcome()).as(completion).isEqualTo(Outcome.FAILED);
    }
  }

  @Test
  void aThreadThatCouldNotStartIsForgivenWhereTheAnswerIsRight() {
    String completion =
        """
            import threading
            try:
                threading.Thread(target=print).start()
            except RuntimeError:
                pass
            return 2 * x
        """;
    assertThat(judge(completion).outcome()).isEqualTo(Outcome.PASSED);
  }

  @Test
  void aProgramThatEndsItselfHasNotPassed() {
    assertThat(judge("    import os\n    os._exit(0)\n"))
        .satisfies(each -> assertThat(each.outcome()).isEqualTo(Outcome.EARLY_EXIT));
    assertThat(judge("    raise SystemExit(0)\n").outcome()).isEqualTo(Outcome.EARLY_EXIT);
  }

  @Test
  void aTestThatCatchesEverythingDoesNotSaveAProgramThatEndsItself() {
    String ends = "    import os\n    os._exit(0)\n";
    ExecutionJob job = Problems.underATestThatCatchesAll("ends", ends);
    assertThat(of(run(split, List.of(job)), "ends").outcome()).isEqualTo(Outcome.EARLY_EXIT);
    ExecutionJob raises = Problems.underATestThatCatchesAll("raises", "    raise ValueError\n");
    assertThat(of(run(split, List.of(raises)), "raises").outcome()).isEqualTo(Outcome.PASSED);
  }

  @Test
  void nothingOfAJobReachesTheNext() {
    judge(
        "    import math, builtins, sys\n    math.tau = 0\n    builtins.len = None\n    sys.modules.clear()\n");
    ExecutionResult next =
        judge("    import math\n    return 2 * x if math.tau > 6 and len([1]) == 1 else None\n");
    assertThat(next.outcome()).as("%s", next).isEqualTo(Outcome.PASSED);
  }

  @Test
  void theCodecTellsEveryValueAsItIsAndRefusesHostileBytes() throws IOException {
    String program;
    try (InputStream in =
        EmbeddedSandboxTest.class.getResourceAsStream("/dev/quantgate/sandbox/codec_test.py")) {
      assertThat(in).isNotNull();
      program = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    ExecutionJob job =
        new ExecutionJob(
            "codec",
            "",
            program,
            "",
            """
            def check(run):
                import traceback
                try:
                    tried = run()
                except Exception:
                    raise RuntimeError(traceback.format_exc()[-400:])
                assert tried > 400
            """,
            "run");
    try (CodeSandbox official = open(Checker.OFFICIAL, 1, Limits.defaults().withSlowDownCap(20))) {
      ExecutionResult result = of(run(official, List.of(job)), "codec");
      assertThat(result.outcome()).as("%s", result).isEqualTo(Outcome.PASSED);
    }
  }

  @Test
  void bothCheckersTogetherTellAForgery() {
    String forgery =
        """
            class Equal:
                def __eq__(self, other):
                    return True
            return Equal()
        """;
    try (CodeSandbox both = open(Checker.BOTH, 2, SHORT)) {
      Map<String, ExecutionResult> results =
          run(
              both,
              List.of(
                  Problems.twice("forged", forgery),
                  Problems.right("right"),
                  Problems.twice("wrong", "    return 0\n")));
      assertThat(of(results, "forged").outcome()).isEqualTo(Outcome.TAMPERED);
      assertThat(of(results, "forged").official()).contains(Outcome.PASSED);
      assertThat(of(results, "right").outcome()).isEqualTo(Outcome.PASSED);
      assertThat(of(results, "wrong").outcome()).isEqualTo(Outcome.FAILED);
    }
  }

  @Test
  void theJobsOfAKilledWorkerAreRepeatedInAFreshOne() {
    String before = replacements();
    List<ExecutionJob> jobs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      jobs.add(Problems.right("job " + i));
    }
    Map<String, ExecutionResult> results = new HashMap<>();
    split.run(
        jobs,
        result -> {
          results.put(result.id(), result);
          if (results.size() == 3) {
            workers().forEach(ProcessHandle::destroyForcibly);
          }
        });
    assertThat(results).hasSize(12);
    assertThat(results.values())
        .allSatisfy(each -> assertThat(each.outcome()).isEqualTo(Outcome.PASSED));
    assertThat(replacements()).isNotEqualTo(before);
  }

  private String replacements() {
    return Objects.requireNonNull(split.description().facts().get("replacements"));
  }

  private static List<ProcessHandle> workers() {
    List<ProcessHandle> found =
        ProcessHandle.current()
            .children()
            .filter(each -> each.info().commandLine().orElse("").contains(Worker.class.getName()))
            .toList();
    assertThat(found).isNotEmpty();
    return found;
  }

  @Test
  void anInterruptEndsTheRunAndTheSandboxStaysUsable() throws InterruptedException {
    Throwable[] thrown = new Throwable[1];
    CountDownLatch ready = new CountDownLatch(1);
    List<ExecutionJob> jobs = new ArrayList<>(List.of(Problems.right("first")));
    for (int i = 0; i < 40; i++) {
      jobs.add(Problems.twice("endless " + i, "    while True:\n        pass\n"));
    }
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              try {
                split.run(jobs, result -> ready.countDown());
              } catch (SandboxException e) {
                thrown[0] = e;
              }
            });
    assertThat(ready.await(60, TimeUnit.SECONDS)).isTrue();
    caller.interrupt();
    caller.join(60_000);
    assertThat(caller.isAlive()).isFalse();
    assertThat(thrown[0])
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> assertThat(e.kind()).isEqualTo(SandboxException.Kind.INTERRUPTED));
    assertThat(judge("    return 2 * x\n").outcome()).isEqualTo(Outcome.PASSED);
  }

  @Test
  void onlyASandboxForFewProgramsGoesWithoutTheOptimizingCompiler() {
    List<ProcessHandle> others = workers();
    assertThat(others).allMatch(EmbeddedSandboxTest::withoutOptimizingCompiler);
    SandboxOptions options = new SandboxOptions(1, Checker.SPLIT, SHORT);
    try (CodeSandbox sandbox = new EmbeddedProvider().start(options)) {
      assertThat(sandbox.description().identity()).isEqualTo(split.description().identity());
      assertThat(workers())
          .filteredOn(each -> !others.contains(each))
          .singleElement()
          .matches(each -> !withoutOptimizingCompiler(each));
    }
  }

  private static boolean withoutOptimizingCompiler(ProcessHandle worker) {
    return worker.info().commandLine().orElseThrow().contains("-XX:TieredStopAtLevel=1");
  }

  @Test
  void aClosedSandboxRefusesAndLeavesNoProcess() {
    List<ProcessHandle> others = workers();
    CodeSandbox sandbox = open(Checker.SPLIT, 1, SHORT);
    List<ProcessHandle> its = new ArrayList<>(workers());
    its.removeAll(others);
    assertThat(its).hasSize(1);
    sandbox.close();
    assertThatThrownBy(() -> sandbox.run(List.of(), result -> {}))
        .isInstanceOf(SandboxException.class)
        .hasMessage("the sandbox is closed");
    assertThat(its.getFirst().onExit()).succeedsWithin(Duration.ofSeconds(60));
  }
}
