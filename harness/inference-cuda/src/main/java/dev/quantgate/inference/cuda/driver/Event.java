package dev.quantgate.inference.cuda.driver;

import dev.quantgate.inference.cuda.driver.CudaLibrary.Function;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A mark in a stream: reached once everything before it is done. */
public final class Event implements AutoCloseable {
  private final Context context;
  private final long handle;
  private boolean closed;

  /** An event that takes the time when it is reached. */
  public Event(Context context) {
    this.context = context;
    this.handle =
        context
            .library()
            .queryLong(Function.cuEventCreate, (f, result) -> (int) f.invokeExact(result, 0));
  }

  /** Puts the mark behind what the stream has been given. */
  public void record(Stream stream) {
    long of = stream.handle();
    context.library().call(Function.cuEventRecord, f -> (int) f.invokeExact(handle, of));
  }

  /** Waits until the mark is reached; returns at once if it was never recorded. */
  public void synchronize() {
    context.library().call(Function.cuEventSynchronize, f -> (int) f.invokeExact(handle));
  }

  /** Seconds from another mark to this one; both must have been reached. */
  public double secondsSince(Event earlier) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment milliseconds = arena.allocate(ValueLayout.JAVA_FLOAT);
      context
          .library()
          .call(
              Function.cuEventElapsedTime,
              f -> (int) f.invokeExact(milliseconds, earlier.handle, handle));
      return milliseconds.get(ValueLayout.JAVA_FLOAT, 0) / 1e3;
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.library().call(Function.cuEventDestroy_v2, f -> (int) f.invokeExact(handle));
    }
  }
}
