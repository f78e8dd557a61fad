package dev.quantgate.inference.cuda;

import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.PinnedMemory;
import dev.quantgate.inference.cuda.driver.PinnedRing;
import dev.quantgate.inference.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.function.IntFunction;

/** Arrays to the device and back, through page-locked memory. */
final class Staging implements AutoCloseable {
  private static final int BYTES = 8 << 20;

  private final Context context;
  private final Stream stream;
  private final PinnedRing ring;
  private final PinnedMemory staged;

  Staging(DeviceSession session) {
    this.context = session.context();
    this.stream = session.stream();
    this.ring = new PinnedRing(stream, 2, BYTES);
    try {
      this.staged = new PinnedMemory(context, BYTES);
    } catch (RuntimeException | Error e) {
      ring.close();
      throw e;
    }
  }

  DeviceMemory memory(Owned owned, long bytes) {
    return owned.add(new DeviceMemory(context, bytes));
  }

  /** New device memory that gets these values. */
  DeviceMemory put(Owned owned, MemorySegment values) {
    DeviceMemory to = memory(owned, values.byteSize());
    ring.copyIn(to, 0, values);
    return to;
  }

  /** Waits for the stream and copies as much as {@code to} holds. */
  void take(DeviceMemory from, MemorySegment to) {
    for (long at = 0; at < to.byteSize(); at += BYTES) {
      long bytes = Math.min(BYTES, to.byteSize() - at);
      MemorySegment piece = staged.segment().asSlice(0, bytes);
      stream.copyOut(piece, from, at);
      stream.synchronize();
      MemorySegment.copy(piece, 0, to, at, bytes);
    }
  }

  /** The same with the beginnings of rows, as much of each as its target holds. */
  void takeRows(DeviceMemory from, long rowBytes, int rows, IntFunction<MemorySegment> target) {
    int atOnce = Math.toIntExact(Math.max(1, BYTES / rowBytes));
    for (int first = 0; first < rows; first += atOnce) {
      int count = Math.min(atOnce, rows - first);
      MemorySegment piece = staged.segment().asSlice(0, count * rowBytes);
      stream.copyOut(piece, from, first * rowBytes);
      stream.synchronize();
      for (int r = 0; r < count; r++) {
        MemorySegment to = target.apply(first + r);
        MemorySegment.copy(piece, r * rowBytes, to, 0, to.byteSize());
      }
    }
  }

  @Override
  public void close() {
    try {
      ring.close();
    } finally {
      staged.close();
    }
  }
}
