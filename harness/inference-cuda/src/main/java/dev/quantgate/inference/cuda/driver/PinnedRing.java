package dev.quantgate.inference.cuda.driver;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Some page-locked buffers used in turn, so that one is filled from a mapped file while the device
 * reads the ones before it.
 */
public final class PinnedRing implements AutoCloseable {
  /** Bytes that one thread copies at a time. */
  private static final int PIECE = 1 << 20;

  private final Stream stream;
  private final PinnedMemory memory;
  private final List<Event> done = new ArrayList<>();
  private final long slotBytes;
  private int next;

  /**
   * @param stream what the copies are given to
   * @param slots how many buffers, at least 2
   * @param slotBytes bytes of each
   */
  public PinnedRing(Stream stream, int slots, long slotBytes) {
    this.stream = stream;
    this.slotBytes = slotBytes;
    this.memory = new PinnedMemory(stream.context(), slots * slotBytes);
    try {
      for (int i = 0; i < slots; i++) {
        done.add(new Event(stream.context()));
      }
    } catch (RuntimeException | Error e) {
      try {
        close();
      } catch (CudaException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  /** Gives the stream a copy of {@code from}, of any size; it may change once this returns. */
  public void copyIn(DeviceMemory to, long offset, MemorySegment from) {
    for (long at = 0; at < from.byteSize(); at += slotBytes) {
      long bytes = Math.min(slotBytes, from.byteSize() - at);
      int slot = next;
      next = (next + 1) % done.size();
      done.get(slot).synchronize();
      MemorySegment buffer = memory.segment().asSlice(slot * slotBytes, bytes);
      MemorySegment source = from.asSlice(at, bytes);
      IntStream.range(0, Math.toIntExact(Math.ceilDiv(bytes, PIECE)))
          .parallel()
          .forEach(piece -> {
            long begin = (long) piece * PIECE;
            long length = Math.min(PIECE, bytes - begin);
            MemorySegment.copy(source, begin, buffer, begin, length);
          });
      stream.copyIn(to, offset + at, buffer);
      done.get(slot).record(stream);
    }
  }

  @Override
  public void close() {
    try {
      done.forEach(Event::synchronize);
      done.forEach(Event::close);
    } finally {
      memory.close();
    }
  }
}
