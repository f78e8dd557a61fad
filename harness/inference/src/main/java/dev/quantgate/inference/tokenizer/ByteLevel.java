package dev.quantgate.inference.tokenizer;

import java.nio.charset.StandardCharsets;

/**
 * The letters that byte-level BPE writes bytes with: printable bytes are themselves, the others are
 * the letters from U+0100 on, in order (GPT-2's bytes_to_unicode).
 */
final class ByteLevel {
  private static final int LETTERS = 0x144;
  private static final short[] BYTE_OF = table();

  private ByteLevel() {}

  /** The bytes of a token; its own UTF-8 if it has a character that is no such letter. */
  static byte[] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < token.length(); i++) {
      char letter = token.charAt(i);
      if (letter >= LETTERS || BYTE_OF[letter] < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) BYTE_OF[letter];
    }
    return bytes;
  }

  private static short[] table() {
    short[] table = new short[LETTERS];
    java.util.Arrays.fill(table, (short) -1);
    int next = 0x100;
    for (short b = 0; b < 0x100; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
      table[printable ? b : next++] = b;
    }
    return table;
  }
}
