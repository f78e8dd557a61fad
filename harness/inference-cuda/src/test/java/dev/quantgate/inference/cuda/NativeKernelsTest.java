package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The kernels' own tests, which need neither driver nor Java: {@code src/test/native/selftest.cc}.
 */
class NativeKernelsTest {
  private static final Path FOLDER = Path.of("target/native").toAbsolutePath();

  @Test
  void everyKernelEqualsItsPlainReferenceInEveryOrderOfThreads() throws Exception {
    assumeTrue(starts("g++"), "no g++: the CUDA kernels are not run on the host");
    Files.createDirectories(FOLDER);
    Path log = FOLDER.resolve("selftest.log");
    String build = Path.of("src/test/native/build").toAbsolutePath().toString();
    assertThat(run(log, build, FOLDER.toString(), "selftest")).as("%s", log).isZero();
    int exit = run(log, FOLDER.resolve("selftest").toString());
    List<String> lines = Files.readAllLines(log);
    assertThat(exit).as("%s", String.join("\n", lines)).isZero();
    // Eleven tests, each in three orders of threads.
    assertThat(lines.stream().filter(line -> line.contains(" good "))).hasSize(33);
  }

  private static boolean starts(String program) {
    try {
      return new ProcessBuilder(program, "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException | InterruptedException e) {
      return false;
    }
  }

  private static int run(Path log, String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (!process.waitFor(10, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("%s did not end in 10 minutes".formatted(command[0]));
    }
    return process.exitValue();
  }
}
