package dev.quantgate.quantization.format;

import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.quantization.file.Bytes;
import dev.quantgate.quantization.file.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes tensors as safetensors files: an 8-byte little-endian header length, a JSON header padded
 * with spaces to a multiple of 8, then the tensors one after another. Bodies are streamed, so a
 * shard costs no memory.
 */
final class SafetensorsWriter {
  private SafetensorsWriter() {}

  /**
   * A tensor to be written.
   *
   * @param body writes exactly {@code bytes()} bytes when its turn comes
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Entry(String name, Tensor.DType dtype, long[] shape, Body body) {
    long bytes() {
      long product = dtype.bytes();
      for (long dimension : shape) {
        product = Math.multiplyExact(product, dimension);
      }
      return product;
    }
  }

  /** Writes a tensor's elements, little-endian. */
  @FunctionalInterface
  interface Body {
    void writeTo(FileChannel out) throws IOException;
  }

  /**
   * Writes all entries in order: one {@code model.safetensors}, or shards with an index where they
   * are more than {@code shardBytes} together. No tensor is split, so a shard can be larger than
   * that.
   *
   * @return the bytes of all tensors
   */
  static long write(Path folder, List<Entry> entries, long shardBytes) throws IOException {
    List<List<Entry>> shards = new ArrayList<>();
    long used = Long.MAX_VALUE;
    long total = 0;
    for (Entry entry : entries) {
      long bytes = entry.bytes();
      if (shards.isEmpty() || used + bytes > shardBytes) {
        shards.add(new ArrayList<>());
        used = 0;
      }
      shards.getLast().add(entry);
      used += bytes;
      total += bytes;
    }
    if (shards.size() == 1) {
      writeFile(folder.resolve("model.safetensors"), shards.getFirst());
      return total;
    }
    Map<String, String> files = new TreeMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String name = String.format("model-%05d-of-%05d.safetensors", i + 1, shards.size());
      writeFile(folder.resolve(name), shards.get(i));
      shards.get(i).forEach(entry -> files.put(entry.name(), name));
    }
    Map<String, Object> index = new LinkedHashMap<>();
    index.put("metadata", Map.of("total_size", total));
    index.put("weight_map", files);
    Json.write(folder.resolve("model.safetensors.index.json"), index);
    return total;
  }

  private static void writeFile(Path file, List<Entry> entries) throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("__metadata__", Map.of("format", "pt"));
    long offset = 0;
    for (Entry entry : entries) {
      long end = offset + entry.bytes();
      Map<String, Object> value = new LinkedHashMap<>();
      value.put("dtype", entry.dtype().name());
      value.put("shape", entry.shape());
      value.put("data_offsets", new long[] {offset, end});
      header.put(entry.name(), value);
      offset = end;
    }
    byte[] json = Json.compact(header).getBytes(StandardCharsets.UTF_8);
    int length = Math.ceilDiv(json.length, 8) * 8;
    ByteBuffer head = Bytes.allocate(8 + length).putLong(length).put(json);
    while (head.hasRemaining()) {
      head.put((byte) ' ');
    }
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      Bytes.writeFully(out, head.flip());
      for (Entry entry : entries) {
        long before = out.position();
        entry.body().writeTo(out);
        if (out.position() - before != entry.bytes()) {
          throw new IllegalStateException(
              "%s: %d bytes written, not %d"
                  .formatted(entry.name(), out.position() - before, entry.bytes()));
        }
      }
      out.force(true);
    }
  }
}
