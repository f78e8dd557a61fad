package dev.quantgate.cli;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

/** Descriptor 1. */
final class StandardOutput {
  private static final int DESCRIPTOR = 1;

  /** {@code TIOCGWINSZ} of Linux; four shorts are answered, the second of them columns. */
  private static final long WINDOW_SIZE = 0x5413;

  private StandardOutput() {}

  /** Columns of the terminal, by {@code ioctl(2)}; 0 where there is none, or it does not know. */
  static int columns() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(JAVA_SHORT, 4);
      Linker linker = Linker.nativeLinker();
      int failed =
          (int)
              linker
                  .downcallHandle(
                      linker.defaultLookup().findOrThrow("ioctl"),
                      FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
                      Linker.Option.firstVariadicArg(2))
                  .invokeExact(DESCRIPTOR, WINDOW_SIZE, size);
      return failed == 0 ? Short.toUnsignedInt(size.getAtIndex(JAVA_SHORT, 1)) : 0;
    } catch (Throwable e) {
      return 0; // a width is a wish
    }
  }
}
