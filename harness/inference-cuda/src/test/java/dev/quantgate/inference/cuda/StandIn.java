package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.inference.cuda.driver.CudaDriver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The stand-in for libcuda.so.1 that the tests run on: the kernels' own sources, compiled for the
 * host. It is built once, by {@code src/test/native/build}.
 */
final class StandIn {
  private static final Path BUILD = Path.of("src/test/native/build").toAbsolutePath();
  private static final Path FOLDER = Path.of("target/native").toAbsolutePath();
  private static final int MOST_MINUTES = 5;

  private StandIn() {}

  /** Builds it where it is not, and has the driver taken from it; skips the test without a g++. */
  static synchronized void use() {
    Path library = FOLDER.resolve("libcuda.so.1");
    try {
      assumeTrue(
          new ProcessBuilder("g++", "--version").redirectErrorStream(true).start().waitFor() == 0,
          "g++ does not start: the CUDA kernels are not run on the host");
    } catch (IOException | InterruptedException e) {
      assumeTrue(false, "no g++: the CUDA kernels are not run on the host");
    }
    try {
      Files.createDirectories(FOLDER);
      Process build =
          new ProcessBuilder(BUILD.toString(), FOLDER.toString())
              .redirectErrorStream(true)
              .redirectOutput(FOLDER.resolve("build.log").toFile())
              .start();
      assertThat(build.waitFor(MOST_MINUTES, TimeUnit.MINUTES)).as("built in time").isTrue();
      assertThat(build.exitValue())
          .as("the build of the stand-in, see %s", FOLDER.resolve("build.log"))
          .isZero();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
    System.setProperty(CudaDriver.LIBRARY_PROPERTY, library.toString());
  }

  /** Opens its device. */
  static DeviceSession session() {
    use();
    return DeviceSession.open(0);
  }
}
