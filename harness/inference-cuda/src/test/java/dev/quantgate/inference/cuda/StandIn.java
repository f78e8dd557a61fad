package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.inference.cuda.driver.CudaDriver;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
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
  static void use() {
    System.setProperty(CudaDriver.LIBRARY_PROPERTY, build("libcuda.so.1").toString());
  }

  /** Builds a stand-in of that name. */
  static synchronized Path build(String name) {
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
          new ProcessBuilder(BUILD.toString(), FOLDER.toString(), name)
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
    return FOLDER.resolve(name);
  }

  /** Has the n-th call from now of a driver's function fail with a code. */
  static void fail(String function, int n, int code) {
    try (Arena arena = Arena.ofConfined()) {
      call(
          "standin_fail",
          FunctionDescriptor.ofVoid(
              ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
          arena.allocateFrom(function),
          n,
          code);
    }
  }

  /** Forgets planned failures, and one that happened. */
  static void forgetFailures() {
    call("standin_reset", FunctionDescriptor.ofVoid());
  }

  /**
   * Makes one of its devices another from the next session on, or from the next use of its kernels.
   *
   * @param sharedBytes the most shared memory that a block may ask for
   */
  static void device(int ordinal, int major, int minor, int sharedBytes) {
    call(
        "standin_set_device",
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
        ordinal,
        major,
        minor,
        sharedBytes);
  }

  /** An H100's: what its devices are at first. */
  static void device(int ordinal) {
    device(ordinal, 9, 0, 232_448);
  }

  /** How many devices it shows. */
  static void devices(int count) {
    call("standin_set_devices", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT), count);
  }

  /** What it says that it serves: 13000 is CUDA 13.0. */
  static void driver(int version) {
    call("standin_set_driver", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT), version);
  }

  /** Launches so far; those of a graph count once, when it is recorded. */
  static long launches() {
    return (long) call("standin_launches", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
  }

  /** How a block's threads take turns from now on: 0 ascending, 1 descending, else drawn. */
  static void order(long order) {
    call("standin_set_order", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), order);
  }

  /** Memory, streams, events, modules and graphs that were made and not given back. */
  static long alive() {
    return (long) call("standin_alive", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
  }

  private static Object call(String name, FunctionDescriptor descriptor, Object... arguments) {
    SymbolLookup symbols =
        SymbolLookup.libraryLookup(
            String.valueOf(System.getProperty(CudaDriver.LIBRARY_PROPERTY)), Arena.global());
    try {
      Object result =
          Linker.nativeLinker()
              .downcallHandle(symbols.findOrThrow(name), descriptor)
              .invokeWithArguments(arguments);
      return result == null ? "nothing" : result;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Opens its device. */
  static DeviceSession session() {
    use();
    return DeviceSession.open(OptionalInt.of(0));
  }
}
