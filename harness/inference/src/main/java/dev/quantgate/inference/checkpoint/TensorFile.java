package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One file of weights, mapped whole and its tensors checked.
 *
 * @param tensors those of an element type that is computed with, by name, in the order of the file
 * @param others the element types of all others by their names; a model may have no use for them
 */
record TensorFile(Map<String, Tensor> tensors, Map<String, String> others) {

  /** More tensors than any checkpoint has; a file with more only wants to eat the heap. */
  static final int MAX_TENSORS = 200_000;

  /** Element types by the names of safetensors, with the bits of an element. */
  private static final Map<String, Integer> BITS =
      Map.ofEntries(
          Map.entry("BOOL", 8),
          Map.entry("F4", 4),
          Map.entry("F6_E2M3", 6),
          Map.entry("F6_E3M2", 6),
          Map.entry("U8", 8),
          Map.entry("I8", 8),
          Map.entry("F8_E5M2", 8),
          Map.entry("F8_E4M3", 8),
          Map.entry("F8_E5M2FNUZ", 8),
          Map.entry("F8_E4M3FNUZ", 8),
          Map.entry("F8_E8M0", 8),
          Map.entry("I16", 16),
          Map.entry("U16", 16),
          Map.entry("F16", 16),
          Map.entry("BF16", 16),
          Map.entry("I32", 32),
          Map.entry("U32", 32),
          Map.entry("F32", 32),
          Map.entry("C64", 64),
          Map.entry("F64", 64),
          Map.entry("I64", 64),
          Map.entry("U64", 64));

  /** Opens a safetensors file, or a PyTorch file if its name does not end in ".safetensors". */
  static TensorFile open(Path path, Arena arena) {
    if (!Files.exists(path)) {
      throw Refusal.damaged(path, "no such file");
    }
    if (!Files.isRegularFile(path)) {
      throw Refusal.special(path);
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return path.getFileName().toString().endsWith(".safetensors")
          ? Safetensors.read(path, file)
          : TorchFile.read(path, file);
    } catch (IOException e) {
      throw Refusal.unreadable(path, e);
    }
  }

  /** The names of all tensors. */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>(tensors.keySet());
    names.addAll(others.keySet());
    return names;
  }

  /** The type to compute with, where the element type is one. */
  static Optional<DType> dtype(String elementType) {
    return Arrays.stream(DType.values())
        .filter(type -> type.name().equals(elementType))
        .findFirst();
  }

  /** Bytes of a tensor of that shape, checked for overflow and negative dimensions. */
  static long bytes(Path file, String tensor, String elementType, List<Long> shape) {
    Integer bits = BITS.get(elementType);
    if (bits == null) {
      throw unsupported(file, tensor, elementType);
    }
    try {
      long product = bits;
      for (long dimension : shape) {
        if (dimension < 0) {
          throw impossible(file, tensor, shape);
        }
        product = Math.multiplyExact(product, dimension);
      }
      if (product % Byte.SIZE != 0) {
        throw impossible(file, tensor, shape);
      }
      return product / Byte.SIZE;
    } catch (ArithmeticException e) {
      throw impossible(file, tensor, shape);
    }
  }

  static InferenceException unsupported(Path file, String tensor, String elementType) {
    return Refusal.unsupported(
        file,
        "tensor %s has element type %s; supported: F32, F16, BF16, I32"
            .formatted(Refusal.quoted(tensor), Refusal.quoted(elementType)));
  }

  private static InferenceException impossible(Path file, String tensor, List<Long> shape) {
    return Refusal.damaged(
        file, "tensor %s has an impossible shape %s".formatted(Refusal.quoted(tensor), shape));
  }

  static long[] array(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
