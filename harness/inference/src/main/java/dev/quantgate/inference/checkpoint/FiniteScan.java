package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Finds NaN and infinity in floating-point tensors. Without its sign, a value is finite exactly if
 * its bits are, as a whole number, below the ones with all exponent bits set; so the greatest of a
 * chunk tells, with one AND and one MAX a vector: the scan runs at the speed of memory, on all
 * cores.
 */
final class FiniteScan {
  private static final long CHUNK = 8 << 20;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private FiniteScan() {}

  /** Refuses the first tensor, in the order given, that holds a value that is not finite. */
  static void requireFinite(Path source, List<Tensor> tensors) {
    record Chunk(Tensor tensor, long begin, long bytes) {}
    List<Chunk> chunks = new ArrayList<>();
    for (Tensor tensor : tensors) {
      if (tensor.dtype() != DType.I32) {
        for (long begin = 0; begin < tensor.data().byteSize(); begin += CHUNK) {
          chunks.add(new Chunk(tensor, begin, Math.min(CHUNK, tensor.data().byteSize() - begin)));
        }
      }
    }
    Optional<InferenceException> first =
        chunks.parallelStream()
            .filter(chunk ->
                !isFinite(
                    chunk.tensor.dtype(), chunk.tensor.data().asSlice(chunk.begin, chunk.bytes)))
            .findFirst()
            .map(chunk ->
                Refusal.damaged(
                    source,
                    "tensor %s holds a %s: the weights are damaged"
                        .formatted(
                            Refusal.quoted(chunk.tensor.name()),
                            place(chunk.tensor, chunk.begin))));
    first.ifPresent(refusal -> {
      throw refusal;
    });
  }

  private static String place(Tensor tensor, long begin) {
    int width = tensor.dtype().bytes();
    for (long at = begin; ; at += width) {
      if (!isFinite(tensor.dtype(), tensor.data().asSlice(at, width))) {
        float value =
            switch (tensor.dtype()) {
              case F32 -> Float.intBitsToFloat(tensor.data().get(INT, at));
              case F16 -> Float.float16ToFloat(tensor.data().get(SHORT, at));
              case BF16 -> Float.intBitsToFloat(tensor.data().get(SHORT, at) << 16);
              case I32 -> throw new AssertionError("integers are finite");
            };
        return "%s at element %d".formatted(Float.isNaN(value) ? "NaN" : "infinity", at / width);
      }
    }
  }

  private static boolean isFinite(DType dtype, MemorySegment data) {
    return switch (dtype) {
      case F32 -> greatestInt(data) < 0x7F800000;
      case F16 -> greatestShort(data) < 0x7C00;
      case BF16 -> greatestShort(data) < 0x7F80;
      case I32 -> true;
    };
  }

  private static int greatestShort(MemorySegment data) {
    var species = ShortVector.SPECIES_PREFERRED;
    ShortVector greatest = ShortVector.zero(species);
    long bound = data.byteSize() - data.byteSize() % species.vectorByteSize();
    for (long at = 0; at < bound; at += species.vectorByteSize()) {
      greatest =
          greatest.max(
              ShortVector.fromMemorySegment(species, data, at, ByteOrder.LITTLE_ENDIAN)
                  .and((short) 0x7FFF));
    }
    int result = greatest.reduceLanes(VectorOperators.MAX);
    for (long at = bound; at < data.byteSize(); at += Short.BYTES) {
      result = Math.max(result, data.get(SHORT, at) & 0x7FFF);
    }
    return result;
  }

  private static int greatestInt(MemorySegment data) {
    var species = IntVector.SPECIES_PREFERRED;
    IntVector greatest = IntVector.zero(species);
    long bound = data.byteSize() - data.byteSize() % species.vectorByteSize();
    for (long at = 0; at < bound; at += species.vectorByteSize()) {
      greatest =
          greatest.max(
              IntVector.fromMemorySegment(species, data, at, ByteOrder.LITTLE_ENDIAN)
                  .and(0x7FFFFFFF));
    }
    int result = greatest.reduceLanes(VectorOperators.MAX);
    for (long at = bound; at < data.byteSize(); at += Integer.BYTES) {
      result = Math.max(result, data.get(INT, at) & 0x7FFFFFFF);
    }
    return result;
  }
}
