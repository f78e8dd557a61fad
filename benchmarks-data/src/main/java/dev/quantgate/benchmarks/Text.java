package dev.quantgate.benchmarks;

import dev.quantgate.base.PlainText;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Strict text: what is not UTF-8 is refused with its line. */
final class Text {
  private Text() {}

  /**
   * Decodes a file's bytes, without the byte order mark that they may begin with.
   *
   * @param file its name, for messages
   * @throws DataException if they are not UTF-8
   */
  static String decode(String file, byte[] bytes) {
    boolean marked =
        bytes.length >= 3
            && bytes[0] == (byte) 0xEF
            && bytes[1] == (byte) 0xBB
            && bytes[2] == (byte) 0xBF;
    var buffer = ByteBuffer.wrap(bytes);
    if (marked) {
      buffer.position(3);
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(buffer).toString();
    } catch (CharacterCodingException e) {
      int bad = buffer.position();
      int line = 1;
      for (int i = 0; i < bad; i++) {
        if (bytes[i] == '\n') {
          line++;
        }
      }
      throw new DataException(
          "%s, line %d: expected UTF-8, found the byte 0x%02x at offset %d"
              .formatted(file, line, bytes[bad], bad),
          e);
    }
  }

  /** Whether every surrogate has its partner, so that the text has a UTF-8 form. */
  static boolean wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }

  /** A text from outside as a message may show it: in quotes, one line, at most 60 characters. */
  static String shown(String text) {
    return PlainText.quoted(text, 60);
  }

  static String sha256(byte[] bytes) {
    var digest = sha256();
    digest.update(bytes);
    return hex(digest);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
