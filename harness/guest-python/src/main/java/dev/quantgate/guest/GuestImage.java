package dev.quantgate.guest;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import run.endive.runtime.Memory;

/**
 * A prepared interpreter at rest, that others begin from. Preparing one takes seconds of a cold
 * virtual machine, so it is kept in a file: it is the same on every machine, as nothing that an
 * interpreter sees while it is prepared differs.
 *
 * @param memory not to be changed
 */
@SuppressWarnings("ArrayRecordComponent")
public record GuestImage(byte[] memory, long stackPointer) {
  private static final long MAGIC = 0x5147_494d_4147_4532L;

  /** Reads a program's image from a file, or prepares it and leaves it there for the next time. */
  public static GuestImage of(GuestProgram program, Path file) {
    try {
      return read(file);
    } catch (IOException e) {
      GuestImage image = GuestPython.prepare(program);
      try {
        image.write(file);
      } catch (IOException ignored) {
        // A folder that cannot be written costs the next start its seconds, nothing else.
      }
      return image;
    }
  }

  /**
   * Reads a kept image.
   *
   * @throws IOException if there is none, or it is not whole
   */
  static GuestImage read(Path file) throws IOException {
    var sum = new CRC32C();
    try (var raw = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
        var checked = new CheckedInputStream(new BufferedInputStream(raw, 1 << 20), sum);
        var in = new DataInputStream(checked)) {
      if (in.readLong() != MAGIC) {
        throw new IOException("not an image");
      }
      long stackPointer = in.readLong();
      int size = in.readInt();
      if (size <= 0 || size > GuestPython.PREPARING_BYTES || size % Memory.PAGE_SIZE != 0) {
        throw new IOException("an image of %d bytes".formatted(size));
      }
      byte[] memory = new byte[size];
      in.readFully(memory);
      long expected = sum.getValue();
      if (in.readLong() != expected || in.read() >= 0) {
        throw new IOException("a damaged image");
      }
      return new GuestImage(memory, stackPointer);
    }
  }

  private void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("no file");
    }
    Files.createDirectories(folder);
    // Several processes may prepare it at once: each writes a file of its own and moves it.
    Path part = Files.createTempFile(folder, "image", ".part");
    try {
      var sum = new CRC32C();
      try (var raw = new BufferedOutputStream(Files.newOutputStream(part), 1 << 20);
          var checked = new CheckedOutputStream(raw, sum);
          var out = new DataOutputStream(checked)) {
        out.writeLong(MAGIC);
        out.writeLong(stackPointer);
        out.writeInt(memory.length);
        out.write(memory);
        out.writeLong(sum.getValue());
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
