package dev.quantgate.evaluation.run;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * SHA-256 over a sequence of parts. Each part goes in with its length, so that no two sequences
 * meet.
 */
final class Hash {
  private final MessageDigest digest = sha256();

  /** The plain hash of a text in UTF-8, as {@code sha256sum} prints it. */
  static String of(String text) {
    return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** The plain hash of some bytes. */
  static String of(byte[] bytes) {
    return HexFormat.of().formatHex(sha256().digest(bytes));
  }

  Hash add(String part) {
    return add(part.getBytes(StandardCharsets.UTF_8));
  }

  Hash add(byte[] part) {
    digest.update(ByteBuffer.allocate(4).putInt(0, part.length));
    digest.update(part);
    return this;
  }

  Hash add(List<Integer> ids) {
    var bytes = ByteBuffer.allocate(Math.multiplyExact(4, ids.size()));
    ids.forEach(bytes::putInt);
    return add(bytes.array());
  }

  byte[] bytes() {
    return digest.digest();
  }

  String hex() {
    return HexFormat.of().formatHex(bytes());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
