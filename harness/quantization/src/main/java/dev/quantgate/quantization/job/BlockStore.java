package dev.quantgate.quantization.job;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.quantization.QuantizationMethod;
import dev.quantgate.quantization.QuantizationReport;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.file.Bytes;
import dev.quantgate.quantization.solve.QuantizedLayer;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.zip.CRC32C;

/**
 * Finished blocks on disk, so that a killed job goes on where it was. A block appears under its
 * name only when it is whole (written aside, forced, renamed), and carries a checksum.
 *
 * <p>Beside them lies at most one snapshot of the hidden states that a block gets; blocks finished
 * after it are run again on resumption, on the very weights that were kept, which gives the same
 * bits.
 */
final class BlockStore {
  private static final int MAGIC = 0x51474231;
  private final Path folder;

  BlockStore(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
  }

  /**
   * A block's layers and what is said of them, in the order of {@code Checkpoint.Block.linears()}.
   */
  record Block(List<QuantizedLayer> layers, List<QuantizationReport.Layer> reports) {
    Block {
      layers = List.copyOf(layers);
      reports = List.copyOf(reports);
    }
  }

  boolean has(int block) {
    return Files.isRegularFile(file(block));
  }

  void save(int block, Block content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(MAGIC);
    out.writeInt(content.layers().size());
    for (int i = 0; i < content.layers().size(); i++) {
      write(out, content.layers().get(i));
      write(out, content.reports().get(i));
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes.toByteArray());
    out.writeLong(crc.getValue());
    AtomicFile.write(file(block), bytes.toByteArray());
  }

  /** How many blocks are whole, counted from the first. */
  int countLeading(int blocks, Scheme scheme) throws IOException {
    int count = 0;
    while (count < blocks && load(count, scheme).isPresent()) {
      count++;
    }
    return count;
  }

  /** Empty where the block is not there or its checksum says that it is damaged. */
  Optional<Block> load(int block, Scheme scheme) throws IOException {
    if (!has(block)) {
      return Optional.empty();
    }
    byte[] bytes = Files.readAllBytes(file(block));
    if (bytes.length < 16) {
      return Optional.empty();
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - 8);
    if (ByteBuffer.wrap(bytes, bytes.length - 8, 8).getLong() != crc.getValue()) {
      return Optional.empty();
    }
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    if (in.readInt() != MAGIC) {
      return Optional.empty();
    }
    int count = in.readInt();
    List<QuantizedLayer> layers = new ArrayList<>();
    List<QuantizationReport.Layer> reports = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      layers.add(readLayer(in, scheme));
      reports.add(readReport(in));
    }
    return Optional.of(new Block(layers, reports));
  }

  private static void write(DataOutputStream out, QuantizedLayer layer) throws IOException {
    out.writeUTF(layer.name());
    out.writeInt(layer.inputs());
    out.writeInt(layer.outputs());
    out.write(layer.codes());
    ByteBuffer scales = ByteBuffer.allocate(layer.scales().length * 2);
    scales.asShortBuffer().put(layer.scales());
    out.write(scales.array());
    out.write(layer.zeros());
  }

  private static QuantizedLayer readLayer(DataInputStream in, Scheme scheme) throws IOException {
    String name = in.readUTF();
    int inputs = in.readInt();
    int outputs = in.readInt();
    byte[] codes = in.readNBytes(inputs * outputs);
    short[] scales = new short[scheme.groups(inputs) * outputs];
    ByteBuffer.wrap(in.readNBytes(scales.length * 2)).asShortBuffer().get(scales);
    byte[] zeros = in.readNBytes(scales.length);
    return new QuantizedLayer(name, scheme, inputs, outputs, codes, scales, zeros);
  }

  private static void write(DataOutputStream out, QuantizationReport.Layer layer)
      throws IOException {
    out.writeUTF(layer.name());
    out.writeInt(layer.outputs());
    out.writeInt(layer.inputs());
    out.writeUTF(layer.chosen().name());
    write(out, layer.rtnLoss());
    write(out, layer.gptqLoss());
    out.writeDouble(layer.weightError());
    write(out, layer.damping());
    out.writeInt(layer.deadInputs());
    out.writeUTF(layer.note());
    out.writeLong(layer.time().toNanos());
  }

  private static QuantizationReport.Layer readReport(DataInputStream in) throws IOException {
    return new QuantizationReport.Layer(
        in.readUTF(),
        in.readInt(),
        in.readInt(),
        QuantizationMethod.valueOf(in.readUTF()),
        readOptional(in),
        readOptional(in),
        in.readDouble(),
        readOptional(in),
        in.readInt(),
        in.readUTF(),
        Duration.ofNanos(in.readLong()));
  }

  private static void write(DataOutputStream out, OptionalDouble value) throws IOException {
    out.writeDouble(value.orElse(Double.NaN));
  }

  private static OptionalDouble readOptional(DataInputStream in) throws IOException {
    double value = in.readDouble();
    return Double.isNaN(value) ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  private Path file(int block) {
    return folder.resolve(String.format("block-%05d.bin", block));
  }

  /** Keeps the hidden states that {@code block} gets, in place of an earlier snapshot. */
  void saveHidden(int block, List<float[]> hidden) throws IOException {
    OptionalInt earlier = snapshot(Integer.MAX_VALUE);
    Path file = hiddenFile(block);
    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    Files.deleteIfExists(temporary);
    CRC32C crc = new CRC32C();
    try (FileChannel out =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (float[] sequence : hidden) {
        ByteBuffer bytes = Bytes.allocate(4 * sequence.length);
        bytes.asFloatBuffer().put(sequence);
        crc.update(bytes.array());
        Bytes.writeFully(out, bytes);
      }
      Bytes.writeFully(out, Bytes.allocate(8).putLong(0, crc.getValue()));
      out.force(true);
    }
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    if (earlier.isPresent() && earlier.getAsInt() != block) {
      Files.deleteIfExists(hiddenFile(earlier.getAsInt()));
    }
  }

  /** The latest block up to {@code last} whose hidden states are kept. */
  OptionalInt snapshot(int last) throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches("hidden-\\d{5}\\.bin"))
          .mapToInt(name -> Integer.parseInt(name.substring(7, 12)))
          .filter(block -> block <= last)
          .max();
    }
  }

  /**
   * The snapshot of a block, as sequences of the given lengths (in floats); empty where its length
   * or its checksum says that it is damaged.
   */
  Optional<List<float[]>> loadHidden(int block, List<Integer> lengths) throws IOException {
    Path file = hiddenFile(block);
    long expected = lengths.stream().mapToLong(Integer::longValue).sum() * 4 + 8;
    if (Files.size(file) != expected) {
      return Optional.empty();
    }
    List<float[]> hidden = new ArrayList<>();
    CRC32C crc = new CRC32C();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 20)) {
      for (int length : lengths) {
        byte[] bytes = in.readNBytes(4 * length);
        crc.update(bytes);
        float[] sequence = new float[length];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(sequence);
        hidden.add(sequence);
      }
      long sum = ByteBuffer.wrap(in.readNBytes(8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
      return sum == crc.getValue() ? Optional.of(hidden) : Optional.empty();
    }
  }

  private Path hiddenFile(int block) {
    return folder.resolve(String.format("hidden-%05d.bin", block));
  }
}
