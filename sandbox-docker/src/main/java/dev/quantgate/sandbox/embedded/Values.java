package dev.quantgate.sandbox.embedded;

import dev.quantgate.guest.GuestFault;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The part of codec.py's encoding that orders and verdicts need: tuples of str and bytes. */
final class Values {
  private Values() {}

  /** A tuple of strings and byte arrays. */
  static List<Object> tuple(Object... items) {
    return List.of(items);
  }

  static byte[] encode(List<Object> tuple) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write('t');
    length(out, tuple.size());
    for (Object item : tuple) {
      byte[] bytes = item instanceof byte[] raw ? raw : utf8((String) item);
      out.write(item instanceof byte[] ? 'b' : 's');
      length(out, bytes.length);
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  private static void length(ByteArrayOutputStream out, int length) {
    out.writeBytes(ByteBuffer.allocate(4).putInt(length).array());
  }

  /** UTF-8 in which a lone surrogate keeps its code point, as Python's "surrogatepass" has it. */
  static byte[] utf8(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(text.length() + 16);
    int plain = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      out.writeBytes(text.substring(plain, i).getBytes(StandardCharsets.UTF_8));
      out.write(0xE0 | c >> 12);
      out.write(0x80 | c >> 6 & 0x3F);
      out.write(0x80 | c & 0x3F);
      plain = i + 1;
    }
    out.writeBytes(text.substring(plain).getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }

  /**
   * The strings of a tuple.
   *
   * @throws GuestFault for whatever is not exactly a tuple of strings
   */
  static List<String> strings(byte[] payload) {
    try {
      ByteBuffer in = ByteBuffer.wrap(payload);
      expect(in, 't');
      int count = in.getInt();
      List<String> strings = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        expect(in, 's');
        byte[] bytes = new byte[Math.min(in.getInt(), in.remaining())];
        in.get(bytes);
        strings.add(new String(bytes, StandardCharsets.UTF_8));
      }
      return strings;
    } catch (java.nio.BufferUnderflowException | NegativeArraySizeException e) {
      throw new GuestFault("a verdict that cannot be read");
    }
  }

  private static void expect(ByteBuffer in, char tag) {
    if (in.get() != tag) {
      throw new GuestFault("a verdict that cannot be read");
    }
  }
}
