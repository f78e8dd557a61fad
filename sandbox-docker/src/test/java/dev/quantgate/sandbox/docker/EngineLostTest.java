package dev.quantgate.sandbox.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.worker.Problems;
import dev.quantgate.sandbox.worker.WorkerLauncher;
import dev.quantgate.sandbox.worker.WorkerPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A dockerd killed in the middle: an engine of the test's own, beside the machine's. Needs root and
 * dockerd, as CI has them.
 */
@RequiresDocker
class EngineLostTest {
  private Path folder;
  private Process daemon;
  private Engine engine;
  private final Set<ProcessHandle> family = new HashSet<>();

  @BeforeEach
  void anEngineOfOurOwn() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "needs root to start a dockerd");
    assumeTrue(Files.isExecutable(Path.of("/usr/sbin/dockerd")), "needs /usr/sbin/dockerd");
    folder = Files.createTempDirectory("quantgate-dockerd");
    engine = new Engine("docker", Map.of("DOCKER_HOST", "unix://" + folder.resolve("docker.sock")));
    startDaemon();
    Path image = folder.resolve("image.tar");
    Engine main = Engines.find();
    assertThat(
            main.run(Duration.ofMinutes(2), "save", "-o", image.toString(), SandboxImage.TAG).ok())
        .isTrue();
    Engine.Answer loaded = engine.run(Duration.ofMinutes(2), "load", "-i", image.toString());
    assertThat(loaded.ok()).as(loaded.complaint()).isTrue();
    Files.delete(image);
  }

  private void startDaemon() throws IOException, InterruptedException {
    Files.deleteIfExists(folder.resolve("pid"));
    // A new dockerd waits for the containerd that this file names, be it dead.
    Files.deleteIfExists(folder.resolve("exec/containerd/containerd.pid"));
    daemon =
        new ProcessBuilder(
                "/usr/sbin/dockerd",
                "--host=unix://" + folder.resolve("docker.sock"),
                "--data-root=" + folder.resolve("data"),
                "--exec-root=" + folder.resolve("exec"),
                "--pidfile=" + folder.resolve("pid"),
                "--bridge=none",
                "--iptables=false",
                "--ip6tables=false")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
            .start();
    for (int i = 0; i < 120 && engine.silence().isPresent(); i++) {
      assertThat(daemon.isAlive()).as("dockerd, see %s", folder.resolve("log")).isTrue();
      Thread.sleep(250);
    }
    assertThat(engine.silence()).isEmpty();
  }

  private void killDaemon() {
    daemon.descendants().forEach(family::add);
    daemon.destroyForcibly();
    try {
      daemon.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @AfterEach
  void nothingOfItStays() throws Exception {
    if (daemon == null) {
      return;
    }
    daemon.descendants().forEach(family::add);
    daemon.destroy();
    daemon.waitFor(20, TimeUnit.SECONDS);
    family.forEach(ProcessHandle::destroyForcibly);
    new ProcessBuilder(
            "sh",
            "-c",
            "umount -l $(grep -o '" + folder + "[^ ]*' /proc/mounts) 2>/dev/null; rm -rf " + folder)
        .start()
        .waitFor();
  }

  /** With as much patience as a test needs, instead of a user's. */
  private CodeSandbox start(Duration pause, int attempts) {
    SandboxOptions options = SandboxOptions.defaults();
    DockerLauncher launcher = DockerLauncher.open(engine, options.limits());
    return WorkerPool.start(new Impatient(launcher), options, Collections.nCopies(attempts, pause));
  }

  /** Its supervisors end after seconds of silence instead of a minute. */
  private record Impatient(DockerLauncher launcher) implements WorkerLauncher {
    @Override
    public String kind() {
      return launcher.kind();
    }

    @Override
    public List<String> scripts() {
      return launcher.scripts();
    }

    @Override
    public Map<String, Object> setup() {
      Map<String, Object> setup = new HashMap<>(launcher.setup());
      setup.put("silence_seconds", 10);
      return setup;
    }

    @Override
    public Launched launch() {
      return launcher.launch();
    }

    @Override
    public SortedMap<String, String> identity() {
      return launcher.identity();
    }

    @Override
    public SortedMap<String, String> facts() {
      return launcher.facts();
    }

    @Override
    public void close() {
      launcher.close();
    }
  }

  /** The processes that the engine's containers are made of. */
  private List<ProcessHandle> inside() {
    List<String> names = engine.run(Engine.QUICK, "ps", "--quiet").out().lines().toList();
    List<String> inspect = new ArrayList<>(List.of("inspect", "--format", "{{.State.Pid}}"));
    inspect.addAll(names);
    return engine
        .run(Engine.QUICK, inspect.toArray(String[]::new))
        .out()
        .lines()
        .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid.strip())).stream())
        .toList();
  }

  private static List<ExecutionJob> jobs() {
    return IntStream.range(0, 60)
        .mapToObj(i ->
            Problems.twice(
                "job-" + i,
                i % 4 == 0
                    ? "    return 7\n"
                    : "    import time; time.sleep(0.01)\n    return 2 * x\n"))
        .toList();
  }

  private static void right(ExecutionResult result) {
    int number = Integer.parseInt(result.id().substring(4));
    assertThat(result.outcome())
        .as(result.toString())
        .isEqualTo(number % 4 == 0 ? Outcome.FAILED : Outcome.PASSED);
  }

  @Test
  void anEngineThatComesBackEndsInACompleteAndRightRun() {
    List<ExecutionResult> results = new ArrayList<>();
    try (CodeSandbox sandbox = start(Duration.ofSeconds(1), 120)) {
      sandbox.run(
          jobs(),
          result -> {
            results.add(result);
            if (results.size() == 10) {
              killDaemon();
              family.forEach(ProcessHandle::destroyForcibly);
              try {
                startDaemon();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }
          });
    }
    assertThat(results).extracting(ExecutionResult::id).doesNotHaveDuplicates().hasSize(60);
    assertThat(results).allSatisfy(EngineLostTest::right);
    assertThat(engine.run(Engine.QUICK, "ps", "--all", "--quiet").out()).isBlank();
  }

  @Test
  void anEngineThatStaysAwayEndsInOneClearErrorAndNoWrongVerdictAndNothingRuns() throws Exception {
    List<ExecutionResult> results = new ArrayList<>();
    List<ProcessHandle> inside;
    try (CodeSandbox sandbox = start(Duration.ofMillis(100), 3)) {
      inside = inside();
      assertThat(inside).hasSize(SandboxOptions.defaults().workers());
      assertThatThrownBy(() ->
              sandbox.run(
                  jobs(),
                  result -> {
                    results.add(result);
                    if (results.size() == 10) {
                      killDaemon();
                    }
                  }))
          .isInstanceOfSatisfying(
              SandboxException.class,
              error -> {
                assertThat(error.kind()).isEqualTo(SandboxException.Kind.LOST);
                assertThat(error.getMessage())
                    .startsWith("the docker sandbox went away and does not come back: ")
                    .contains("What was judged is kept");
                assertThat(String.valueOf(error.getMessage()).lines()).hasSizeLessThanOrEqualTo(2);
              });
    }
    assertThat(results).hasSizeGreaterThanOrEqualTo(10).allSatisfy(EngineLostTest::right);
    // The supervisors hear nothing any more; nothing has to be swept.
    for (ProcessHandle each : inside) {
      assertThat(each.onExit()).succeedsWithin(Duration.ofSeconds(60));
    }
    assertThat(ProcessHandle.current().children())
        .as("clients of that engine")
        .noneMatch(child -> child.info().commandLine().orElse("").contains("quantgate-sandbox-"));
    startDaemon();
    List<String> listed = engine.run(Engine.QUICK, "ps", "--quiet").out().lines().toList();
    assertThat(listed).as("containers that run").isEmpty();
  }
}
