package dev.quantgate.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/**
 * Descriptor 2. The JVM writes a warning about incubator modules there before any of the program's
 * code runs and has no switch for it, so the launcher starts it with descriptor 2 closed off and
 * hands the real one over under the number in {@code QUANTGATE_STDERR}. With {@code dup2(2)} it
 * becomes descriptor 2 again, for Java and native code alike.
 */
final class StandardError {
  private static final int DESCRIPTOR = 2;

  private StandardError() {}

  static void restore() throws IOException {
    String given = System.getenv("QUANTGATE_STDERR");
    if (given == null || !given.matches("[0-9]{1,3}")) {
      return;
    }
    int result;
    try {
      result =
          (int)
              function("dup2", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT))
                  .invokeExact(Integer.parseInt(given), DESCRIPTOR);
    } catch (Throwable e) {
      throw new IOException("standard error cannot be set: %s".formatted(e), e);
    }
    if (result != DESCRIPTOR) {
      throw new IOException(
          "QUANTGATE_STDERR: expected the number of an open descriptor, found %s".formatted(given));
    }
  }

  /** Whether a person looks at standard error, by {@code isatty(3)}. */
  static boolean isTerminal() {
    try {
      return (int)
              function("isatty", FunctionDescriptor.of(JAVA_INT, JAVA_INT)).invokeExact(DESCRIPTOR)
          == 1;
    } catch (Throwable e) {
      return false;
    }
  }

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), descriptor);
  }
}
