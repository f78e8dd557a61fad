package dev.quantgate.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;

/**
 * Puts the real standard error back. The JVM writes a warning about incubator modules there before any
 * of the program's code runs and has no switch for it, so the launcher starts it with descriptor 2
 * closed off and hands the real one over under the number in {@code QUANTGATE_STDERR}. With {@code
 * dup2(2)} it becomes descriptor 2 again, for Java and native code alike.
 */
final class StandardError {
  private StandardError() {}

  static void restore() {
    String descriptor = System.getenv("QUANTGATE_STDERR");
    if (descriptor == null || !descriptor.matches("[0-9]{1,3}")) {
      return;
    }
    try {
      Linker linker = Linker.nativeLinker();
      var dup2 =
          linker.downcallHandle(
              linker.defaultLookup().find("dup2").orElseThrow(),
              FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
      int result = (int) dup2.invokeExact(Integer.parseInt(descriptor), 2);
      assert result == 2;
    } catch (Throwable e) {
      throw new IllegalStateException("the launcher's standard error could not be restored", e);
    }
  }
}
