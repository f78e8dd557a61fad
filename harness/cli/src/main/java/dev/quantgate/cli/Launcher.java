package dev.quantgate.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/**
 * The shell script that waits for this program, if one does. It hands over its process number in
 * {@code QUANTGATE_LAUNCHER}, and in {@code QUANTGATE_LOST} the exit code by which it wants to hear
 * that a candidate lost accuracy: a JVM without native memory ends with 1 by itself.
 */
final class Launcher {
  private static final int LOST = 1;

  /** {@code PR_SET_PDEATHSIG} of prctl(2). */
  private static final int SET_SIGNAL_AT_PARENTS_DEATH = 1;

  private static final long SIGKILL = 9;

  private Launcher() {}

  /** What the process must end with, so that its caller sees {@code exitCode}. */
  static int told(int exitCode) {
    String lost = System.getenv("QUANTGATE_LOST");
    return exitCode == LOST && lost != null && lost.matches("[1-9][0-9]{1,2}")
        ? Integer.parseInt(lost)
        : exitCode;
  }

  /**
   * Ends this process when the launcher is killed, as if there were none between it and its caller.
   * Linux only; elsewhere the program then works on to its end.
   */
  static void endWithIt() {
    String launcher = System.getenv("QUANTGATE_LAUNCHER");
    if (launcher == null
        || !launcher.matches("[0-9]{1,18}")
        || !System.getProperty("os.name").equals("Linux")) {
      return;
    }
    try {
      int refused =
          (int)
              function(
                      "prctl",
                      FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG),
                      Linker.Option.firstVariadicArg(1))
                  .invokeExact(SET_SIGNAL_AT_PARENTS_DEATH, SIGKILL);
      int parent = (int) function("getppid", FunctionDescriptor.of(JAVA_INT)).invokeExact();
      if (refused == 0 && parent != Long.parseLong(launcher)) {
        Runtime.getRuntime().halt(Failures.COULD_NOT_RUN); // it was killed before this was said
      }
    } catch (Throwable e) {
      // A system without prctl: nothing is lost but this.
    }
  }

  private static MethodHandle function(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, options);
  }
}
