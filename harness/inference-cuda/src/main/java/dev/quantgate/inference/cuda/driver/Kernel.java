package dev.quantgate.inference.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quantgate.inference.cuda.driver.CudaLibrary.Function;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A kernel with a place for its arguments, laid out once. A launch sets them one after the other
 * and begins: {@code kernel.pointer(x).integer(n).launch(stream, blocks, 1, 1)}. An argument of
 * another kind than the kernel takes at that place is refused before anything is launched.
 */
public final class Kernel {
  private static final int MAX_DYNAMIC_SHARED_BYTES = 8;
  private static final int STATIC_SHARED_LIMIT = 48 << 10;

  /** CUlaunchAttributeID of programmatic stream serialisation. */
  private static final int OVERLAP = 6;

  /** Bytes of CUlaunchConfig and of CUlaunchAttribute. */
  private static final int CONFIG_BYTES = 56;

  private static final int ATTRIBUTE_BYTES = 72;

  /** Of cuFuncGetAttribute. */
  private static final int LOCAL_BYTES = 3;

  private static final int REGISTERS = 4;
  private static final int PTX_VERSION = 5;

  /** The virtual architecture from which on kernels wait by themselves for what they depend on. */
  private static final int WAITS_ITSELF = 90;

  private final CudaLibrary library;
  private final String name;
  private final long function;
  private final int threads;
  private final int sharedBytes;
  private final String parameters;
  private final boolean overlap;
  private final MemorySegment values;
  private final MemorySegment pointers;
  private final MemorySegment config;
  private int set;

  Kernel(
      Context context,
      String name,
      long function,
      int threads,
      int sharedBytes,
      String parameters) {
    this.library = context.library();
    this.name = name;
    this.function = function;
    this.threads = threads;
    this.sharedBytes = sharedBytes;
    this.parameters = parameters;
    // Not what the device is: it may run what was translated from an older architecture's code.
    this.overlap = attribute(PTX_VERSION) >= WAITS_ITSELF;
    Arena arena = Arena.ofAuto();
    this.values = arena.allocate(8L * Math.max(1, parameters.length()), 8);
    this.pointers = arena.allocate(8L * Math.max(1, parameters.length()), 8);
    for (int i = 0; i < parameters.length(); i++) {
      pointers.setAtIndex(ADDRESS, i, values.asSlice(8L * i, 8));
    }
    MemorySegment attribute = arena.allocate(ATTRIBUTE_BYTES, 8);
    attribute.set(JAVA_INT, 0, OVERLAP);
    attribute.set(JAVA_INT, 8, 1);
    this.config = arena.allocate(CONFIG_BYTES, 8);
    config.set(JAVA_INT, 12, threads);
    config.set(JAVA_INT, 16, 1);
    config.set(JAVA_INT, 20, 1);
    config.set(JAVA_INT, 24, sharedBytes);
    config.set(ADDRESS, 40, attribute);
    config.set(JAVA_INT, 48, 1);
    if (sharedBytes > STATIC_SHARED_LIMIT) {
      library.call(
          Function.cuFuncSetAttribute,
          f -> (int) f.invokeExact(function, MAX_DYNAMIC_SHARED_BYTES, sharedBytes));
    }
  }

  public String name() {
    return name;
  }

  /** Whether a launch may begin before what is ahead of it has ended: the kernel waits itself. */
  public boolean overlaps() {
    return overlap;
  }

  /** Registers that a thread takes. */
  public int registers() {
    return attribute(REGISTERS);
  }

  /** Bytes of local memory that a thread takes: what did not fit its registers. */
  public int spilledBytes() {
    return attribute(LOCAL_BYTES);
  }

  /** Blocks that one multiprocessor runs at a time. */
  public int blocksPerMultiprocessor() {
    return library.queryInt(
        Function.cuOccupancyMaxActiveBlocksPerMultiprocessor,
        (f, result) -> (int) f.invokeExact(result, function, threads, (long) sharedBytes));
  }

  private int attribute(int attribute) {
    return library.queryInt(
        Function.cuFuncGetAttribute,
        (f, result) -> (int) f.invokeExact(result, attribute, function));
  }

  private long place(char kind) {
    if (set >= parameters.length() || parameters.charAt(set) != kind) {
      int at = set;
      set = 0;
      throw new IllegalStateException(
          "kernel %s takes %s as its arguments, and was given %s at place %d"
              .formatted(name, parameters, kind, at));
    }
    return 8L * set++;
  }

  /** The next argument, a device address; 0 for none. */
  public Kernel pointer(long address) {
    values.set(JAVA_LONG, place('P'), address);
    return this;
  }

  /** The next argument, the first byte of device memory. */
  public Kernel pointer(DeviceMemory memory) {
    return pointer(memory.address());
  }

  /** The next argument, a 32-bit integer. */
  public Kernel integer(int value) {
    values.set(JAVA_INT, place('I'), value);
    return this;
  }

  /** The next argument, a 64-bit integer. */
  public Kernel wide(long value) {
    values.set(JAVA_LONG, place('L'), value);
    return this;
  }

  /** The next argument, a float32. */
  public Kernel real(float value) {
    values.set(JAVA_FLOAT, place('F'), value);
    return this;
  }

  /** Launches a grid of blocks with the arguments that were set, all of them. */
  public void launch(Stream stream, int x, int y, int z) {
    int given = set;
    set = 0;
    if (given != parameters.length()) {
      throw new IllegalStateException(
          "kernel %s takes %d arguments, and was given %d"
              .formatted(name, parameters.length(), given));
    }
    long of = stream.handle();
    if (overlap) {
      config.set(JAVA_INT, 0, x);
      config.set(JAVA_INT, 4, y);
      config.set(JAVA_INT, 8, z);
      config.set(JAVA_LONG, 32, of);
      library.call(
          Function.cuLaunchKernelEx,
          f -> (int) f.invokeExact(config, function, pointers, MemorySegment.NULL));
    } else {
      library.call(
          Function.cuLaunchKernel,
          f ->
              (int)
                  f.invokeExact(
                      function,
                      x,
                      y,
                      z,
                      threads,
                      1,
                      1,
                      sharedBytes,
                      of,
                      pointers,
                      MemorySegment.NULL));
    }
  }
}
