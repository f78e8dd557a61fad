package dev.quantgate.inference.cuda.driver;

import dev.quantgate.inference.cuda.driver.CudaLibrary.Function;
import java.lang.foreign.MemorySegment;

/** Page-locked host memory, which copies to and from a device need to run beside the host. */
public final class PinnedMemory implements AutoCloseable {
  private final Context context;
  private final long address;
  private final MemorySegment segment;
  private boolean closed;

  /** Allocates; the content means nothing. */
  public PinnedMemory(Context context, long bytes) {
    this.context = context;
    this.address =
        context
            .library()
            .queryLong(
                Function.cuMemHostAlloc, (f, result) -> (int) f.invokeExact(result, bytes, 0));
    this.segment = MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** The memory; not to be touched after {@link #close}. */
  public MemorySegment segment() {
    if (closed) {
      throw new IllegalStateException("this pinned memory is freed");
    }
    return segment;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.library().call(Function.cuMemFreeHost, f -> (int) f.invokeExact(address));
    }
  }
}
