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
import java.util.List;
import java.util.Map;

/**
 * One file of weights, mapped whole and its tensors checked.
 *
 * @param path the file
 * @param tensors by name, in the order of the file
 */
record TensorFile(Path path, Map<String, Tensor> tensors) {

  /** More tensors than any checkpoint has; a file with more only wants to eat the heap. */
  static final int MAX_TENSORS = 200_000;

  /** Opens a safetensors file, or a PyTorch file if its name does not end in ".safetensors". */
  static TensorFile open(Path path, Arena arena) {
    if (!Files.isRegularFile(path)) {
      throw Refusal.damaged(path, "no such file");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new TensorFile(
          path,
          path.getFileName().toString().endsWith(".safetensors")
              ? Safetensors.tensors(path, file)
              : TorchFile.tensors(path, file));
    } catch (IOException e) {
      throw Refusal.unreadable(path, e);
    }
  }

  static DType dtype(Path file, String tensor, String name) {
    return switch (name) {
      case "F32" -> DType.F32;
      case "F16" -> DType.F16;
      case "BF16" -> DType.BF16;
      case "I32" -> DType.I32;
      default ->
          throw Refusal.unsupported(
              file,
              "tensor "
                  + Refusal.quoted(tensor)
                  + " has element type "
                  + Refusal.quoted(name)
                  + "; supported: F32, F16, BF16, I32");
    };
  }

  /** Bytes of a tensor of that shape, checked for overflow and negative dimensions. */
  static long bytes(Path file, String tensor, DType dtype, List<Long> shape) {
    try {
      long product = dtype.bytes();
      for (long dimension : shape) {
        if (dimension < 0) {
          throw impossible(file, tensor, shape);
        }
        product = Math.multiplyExact(product, dimension);
      }
      return product;
    } catch (ArithmeticException e) {
      throw impossible(file, tensor, shape);
    }
  }

  private static InferenceException impossible(Path file, String tensor, List<Long> shape) {
    return Refusal.damaged(
        file, "tensor " + Refusal.quoted(tensor) + " has an impossible shape " + shape);
  }

  static long[] array(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
