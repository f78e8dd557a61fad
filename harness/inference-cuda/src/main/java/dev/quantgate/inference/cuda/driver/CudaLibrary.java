package dev.quantgate.inference.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The functions of libcuda that are used, each bound once by its exact symbol. A memory function
 * without its {@code _v2} would take 32-bit pointers and corrupt them in silence, so the symbols
 * are spelled out and never derived.
 */
final class CudaLibrary {
  private static final ValueLayout.OfInt INT = JAVA_INT;
  private static final ValueLayout.OfLong LONG = JAVA_LONG;

  /** A function; what all return is a CUresult. Handles and device pointers are {@code long}. */
  enum Function {
    cuInit(INT),
    cuDriverGetVersion(ADDRESS),
    cuGetErrorName(INT, ADDRESS),
    cuGetErrorString(INT, ADDRESS),
    cuDeviceGetCount(ADDRESS),
    cuDeviceGet(ADDRESS, INT),
    cuDeviceGetName(ADDRESS, INT, INT),
    cuDeviceGetAttribute(ADDRESS, INT, INT),
    cuDeviceTotalMem_v2(ADDRESS, INT),
    cuDevicePrimaryCtxRetain(ADDRESS, INT),
    cuDevicePrimaryCtxRelease_v2(INT),
    cuCtxSetCurrent(LONG),
    cuModuleLoadDataEx(ADDRESS, ADDRESS, INT, ADDRESS, ADDRESS),
    cuModuleGetFunction(ADDRESS, LONG, ADDRESS),
    cuModuleUnload(LONG),
    cuFuncSetAttribute(LONG, INT, INT),
    cuFuncGetAttribute(ADDRESS, INT, LONG),
    cuOccupancyMaxActiveBlocksPerMultiprocessor(ADDRESS, LONG, INT, LONG),
    cuMemAlloc_v2(ADDRESS, LONG),
    cuMemFree_v2(LONG),
    cuMemGetInfo_v2(ADDRESS, ADDRESS),
    cuMemHostAlloc(ADDRESS, LONG, INT),
    cuMemFreeHost(LONG),
    cuMemcpyHtoDAsync_v2(LONG, ADDRESS, LONG, LONG),
    cuMemcpyDtoHAsync_v2(ADDRESS, LONG, LONG, LONG),
    cuMemcpyDtoDAsync_v2(LONG, LONG, LONG, LONG),
    cuMemsetD32Async(LONG, INT, LONG, LONG),
    cuStreamCreate(ADDRESS, INT),
    cuStreamSynchronize(LONG),
    cuStreamDestroy_v2(LONG),
    cuEventCreate(ADDRESS, INT),
    cuEventRecord(LONG, LONG),
    cuEventSynchronize(LONG),
    cuEventElapsedTime(ADDRESS, LONG, LONG),
    cuEventDestroy_v2(LONG),
    cuLaunchKernel(LONG, INT, INT, INT, INT, INT, INT, INT, LONG, ADDRESS, ADDRESS),
    cuLaunchKernelEx(ADDRESS, LONG, ADDRESS, ADDRESS),
    cuStreamBeginCapture_v2(LONG, INT),
    cuStreamEndCapture(LONG, ADDRESS),
    cuGraphInstantiateWithFlags(ADDRESS, LONG, LONG),
    cuGraphLaunch(LONG, LONG),
    cuGraphExecDestroy(LONG),
    cuGraphDestroy(LONG);

    private final FunctionDescriptor descriptor;

    Function(MemoryLayout... arguments) {
      this.descriptor = FunctionDescriptor.of(JAVA_INT, arguments);
    }
  }

  private final String path;
  private final Map<Function, MethodHandle> handles = new EnumMap<>(Function.class);

  private CudaLibrary(String path, SymbolLookup symbols) {
    this.path = path;
    Linker linker = Linker.nativeLinker();
    for (Function function : Function.values()) {
      MemorySegment symbol =
          symbols
              .find(function.name())
              .orElseThrow(() ->
                  new CudaException(
                      ("%s has no function %s: it is no CUDA driver, or one older than this version needs;"
                              + " install an NVIDIA driver of the R580 line or newer")
                          .formatted(path, function.name())));
      handles.put(function, linker.downcallHandle(symbol, function.descriptor));
    }
  }

  /**
   * Loads and binds the library. It stays loaded until the process ends, as libcuda must.
   *
   * @param paths paths, or names that the system's loader finds; the first that is there is taken
   * @throws CudaException if there is none, or it is another library
   */
  static CudaLibrary load(List<String> paths) {
    for (String path : paths) {
      SymbolLookup symbols;
      try {
        symbols = SymbolLookup.libraryLookup(path, Arena.global());
      } catch (IllegalArgumentException e) {
        continue;
      }
      return new CudaLibrary(path, symbols);
    }
    throw new CudaException(
        "there is no %s: no NVIDIA driver is installed, or the loader does not find it"
            .formatted(paths.getFirst()));
  }

  String path() {
    return path;
  }

  /** One call of a function with its arguments. */
  @FunctionalInterface
  interface Call {
    int with(MethodHandle function) throws Throwable;
  }

  /** A call whose first argument is where the driver writes its result. */
  @FunctionalInterface
  interface Query {
    int with(MethodHandle function, MemorySegment result) throws Throwable;
  }

  /** Calls a function, and throws what its return code means unless it means success. */
  void call(Function function, Call call) {
    int code;
    try {
      code = call.with(handle(function));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    check(function, code);
  }

  /** Calls a function that writes a handle, a pointer or a size, and gives it. */
  long queryLong(Function function, Query query) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(LONG);
      call(function, handle -> query.with(handle, result));
      return result.get(LONG, 0);
    }
  }

  /** Calls a function that writes an int, and gives it. */
  int queryInt(Function function, Query query) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(INT);
      call(function, handle -> query.with(handle, result));
      return result.get(INT, 0);
    }
  }

  private MethodHandle handle(Function function) {
    MethodHandle handle = handles.get(function);
    if (handle == null) {
      throw new AssertionError("not bound: %s".formatted(function));
    }
    return handle;
  }

  private void check(Function function, int code) {
    if (code != 0) {
      throw CudaException.of(
          function.name(),
          code,
          describe(Function.cuGetErrorName, code),
          describe(Function.cuGetErrorString, code));
    }
  }

  private String describe(Function function, int code) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(ADDRESS);
      int said = (int) handle(function).invokeExact(code, text);
      MemorySegment characters = text.get(ADDRESS, 0);
      return said == 0 && characters.address() != 0
          ? characters.reinterpret(Long.MAX_VALUE).getString(0)
          : "unknown error";
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
