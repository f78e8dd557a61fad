package dev.quantgate.sandbox.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.quantgate.sandbox.worker.RunOwner;
import dev.quantgate.sandbox.worker.WorkerScripts;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.utility.DockerImageName;

/** The image as a stranger finds it, through another client than the sandbox's own. */
@RequiresDocker
@Testcontainers
class SandboxImageTest {

  @Container
  private final GenericContainer<?> container =
      image("import time; print('up', flush=True); time.sleep(600)");

  @SuppressWarnings("resource") // closed by the extension or by the caller
  private static GenericContainer<?> image(String program) {
    return new GenericContainer<>(DockerImageName.parse(SandboxImage.TAG))
        .withImagePullPolicy(name -> false)
        .withNetworkMode("none")
        .withLabel(DockerLauncher.LABEL, RunOwner.current())
        .withCommand("python3", "-I", "-c", program);
  }

  private String python(String program) throws Exception {
    ExecResult result = container.execInContainer("python3", "-I", "-c", program);
    assertThat(result.getExitCode()).as(result.getStderr()).isZero();
    return result.getStdout().strip();
  }

  @Test
  void itHoldsNoSetUserIdProgramAndNoFolderThatAnyoneMayWrite() throws Exception {
    String found =
        python(
            """
            import os, stat
            checked = 0
            for top, folders, files in os.walk("/"):
                folders[:] = [f for f in folders if os.path.join(top, f) not in ("/proc", "/sys", "/dev")]
                for name in folders + files:
                    path = os.path.join(top, name)
                    mode = os.lstat(path).st_mode
                    checked += 1
                    if not stat.S_ISLNK(mode) and mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH) and path != "/tmp":
                        print(path)
            assert checked > 1000, checked
            """);
    assertThat(found).isEmpty();
  }

  @Test
  void itHoldsTheWholeStandardLibrary() throws Exception {
    String missing =
        python(
            """
            import importlib, sys
            skip = ("tkinter", "idlelib", "turtle", "turtledemo", "lib2to3", "antigravity", "this", "ensurepip", "venv", "distutils", "nt", "winreg", "_")
            names = [n for n in sys.stdlib_module_names if not n.startswith(skip)]
            assert len(names) > 150, len(names)
            platform = {"msilib", "msvcrt", "winsound", "ossaudiodev", "spwd"}
            for name in names:
                try:
                    importlib.import_module(name)
                except ImportError:
                    if name not in platform: print(name)
            """);
    assertThat(missing).isEmpty();
  }

  @Test
  void itIsBuiltAgainFromTheBaseThatIsThereWithTheSameFiles() {
    Engine engine = Engines.find();
    assumeThat(SandboxImage.id(engine, SandboxImage.LOCAL_BASE)).as("a local base").isPresent();
    String built = SandboxImage.build(engine, Optional.empty(), List.of());
    assertThat(SandboxImage.id(engine, SandboxImage.TAG)).contains(built);
    byte[] dockerfile =
        WorkerScripts.resource("/dev/quantgate/sandbox/docker/Dockerfile")
            .getBytes(StandardCharsets.UTF_8);
    Engine.Answer answer =
        engine.run(
            Duration.ofMinutes(3),
            new ByteArrayInputStream(dockerfile),
            "build",
            "--no-cache",
            "--quiet",
            "--network",
            "none",
            "--build-arg",
            "BASE=" + SandboxImage.LOCAL_BASE,
            "-");
    assertThat(answer.ok()).as(answer.complaint()).isTrue();
    String again = answer.out().strip();
    try {
      assertThat(files(engine, again)).isEqualTo(files(engine, built));
    } finally {
      if (!again.equals(built)) {
        engine.run(Engine.QUICK, "image", "rm", again);
      }
    }
  }

  /** How many files an image holds, and a hash of their names, modes and content. */
  private static String files(Engine engine, String image) {
    String program =
        """
        import hashlib, os
        total, digest = 0, hashlib.sha256()
        for top, folders, names in os.walk("/"):
            folders[:] = sorted(f for f in folders if os.path.join(top, f) not in ("/proc", "/sys", "/dev"))
            for name in sorted(folders + names):
                path = os.path.join(top, name)
                if path in ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/.dockerenv"):
                    continue  # the engine's own
                info = os.lstat(path)
                digest.update(f"{path} {info.st_mode} {info.st_uid}".encode("utf-8", "surrogateescape"))
                if os.path.islink(path):
                    digest.update(os.readlink(path).encode())
                elif os.path.isfile(path):
                    with open(path, "rb") as file:
                        digest.update(file.read())
                total += 1
        assert total > 1000, total
        print(total, digest.hexdigest())
        """;
    Engine.Answer answer =
        engine.run(
            Duration.ofMinutes(1),
            "run",
            "--rm",
            "--network",
            "none",
            "--entrypoint",
            "python3",
            image,
            "-B",
            "-c",
            program);
    assertThat(answer.ok()).as(answer.complaint()).isTrue();
    return answer.out().strip();
  }

  @Test
  void aProgramInItHasNoNetwork() {
    try (GenericContainer<?> once =
        image(
                "import socket\n"
                    + "try: socket.create_connection(('192.0.2.1', 80), 1); print('connected')\n"
                    + "except OSError as e: print('refused', e.errno)\n")
            .withStartupCheckStrategy(
                new OneShotStartupCheckStrategy().withTimeout(Duration.ofSeconds(20)))) {
      once.start();
      assertThat(once.getLogs(OutputFrame.OutputType.STDOUT)).startsWith("refused");
    }
  }
}
