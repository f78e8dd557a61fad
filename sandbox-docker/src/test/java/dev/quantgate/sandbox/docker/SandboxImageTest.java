package dev.quantgate.sandbox.docker;

import static org.assertj.core.api.Assertions.assertThat;

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
        .withLabel(DockerLauncher.LABEL, Owner.current())
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
    Optional<String> base = SandboxImage.id(engine, SandboxImage.LOCAL_BASE);
    if (base.isPresent()) {
      assertThat(SandboxImage.build(engine, Optional.empty(), List.of())).startsWith("sha256:");
    }
    assertThat(SandboxImage.id(engine, SandboxImage.TAG)).isPresent();
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
