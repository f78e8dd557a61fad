package dev.quantgate.inference.cuda.driver;

import dev.quantgate.inference.cuda.driver.CudaLibrary.Function;
import java.lang.foreign.MemorySegment;

/** A queue of work for the device. Nothing given to it waits, but {@link #synchronize}. */
public final class Stream implements AutoCloseable {
  private static final int NON_BLOCKING = 1;
  private static final int CAPTURE_THREAD_LOCAL = 1;

  private final Context context;
  private final long handle;
  private boolean closed;

  /** A stream that does not wait for the legacy default stream. */
  public Stream(Context context) {
    this.context = context;
    this.handle =
        context
            .library()
            .queryLong(
                Function.cuStreamCreate, (f, result) -> (int) f.invokeExact(result, NON_BLOCKING));
  }

  long handle() {
    return handle;
  }

  Context context() {
    return context;
  }

  /**
   * Copies host memory to the device.
   *
   * @param from page-locked and unchanged until the copy is done
   */
  public void copyIn(DeviceMemory to, long offset, MemorySegment from) {
    to.requireRange(offset, from.byteSize());
    long address = to.address() + offset;
    long bytes = from.byteSize();
    context
        .library()
        .call(
            Function.cuMemcpyHtoDAsync_v2, f -> (int) f.invokeExact(address, from, bytes, handle));
  }

  /** Copies device memory to page-locked host memory, as much as that holds. */
  public void copyOut(MemorySegment to, DeviceMemory from, long offset) {
    from.requireRange(offset, to.byteSize());
    long address = from.address() + offset;
    long bytes = to.byteSize();
    context
        .library()
        .call(Function.cuMemcpyDtoHAsync_v2, f -> (int) f.invokeExact(to, address, bytes, handle));
  }

  /** Copies within the device. */
  public void copy(DeviceMemory to, long toOffset, DeviceMemory from, long fromOffset, long bytes) {
    to.requireRange(toOffset, bytes);
    from.requireRange(fromOffset, bytes);
    long target = to.address() + toOffset;
    long source = from.address() + fromOffset;
    context
        .library()
        .call(
            Function.cuMemcpyDtoDAsync_v2, f -> (int) f.invokeExact(target, source, bytes, handle));
  }

  /** Sets every 32-bit word of a piece of memory. */
  public void fill(DeviceMemory memory, int word) {
    long address = memory.address();
    long words = memory.bytes() / Integer.BYTES;
    context
        .library()
        .call(Function.cuMemsetD32Async, f -> (int) f.invokeExact(address, word, words, handle));
  }

  /** Waits until everything given to the stream is done; what failed in it is thrown here. */
  public void synchronize() {
    context.library().call(Function.cuStreamSynchronize, f -> (int) f.invokeExact(handle));
  }

  /**
   * Records what {@code work} gives to this stream instead of running it.
   *
   * @return the recorded work, to be replayed as often as wished
   */
  public Graph capture(Runnable work) {
    context
        .library()
        .call(
            Function.cuStreamBeginCapture_v2,
            f -> (int) f.invokeExact(handle, CAPTURE_THREAD_LOCAL));
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      // Ends the capture whatever happened, else the stream is of no use any more.
      try {
        long part = endCapture();
        context.library().call(Function.cuGraphDestroy, f -> (int) f.invokeExact(part));
      } catch (CudaException spoilt) {
        e.addSuppressed(spoilt);
      }
      throw e;
    }
    return new Graph(context, endCapture());
  }

  private long endCapture() {
    return context
        .library()
        .queryLong(Function.cuStreamEndCapture, (f, result) -> (int) f.invokeExact(handle, result));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.library().call(Function.cuStreamDestroy_v2, f -> (int) f.invokeExact(handle));
    }
  }
}
