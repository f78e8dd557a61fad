package dev.quantgate.inference.cuda.driver;

import dev.quantgate.inference.cuda.driver.CudaLibrary.Function;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The primary context of a device: what memory, modules, streams and events belong to. Each must be
 * closed before it; closing frees nothing that was forgotten.
 */
public final class Context implements AutoCloseable {
  private final CudaLibrary library;
  private final Device device;
  private final long handle;
  private long allocated;
  private long peak;
  private boolean closed;

  /** Retains the device's primary context and makes it current for the calling thread. */
  public Context(CudaDriver driver, Device device) {
    this.library = driver.library();
    this.device = device;
    this.handle =
        library.queryLong(
            Function.cuDevicePrimaryCtxRetain,
            (f, result) -> (int) f.invokeExact(result, device.handle()));
    try {
      makeCurrent();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  CudaLibrary library() {
    return library;
  }

  public Device device() {
    return device;
  }

  /** To be called by a thread before its first use of anything that belongs to the context. */
  public void makeCurrent() {
    library.call(Function.cuCtxSetCurrent, f -> (int) f.invokeExact(handle));
  }

  /** Bytes of device memory that can still be allocated, by anybody. */
  public long freeBytes() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
      library.call(Function.cuMemGetInfo_v2, f -> (int) f.invokeExact(free, total));
      return free.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** Bytes of device memory that this context's owner holds. */
  public long allocatedBytes() {
    return allocated;
  }

  /** The most bytes of device memory that were held at one time. */
  public long peakBytes() {
    return peak;
  }

  void allocated(long bytes) {
    allocated += bytes;
    peak = Math.max(peak, allocated);
  }

  void freed(long bytes) {
    allocated -= bytes;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      library.call(
          Function.cuDevicePrimaryCtxRelease_v2, f -> (int) f.invokeExact(device.handle()));
    }
  }
}
