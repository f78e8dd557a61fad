package dev.quantgate.sandbox.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.worker.Problems;
import dev.quantgate.sandbox.worker.RealProcessContract;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@RequiresDocker
class DockerSandboxTest extends RealProcessContract {
  private final Engine engine = Engines.find();

  @Override
  protected CodeSandbox start(SandboxOptions options) {
    return new DockerProvider(engine).start(options);
  }

  @AfterEach
  void nothingOfOursIsLeft() throws InterruptedException {
    // An engine that is still at removing a container lists it for a moment.
    for (int i = 0; i < 50 && !mine().isEmpty(); i++) {
      Thread.sleep(100);
    }
    assertThat(mine()).isEmpty();
  }

  private List<String> mine() {
    return engine
        .run(
            Engine.QUICK,
            "ps",
            "--all",
            "--quiet",
            "--filter",
            "label=" + DockerLauncher.LABEL + "=" + Owner.current())
        .out()
        .lines()
        .toList();
  }

  @Test
  void aContainerKilledInTheMiddleIsReplacedAndNoJobIsLost() {
    List<ExecutionJob> jobs =
        IntStream.range(0, 40)
            .mapToObj(i ->
                Problems.twice("job-" + i, "    import time; time.sleep(0.002)\n    return 2*x\n"))
            .toList();
    AtomicBoolean killed = new AtomicBoolean();
    try (CodeSandbox sandbox =
        start(new SandboxOptions(2, SandboxOptions.Checker.SPLIT, brief()))) {
      List<ExecutionResult> results = new ArrayList<>();
      sandbox.run(
          jobs,
          result -> {
            results.add(result);
            if (results.size() == 8 && killed.compareAndSet(false, true)) {
              assertThat(engine.run(Engine.QUICK, "kill", mine().getFirst()).ok()).isTrue();
            }
          });
      assertThat(results).hasSize(40).allMatch(result -> result.outcome() == Outcome.PASSED);
      assertThat(sandbox.description().facts()).containsEntry("replacements", "1");
    }
  }

  @Test
  void aClientKilledInTheMiddleOfAJobCostsNoJobAndLeavesNoContainer() {
    AtomicBoolean killed = new AtomicBoolean();
    List<ExecutionResult> results = new ArrayList<>();
    try (CodeSandbox sandbox =
        start(new SandboxOptions(2, SandboxOptions.Checker.SPLIT, brief()))) {
      sandbox.run(
          IntStream.range(0, 40)
              .mapToObj(i ->
                  Problems.twice(
                      "job-" + i,
                      "    import time; time.sleep(0.002)\n    return %s*x\n".formatted(i % 2 + 1)))
              .toList(),
          result -> {
            results.add(result);
            if (results.size() == 8 && killed.compareAndSet(false, true)) {
              List<ProcessHandle> clients =
                  ProcessHandle.current()
                      .children()
                      .filter(child -> child.info().command().orElse("").endsWith("docker"))
                      .toList();
              assertThat(clients).hasSize(2);
              clients.forEach(ProcessHandle::destroyForcibly);
            }
          });
      assertThat(sandbox.description().facts()).containsEntry("replacements", "2");
    }
    assertThat(results).extracting(ExecutionResult::id).doesNotHaveDuplicates().hasSize(40);
    assertThat(results)
        .allSatisfy(result ->
            assertThat(result.outcome())
                .as("%s", result)
                .isEqualTo(
                    Integer.parseInt(result.id().substring(4)) % 2 == 1
                        ? Outcome.PASSED
                        : Outcome.FAILED));
  }

  @Test
  void aContainerOutOfMemoryIsTheJobsFaultAndTheNextJobIsWell() {
    String children =
        """
            import os, time
            if os.fork() == 0:
                for i in range(8):
                    if os.fork() == 0:
                        keep = bytearray(b"x") * (150 << 20)
                        time.sleep(60)
                time.sleep(60)
            time.sleep(60)
        """;
    try (CodeSandbox sandbox =
        start(new SandboxOptions(1, SandboxOptions.Checker.SPLIT, brief()))) {
      List<ExecutionResult> results = new ArrayList<>();
      sandbox.run(
          List.of(Problems.twice("children", children), Problems.right("next")), results::add);
      assertThat(results)
          .filteredOn(result -> result.id().equals("next"))
          .allMatch(result -> result.outcome() == Outcome.PASSED);
      assertThat(results)
          .filteredOn(result -> result.id().equals("children"))
          .extracting(ExecutionResult::outcome)
          .containsAnyOf(Outcome.MEMORY, Outcome.TIMEOUT);
    }
  }

  @Test
  void aJobWhoseContainerDiesTwiceIsTheSandboxsFaultAndTheOthersAreJudged() {
    try (CodeSandbox sandbox =
        start(new SandboxOptions(1, SandboxOptions.Checker.SPLIT, brief()))) {
      // The watchdog of a worker whose supervisor is frozen from outside, twice.
      Thread freezer =
          Thread.ofVirtual()
              .start(() -> {
                for (int i = 0; i < 2; i++) {
                  List<String> before = mine();
                  engine.run(Engine.QUICK, "pause", before.getFirst());
                  while (mine().equals(before)) {
                    Thread.onSpinWait();
                  }
                  while (mine().isEmpty()) {
                    Thread.onSpinWait();
                  }
                }
              });
      List<ExecutionResult> results = new ArrayList<>();
      sandbox.run(
          List.of(
              Problems.twice("slow", "    import time; time.sleep(0.04)\n    return 2*x\n"),
              Problems.right("right")),
          results::add);
      freezer.interrupt();
      assertThat(results).hasSize(2);
      assertThat(results)
          .filteredOn(result -> result.id().equals("right"))
          .allMatch(result -> result.outcome() == Outcome.PASSED);
      assertThat(results).noneMatch(result -> result.outcome() == Outcome.FAILED);
    }
  }

  @Test
  void anInterruptEndsTheRunAndItsContainers() throws Exception {
    CodeSandbox sandbox = start(SandboxOptions.defaults());
    AtomicBoolean interrupted = new AtomicBoolean();
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              try {
                sandbox.run(
                    List.of(Problems.twice("spin", "    while True: pass\n")), result -> {});
              } catch (SandboxException e) {
                interrupted.set(e.kind() == SandboxException.Kind.INTERRUPTED);
              }
            });
    Thread.sleep(500);
    caller.interrupt();
    caller.join(10_000);
    assertThat(caller.isAlive()).isFalse();
    assertThat(interrupted).isTrue();
    nothingOfOursIsLeft();
    sandbox.close();
  }

  @Test
  void aFailingSinkEndsTheRunWithItsOwnError() {
    try (CodeSandbox sandbox = start(SandboxOptions.defaults())) {
      assertThatThrownBy(() ->
              sandbox.run(
                  List.of(Problems.right("a"), Problems.right("b")),
                  result -> {
                    throw new IllegalStateException("disk full");
                  }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("disk full");
    }
  }

  @Test
  void theSandboxSaysWhatItIs() {
    try (CodeSandbox sandbox = start(SandboxOptions.defaults())) {
      assertThat(sandbox.description().kind()).isEqualTo("docker");
      assertThat(sandbox.description().identity())
          .containsKeys(
              "image",
              "python",
              "checker",
              "checkerSha256",
              "supervisorSha256",
              "seccompSha256",
              "limits");
      assertThat(sandbox.description().identity().get("image")).startsWith("sha256:");
      assertThat(sandbox.description().facts())
          .containsKeys("engineVersion", "runtime", "cgroupVersion", "kernel", "rootless");
    }
  }
}
