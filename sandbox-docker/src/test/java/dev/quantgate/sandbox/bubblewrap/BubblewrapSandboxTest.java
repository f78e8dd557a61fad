package dev.quantgate.sandbox.bubblewrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.RedTeam;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxOptions.Checker;
import dev.quantgate.sandbox.worker.Problems;
import dev.quantgate.sandbox.worker.RealProcessContract;
import dev.quantgate.sandbox.worker.RunOwner;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Skipped, with the reason, where bubblewrap is absent or not allowed to make namespaces. */
class BubblewrapSandboxTest extends RealProcessContract {

  @BeforeAll
  static void namespacesWork() {
    BubblewrapProvider provider = new BubblewrapProvider();
    Optional<String> reason = provider.unavailable();
    if (reason.isEmpty()) {
      try (CodeSandbox sandbox = provider.start(SandboxOptions.defaults())) {
        List<ExecutionResult> results = new ArrayList<>();
        sandbox.run(List.of(Problems.right("probe")), results::add);
        if (results.getFirst().outcome() != Outcome.PASSED) {
          reason = Optional.of("bubblewrap does not work here: " + results.getFirst().detail());
        }
      } catch (SandboxException e) {
        reason = Optional.of("bubblewrap does not work here: " + e.getMessage());
      }
    }
    assumeTrue(reason.isEmpty(), reason.orElse(""));
  }

  @Override
  protected CodeSandbox start(SandboxOptions options) {
    return new BubblewrapProvider().start(options);
  }

  @AfterEach
  void noProcessOfOursIsLeft() throws InterruptedException {
    for (int i = 0; i < 300 && descendants() > 0; i++) {
      Thread.sleep(100);
    }
    assertThat(descendants()).isZero();
  }

  private static long descendants() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").matches(".*(bwrap|python3[.0-9]*)"))
        .count();
  }

  /** A run by a user who is not root: other walls, and user ids that cannot be told apart. */
  public static final class Nobody {
    private Nobody() {}

    public static void main(String[] args) {
      List<ExecutionJob> jobs =
          List.of(
              Problems.right("right"),
              Problems.twice("wrong", "    return x\n"),
              Problems.twice("ends", "    import os\n    os._exit(0)\n"),
              Problems.twice(
                  "equal", "    class E:\n        __eq__ = lambda *a: True\n    return E()\n"),
              Problems.twice(
                  "hungry", "    a = []\n    while True: a.append(bytearray(16 << 20))\n"),
              Problems.twice("busy", BUSY_CHILDREN));
      Limits limits =
          new Limits(
              Duration.ofMinutes(2), Duration.ofSeconds(3), 512L << 20, 64, 1, 0, 1 << 20, 1);
      try (CodeSandbox sandbox =
          new BubblewrapProvider().start(new SandboxOptions(2, Checker.SPLIT, limits))) {
        sandbox.run(jobs, result -> System.out.println(result.id() + " " + result.outcome()));
        System.out.println("facts " + sandbox.description().facts());
      } catch (SandboxException e) {
        System.out.println("refused " + e.getMessage());
      }
    }
  }

  /** Four children, none of which uses up three seconds; together they use eight. */
  private static final String BUSY_CHILDREN =
      """
          import os, time
          if x: return 2 * x
          for i in range(4):
              if os.fork() == 0:
                  while time.process_time() < 2: pass
                  os._exit(0)
          for i in range(4): os.wait()
          return 2 * x
      """;

  @Test
  void aUserWhoIsNotRootIsServedToo(@TempDir Path folder) throws Exception {
    Path setpriv = Path.of("/usr/bin/setpriv");
    assumeTrue(System.getProperty("user.name").equals("root"), "needs root to become someone else");
    assumeTrue(Files.isExecutable(setpriv), "needs /usr/bin/setpriv");
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    List<String> asNobody =
        List.of(setpriv.toString(), "--reuid=65534", "--regid=65534", "--clear-groups");
    assumeTrue(
        says(asNobody, java.toString(), "-version").startsWith("openjdk"),
        "nobody may run " + java);
    String classPath = readableByAll(folder);
    String said =
        says(
            asNobody,
            java.toString(),
            "-XX:-UsePerfData",
            "-cp",
            classPath,
            Nobody.class.getName());
    assumeTrue(
        !said.contains("refused ") || !said.contains("namespace"),
        "no user namespaces here: " + said);
    assertThat(said.lines())
        .contains(
            "right PASSED",
            "wrong FAILED",
            "ends EARLY_EXIT",
            "equal FAILED",
            "hungry MEMORY",
            "busy TIMEOUT");
    assertThat(said).contains("facts {").doesNotContain("userIds");
  }

  /** What this class path has of use here, where everyone may read it. */
  private static String readableByAll(Path folder) throws IOException {
    List<String> copies = new ArrayList<>();
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    for (String each : classPath.split(File.pathSeparator)) {
      Path from = Path.of(each);
      Path to = folder.resolve("entry-" + copies.size());
      if (Files.isDirectory(from)) {
        try (Stream<Path> all = Files.walk(from)) {
          for (Path file : all.toList()) {
            Files.copy(file, to.resolve(from.relativize(file).toString()));
          }
        }
        copies.add(to.toString());
      } else if (from.getFileName()
          .toString()
          .matches("(jackson|commons-exec|slf4j|jspecify|quantgate-base).*")) {
        copies.add(Files.copy(from, to).toString());
      }
    }
    assertThat(says(List.of("chmod", "-R", "a+rX"), folder.toString())).isEmpty();
    return String.join(File.pathSeparator, copies);
  }

  private static String says(List<String> before, String... command) throws IOException {
    List<String> all = new ArrayList<>(before);
    all.addAll(List.of(command));
    Process process =
        new ProcessBuilder(all).directory(new File("/")).redirectErrorStream(true).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
  }

  @Test
  void memoryOfManyProcessesTogetherIsBounded() {
    String children =
        """
            import os, time
            for i in range(8):
                if os.fork() == 0:
                    keep = b"x" * (150 << 20)
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
  void whatNoCountSeesEndsAsMemoryInAControlGroupThatIsNotLeft() throws IOException {
    List<ExecutionJob> jobs =
        new ArrayList<>(
            RedTeam.attacks().stream()
                .filter(each ->
                    List.of("shared_memory_that_is_hidden", "memory_in_socket_buffers")
                        .contains(each.name()))
                .map(RedTeam.Attack::job)
                .toList());
    jobs.add(Problems.right("next"));
    assertThat(jobs).hasSize(3);
    try (CodeSandbox sandbox = start(new SandboxOptions(1, Checker.SPLIT, patient()))) {
      var facts = sandbox.description().facts();
      assumeTrue(
          String.valueOf(facts.get("memoryBound")).contains("version"),
          "no control group can be made here");
      assertThat(run(sandbox, jobs))
          .allSatisfy((id, result) ->
              assertThat(result.outcome())
                  .as("%s", result)
                  .isEqualTo(id.equals("next") ? Outcome.PASSED : Outcome.MEMORY));
    }
    assertThat(groupsOfThisProcess()).isEmpty();
  }

  private static List<Path> groupsOfThisProcess() throws IOException {
    String name = "quantgate-" + RunOwner.fileName(RunOwner.current());
    try (Stream<Path> found =
        Files.find(
            Path.of("/sys/fs/cgroup"),
            8,
            (path, attributes) -> path.getFileName().toString().startsWith(name))) {
      return found.toList();
    }
  }
}
