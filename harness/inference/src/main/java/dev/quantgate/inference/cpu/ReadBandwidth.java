package dev.quantgate.inference.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;

/** How fast all threads together read from memory: what decoding is held against. */
final class ReadBandwidth {
  private static final long STREAM_BYTES = 256L << 20;
  private static final int CHUNK = 1 << 20;
  private static final int ROUNDS = 12;

  private ReadBandwidth() {}

  /** Bytes a second, the best of some rounds over more memory than caches hold. */
  static double measure(SpinTeam team) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(STREAM_BYTES, 64);
      data.fill((byte) 1);
      var sum = new AtomicLong();
      double best = 0;
      for (int round = 0; round < ROUNDS; round++) {
        long begun = System.nanoTime();
        team.forEach(
            (int) (STREAM_BYTES / CHUNK),
            (item, thread) -> sum.addAndGet(read(data, (long) item * CHUNK)));
        best = Math.max(best, 1e9 * STREAM_BYTES / (System.nanoTime() - begun));
      }
      if (sum.get() == 0) {
        throw new AssertionError("nothing was read");
      }
      return best;
    }
  }

  private static long read(MemorySegment data, long at) {
    var species = LongVector.SPECIES_PREFERRED;
    int step = species.vectorByteSize();
    LongVector a = LongVector.zero(species);
    LongVector b = a;
    for (long i = at; i < at + CHUNK; i += 2 * step) {
      a = a.add(LongVector.fromMemorySegment(species, data, i, ByteOrder.LITTLE_ENDIAN));
      b = b.add(LongVector.fromMemorySegment(species, data, i + step, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).reduceLanes(VectorOperators.ADD);
  }
}
