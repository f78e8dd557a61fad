package dev.quantgate.sandbox.embedded;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import run.endive.runtime.Memory;
import run.endive.wasm.WasmModule;

/**
 * The prepared interpreter that all jobs of a worker start from. Preparing it takes seconds of a
 * cold JVM, so it is kept in a file: the memory of an interpreter is the same on every machine.
 */
final class Images {
  /** What an interpreter may use while it is prepared. */
  private static final long PREPARING_BYTES = (192L << 20) + Interpreter.STACK_BYTES;

  private static final long MAGIC = 0x5147_494d_4147_4531L;

  private Images() {}

  /** Reads the image from a file, or prepares it and leaves it there for the next time. */
  static Interpreter.Image prepared(WasmModule module, Path file) {
    try {
      return read(file);
    } catch (IOException e) {
      Interpreter.Image image = Interpreter.prepare(module, Lane.pages(PREPARING_BYTES));
      try {
        write(image, file);
      } catch (IOException ignored) {
        // A folder that cannot be written costs the next start its seconds, nothing else.
      }
      return image;
    }
  }

  private static Interpreter.Image read(Path file) throws IOException {
    CRC32C sum = new CRC32C();
    try (var raw = new BufferedInputStream(Files.newInputStream(file), 1 << 20);
        var checked = new CheckedInputStream(raw, sum);
        var in = new DataInputStream(checked)) {
      if (in.readLong() != MAGIC) {
        throw new IOException("not an image");
      }
      long stackPointer = in.readLong();
      int size = in.readInt();
      if (size <= 0 || size > PREPARING_BYTES || size % Memory.PAGE_SIZE != 0) {
        throw new IOException("an image of " + size + " bytes");
      }
      byte[] memory = new byte[size];
      in.readFully(memory);
      long expected = sum.getValue();
      if (in.readLong() != expected) {
        throw new IOException("a damaged image");
      }
      return new Interpreter.Image(memory, stackPointer);
    }
  }

  private static void write(Interpreter.Image image, Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Path part = Files.createTempFile(file.toAbsolutePath().getParent(), "image", ".part");
    try {
      CRC32C sum = new CRC32C();
      try (var raw = new BufferedOutputStream(Files.newOutputStream(part), 1 << 20);
          var checked = new CheckedOutputStream(raw, sum);
          var out = new DataOutputStream(checked)) {
        out.writeLong(MAGIC);
        out.writeLong(image.stackPointer());
        out.writeInt(image.memory().length);
        out.write(image.memory());
        out.writeLong(sum.getValue());
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
