package dev.quantgate.sandbox.embedded;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Frames between the harness and a worker: a length, then strings as counted UTF-16 units, so that
 * a lone surrogate in a completion arrives as it is.
 */
final class Wire {
  private static final int MAX_FRAME = 256 << 20;

  private Wire() {}

  static void write(OutputStream out, List<String> fields) throws IOException {
    long size = 0;
    for (String field : fields) {
      size += 4 + 2L * field.length();
    }
    if (size > MAX_FRAME) {
      throw new IOException("a job of %d bytes, at most %d can be sent".formatted(size, MAX_FRAME));
    }
    ByteBuffer frame = ByteBuffer.allocate(4 + (int) size).putInt((int) size);
    for (String field : fields) {
      frame.putInt(field.length());
      frame.asCharBuffer().put(field);
      frame.position(frame.position() + 2 * field.length());
    }
    synchronized (out) {
      out.write(frame.array());
      out.flush();
    }
  }

  /** Reads one frame; throws EOFException at the end. */
  static List<String> read(DataInputStream in) throws IOException {
    int size = in.readInt();
    if (size < 0 || size > MAX_FRAME) {
      throw new IOException("a frame of %d bytes".formatted(Integer.toUnsignedLong(size)));
    }
    ByteBuffer frame = ByteBuffer.wrap(in.readNBytes(size));
    List<String> fields = new ArrayList<>();
    while (frame.hasRemaining()) {
      int length = frame.remaining() < 4 ? -1 : frame.getInt();
      if (length < 0 || length > frame.remaining() / 2) {
        throw new IOException("a frame cut short");
      }
      fields.add(frame.asCharBuffer().subSequence(0, length).toString());
      frame.position(frame.position() + 2 * length);
    }
    return fields;
  }
}
