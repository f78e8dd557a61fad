package dev.quantgate.sandbox.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.worker.Problems;
import dev.quantgate.sandbox.worker.RealProcessContract;
import dev.quantgate.sandbox.worker.RunOwner;
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
    for (int i = 0; i < 300 && !mine().isEmpty(); i++) {
      Thread.sleep(100);
    }
    assertThat(mine()).isEmpty();
  }

  private List<String> mine() {
    return mine("{{.ID}}");
  }

  private List<String> namesOfMine() {
    return mine("{{.Names}}");
  }

  private List<String> mine(String format) {
    return engine
        .run(
            Engine.QUICK,
            "ps",
            "--all",
            "--format",
            format,
            "--filter",
            "label=" + DockerLauncher.LABEL + "=" + RunOwner.current())
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
        start(new SandboxOptions(2, SandboxOptions.Checker.SPLIT, patient()))) {
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
        start(new SandboxOptions(2, SandboxOptions.Checker.SPLIT, patient()))) {
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
              List<String> names = namesOfMine();
              assertThat(names).hasSize(2);
              List<ProcessHandle> clients =
                  ProcessHandle.current()
                      .children()
                      .filter(child ->
                          names.stream().anyMatch(child.info().commandLine().orElse("")::contains))
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
        start(new SandboxOptions(1, SandboxOptions.Checker.SPLIT, patient()))) {
      var results =
          run(sandbox, List.of(Problems.twice("children", children), Problems.right("next")));
      assertThat(outcome(results, "children")).isEqualTo(Outcome.MEMORY);
      assertThat(outcome(results, "next")).isEqualTo(Outcome.PASSED);
    }
  }

  @Test
  void aFrozenContainerIsGivenUpAndReplacedAndNoJobIsLost() {
    List<ExecutionJob> jobs =
        IntStream.range(0, 6).mapToObj(i -> Problems.right("job-" + i)).toList();
    List<ExecutionResult> results = new ArrayList<>();
    try (CodeSandbox sandbox =
        start(new SandboxOptions(1, SandboxOptions.Checker.SPLIT, Limits.defaults()))) {
      sandbox.run(
          jobs,
          result -> {
            results.add(result);
            if (results.size() == 2) {
              assertThat(engine.run(Engine.QUICK, "pause", mine().getFirst()).ok()).isTrue();
            }
          });
      assertThat(sandbox.description().facts()).containsEntry("replacements", "1");
    }
    assertThat(results).extracting(ExecutionResult::id).doesNotHaveDuplicates().hasSize(6);
    assertThat(results).allMatch(result -> result.outcome() == Outcome.PASSED);
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
    caller.join(60_000);
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
