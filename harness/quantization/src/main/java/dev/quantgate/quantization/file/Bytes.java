package dev.quantgate.quantization.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Little-endian bytes on their way to a file, a bounded piece at a time. */
public final class Bytes {
  private static final int PIECE = 1 << 20;

  private Bytes() {}

  public static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  public static void writeFully(FileChannel out, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      out.write(buffer);
    }
  }

  public static void write(FileChannel out, MemorySegment data) throws IOException {
    for (long at = 0; at < data.byteSize(); at += PIECE) {
      writeFully(out, data.asSlice(at, Math.min(PIECE, data.byteSize() - at)).asByteBuffer());
    }
  }

  public static void write(FileChannel out, int[] values) throws IOException {
    ByteBuffer piece = allocate(PIECE);
    for (int at = 0; at < values.length; ) {
      int count = Math.min(PIECE / 4, values.length - at);
      piece.clear().asIntBuffer().put(values, at, count);
      writeFully(out, piece.limit(count * 4));
      at += count;
    }
  }

  public static void write(FileChannel out, short[] values) throws IOException {
    ByteBuffer piece = allocate(PIECE);
    for (int at = 0; at < values.length; ) {
      int count = Math.min(PIECE / 2, values.length - at);
      piece.clear().asShortBuffer().put(values, at, count);
      writeFully(out, piece.limit(count * 2));
      at += count;
    }
  }
}
