package dev.quantgate.inference.cuda.driver;

import dev.quantgate.inference.cuda.driver.CudaLibrary.Function;
import java.util.Objects;

/** A piece of device memory. Its first byte is aligned to 256 bytes at least. */
public final class DeviceMemory implements AutoCloseable {
  private final Context context;
  private final long address;
  private final long bytes;
  private boolean closed;

  /**
   * Allocates; the content means nothing.
   *
   * @throws CudaException that {@linkplain CudaException#isOutOfMemory says so} if it does not fit
   */
  public DeviceMemory(Context context, long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes must be at least 1, not %d".formatted(bytes));
    }
    this.context = context;
    this.bytes = bytes;
    this.address =
        context
            .library()
            .queryLong(
                Function.cuMemAlloc_v2, (f, result) -> (int) f.invokeExact(result, bytes));
    context.allocated(bytes);
  }

  public long bytes() {
    return bytes;
  }

  /** The device address of the first byte. */
  public long address() {
    if (closed) {
      throw new IllegalStateException("this device memory is freed");
    }
    return address;
  }

  /** The device address of a byte inside. */
  public long address(long offset) {
    return address() + Objects.checkIndex(offset, bytes);
  }

  void requireRange(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, bytes);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.freed(bytes);
      context.library().call(Function.cuMemFree_v2, f -> (int) f.invokeExact(address));
    }
  }
}
