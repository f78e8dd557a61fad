package dev.quantgate.sandbox.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What users read when there is no engine, or one that does not answer. Needs no engine. */
class EngineFaultsTest {
  @TempDir Path folder;

  /** A client that says and does what the real one does in such a case. */
  private Engine client(String script) throws Exception {
    Path file = Files.writeString(folder.resolve("docker"), "#!/bin/sh\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return new Engine(file.toString(), Map.of());
  }

  @Test
  void noClientIsSaidAsThat() {
    var provider = new DockerProvider(new Engine("no-such-engine", Map.of()));
    assertThat(provider.unavailable())
        .contains("no no-such-engine client on the PATH; install Docker Engine or Podman");
    assertThatThrownBy(() -> provider.start(SandboxOptions.defaults()))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("no no-such-engine client");
  }

  @Test
  void noPermissionOnTheSocketNamesTheCure() throws Exception {
    Engine engine =
        client(
            "echo 'permission denied while trying to connect to the Docker daemon socket at"
                + " unix:///var/run/docker.sock' >&2; exit 1");
    assertThat(new DockerProvider(engine).unavailable().orElseThrow())
        .startsWith("no permission to talk to the ")
        .contains("/var/run/docker.sock")
        .endsWith("add this user to the docker group or use a rootless engine");
  }

  @Test
  void aMissingImageNamesTheCommandThatMakesIt() throws Exception {
    Engine engine =
        client(
            "case $1 in version) echo 20.10.24;; *) echo 'Error: No such image' >&2; exit 1;; esac");
    assertThat(new DockerProvider(engine).unavailable())
        .contains(
            "the image quantgate-sandbox:1 is missing; make it with `quantgate sandbox build`");
  }

  @Test
  void anEngineWhoseDiskIsFullIsQuotedAndNotItsHelp() throws Exception {
    Engine engine =
        client(
            "case $1 in run) echo 'docker: Error response from daemon: no space left on device.';"
                + " echo; echo \"Run 'docker run --help' for more information\"; exit 125;;"
                + " ps) ;; *) echo sha256:1;; esac >&2; echo sha256:1");
    assertThatThrownBy(() -> new DockerProvider(engine).start(SandboxOptions.defaults()))
        .isInstanceOf(SandboxException.class)
        .hasMessage(
            "cannot start a docker worker: docker: Error response from daemon: no space left on"
                + " device. (exit code 125)");
  }

  /** A client of an engine that has gVisor; what a container is started with goes into a file. */
  private Engine withGVisor(String whatItDoes) throws Exception {
    return client(
        """
        case $1 in
          info) case $3 in *range*) echo "io.containerd.runc.v2 runc runsc ";; *) echo "1|runc|2|||";; esac;;
          image) echo sha256:1;;
          run) echo "$*" >> %s; case "$*" in *"--runtime runsc"*) %s;; *) echo "docker: runc works, but not here" >&2; exit 125;; esac;;
        esac\
        """
            .formatted(folder.resolve("runs"), whatItDoes));
  }

  @Test
  void gVisorIsTriedFirstWhereTheEngineHasItAndTheEnginesOwnRuntimeWithANoteWhereItFails()
      throws Exception {
    Engine engine = withGVisor("echo 'docker: runsc does not start here' >&2; exit 125");
    List<String> notes = new ArrayList<>();
    SandboxOptions options =
        new SandboxOptions(1, SandboxOptions.Checker.SPLIT, Limits.defaults(), notes::add, false);
    assertThatThrownBy(() -> new DockerProvider(engine).start(options))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("runc works, but not here");
    assertThat(notes)
        .containsExactly(
            "the runtime runsc is not taken but the engine's own: cannot start a docker worker:"
                + " docker: runsc does not start here (exit code 125)");
    List<String> runs =
        Files.readAllLines(folder.resolve("runs")).stream()
            .filter(line -> line.startsWith("run --rm "))
            .toList();
    assertThat(runs).hasSize(2);
    assertThat(runs.get(0)).contains(" --runtime runsc ");
    assertThat(runs.get(1)).doesNotContain("--runtime");
  }

  @Test
  void theRuntimeIsPartOfTheIdentityOnlyWhereItIsNotTheEnginesOwn() throws Exception {
    Engine engine = withGVisor("exit 1");
    assertThat(DockerLauncher.strongestRuntime(engine)).contains("runsc");
    try (var launcher =
            DockerLauncher.open(
                engine, Limits.defaults(), DockerLauncher.strongestRuntime(engine));
        var plain = DockerLauncher.open(engine, Limits.defaults())) {
      assertThat(launcher.identity()).containsEntry("runtime", "runsc");
      assertThat(plain.identity()).doesNotContainKey("runtime");
    }
    assertThat(DockerLauncher.strongestRuntime(client("echo 'runc io.containerd.runc.v2 '")))
        .isEmpty();
  }

  @Test
  void aClientThatHangsIsGivenUpAndItsEndIsBounded() throws Exception {
    Engine engine = client("exec sleep 60");
    long start = System.nanoTime();
    Engine.Answer answer = engine.run(Duration.ofMillis(500), "version");
    assertThat(answer.ok()).isFalse();
    assertThat(answer.complaint()).endsWith("version did not answer within 0 s");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void outputBeyondTheCapIsSwallowed() throws Exception {
    Engine.Answer answer = client("head -c 5000000 /dev/zero | tr '\\0' x").run(Engine.QUICK, "ps");
    assertThat(answer.ok()).isTrue();
    assertThat(answer.out()).hasSize(1 << 18);
  }

  @Test
  void aRemoteHostThatDoesNotAnswerIsGivenUpWithItsAddress() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      String host = "tcp://127.0.0.1:" + silent.getLocalPort();
      Engine engine = new Engine(Engines.find().client(), Map.of("DOCKER_HOST", host));
      assumeThat(engine.client()).as("a client that DOCKER_HOST is for").endsWith("docker");
      assumeThat(engine.run(Engine.QUICK, "--version").ok()).as("a client on the PATH").isTrue();
      assertThat(engine.silence().orElseThrow()).contains("DOCKER_HOST is " + host);
    }
  }

  /** A whole process, because a virtual machine reads where its temporary folder is only once. */
  @Test
  void aFullTemporaryFolderIsSaidWithItsPlaceAndLeavesNothing() throws Exception {
    assumeThat(System.getProperty("user.name")).as("who may mount").isEqualTo("root");
    Path full = Files.createDirectory(folder.resolve("full"));
    assumeThat(run("mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=9", "tmpfs", full.toString()))
        .as("mounting works here")
        .isZero();
    try {
      Path filler = Files.write(full.resolve("filler"), new byte[4096]);
      Path client = Files.writeString(folder.resolve("docker"), "#!/bin/sh\necho sha256:1\n");
      assertThat(client.toFile().setExecutable(true)).isTrue();
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:-UsePerfData",
                  "-Djava.io.tmpdir=" + full,
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  Opener.class.getName(),
                  client.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(said)
          .contains("cannot write the seccomp profile into " + full)
          .contains("No space left on device");
      try (var left = Files.list(full)) {
        assertThat(left.toList()).containsExactly(filler);
      }
    } finally {
      assertThat(run("umount", full.toString())).isZero();
    }
  }

  /** Starts a sandbox of the engine whose client is its argument, and says why it cannot. */
  static final class Opener {
    private Opener() {}

    public static void main(String[] args) {
      try (var sandbox =
          new DockerProvider(new Engine(args[0], Map.of())).start(SandboxOptions.defaults())) {
        System.out.println("started " + sandbox);
      } catch (SandboxException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
