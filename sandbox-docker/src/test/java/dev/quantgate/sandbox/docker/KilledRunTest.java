package dev.quantgate.sandbox.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.Sandboxes;
import dev.quantgate.sandbox.worker.Problems;
import dev.quantgate.sandbox.worker.RunOwner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run whose virtual machine is killed outright. */
class KilledRunTest {
  @TempDir Path temporary;

  /** The run that is killed: endless programs, in a virtual machine of its own. */
  public static final class Victim {
    private Victim() {}

    public static void main(String[] args) {
      try (CodeSandbox sandbox =
          Sandboxes.all().stream()
              .filter(each -> each.kind().equals(args[0]))
              .findFirst()
              .orElseThrow()
              .start(SandboxOptions.defaults())) {
        System.out.println("started");
        List<ExecutionJob> jobs =
            IntStream.range(0, 50)
                .mapToObj(i -> Problems.twice("spin-" + i, "    while True: pass\n"))
                .toList();
        sandbox.run(jobs, result -> System.out.println(result));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"docker", "bubblewrap", "embedded", "unsafe-local"})
  void nothingRemainsOfIt(String kind) throws Exception {
    var provider =
        Sandboxes.all().stream().filter(each -> each.kind().equals(kind)).findFirst().orElseThrow();
    if (System.getenv("QUANTGATE_REQUIRE_DOCKER") == null || !kind.equals("docker")) {
      assumeThat(provider.unavailable()).as("%s here", kind).isEmpty();
    }
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Victim.class.getName(),
                kind)
            .redirectErrorStream(true);
    builder.environment().put("TMPDIR", temporary.toString());
    Process victim = builder.start();
    try (var lines = victim.inputReader()) {
      String first = lines.readLine();
      if (kind.equals("bubblewrap") && !"started".equals(first)) {
        assumeThat(first).as("bubblewrap works here").isEqualTo("started");
      }
      assertThat(first).isEqualTo("started");
      within(30, () -> victim.descendants().findAny().isPresent());
      List<ProcessHandle> family = new ArrayList<>(victim.descendants().toList());
      assertThat(family).as("clients or launchers of the run").isNotEmpty();
      victim.destroyForcibly();
      assertThat(victim.waitFor(10, TimeUnit.SECONDS)).isTrue();
      within(30, () -> family.stream().noneMatch(ProcessHandle::isAlive));
      assertThat(family).noneMatch(ProcessHandle::isAlive);
      if (kind.equals("docker")) {
        within(30, () -> containersOf(victim.pid()).isEmpty());
        assertThat(containersOf(victim.pid())).isEmpty();
        assertThat(files()).as("the profile that a client reads").hasSize(1);
        DockerLauncher.sweepProfiles(temporary);
      }
      within(30, () -> files().isEmpty());
      assertThat(files()).isEmpty();
    }
  }

  @Test
  void aProfileOfALivingRunStays() throws Exception {
    Path mine =
        Files.createFile(
            temporary.resolve(
                "quantgate-seccomp-" + RunOwner.fileName(RunOwner.current()) + "-1.json"));
    Path foreign = Files.createFile(temporary.resolve("quantgate-seccomp-other_1_1-1.json"));
    DockerLauncher.sweepProfiles(temporary);
    assertThat(files()).containsExactlyInAnyOrder(mine, foreign);
  }

  @Test
  @SuppressWarnings("try") // the block is the point: opening sweeps
  void theContainersOfADeadRunAreSweptAndThoseOfALivingOneStay() throws Exception {
    Engine engine = Engines.find();
    assumeThat(new DockerProvider(engine).unavailable()).isEmpty();
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    String machine = RunOwner.current().substring(0, RunOwner.current().indexOf('/'));
    String stale = started(engine, machine + "/" + dead.pid() + "/1");
    String living = started(engine, RunOwner.current());
    String foreign = started(engine, "another-machine/1/1");
    try {
      DockerLauncher.sweep(engine);
      within(30, () -> !names(engine).contains(stale));
      assertThat(names(engine)).contains(living, foreign).doesNotContain(stale);
    } finally {
      engine.run(Engine.QUICK, "rm", "--force", stale, living, foreign);
    }
  }

  private static String started(Engine engine, String owner) {
    String name = RunOwner.containerName();
    Engine.Answer answer =
        engine.run(
            Engine.QUICK,
            "run",
            "--rm",
            "--detach",
            "--network",
            "none",
            "--name",
            name,
            "--label",
            DockerLauncher.LABEL + "=" + owner,
            SandboxImage.TAG,
            "python3",
            "-c",
            "import time; time.sleep(60)");
    assertThat(answer.ok()).as(answer.complaint()).isTrue();
    return name;
  }

  private static List<String> names(Engine engine) {
    return engine.run(Engine.QUICK, "ps", "--all", "--format", "{{.Names}}").out().lines().toList();
  }

  private static List<String> containersOf(long pid) {
    return names(Engines.find()).stream()
        .filter(name -> name.startsWith("quantgate-sandbox-" + pid + "-"))
        .toList();
  }

  private List<Path> files() {
    try (Stream<Path> all = Files.list(temporary)) {
      // The virtual machine's own, swept by the next one.
      return all.filter(file -> !file.getFileName().toString().startsWith("hsperfdata")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void within(int seconds, BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 10 * seconds && !condition.getAsBoolean(); i++) {
      Thread.sleep(100);
    }
  }
}
