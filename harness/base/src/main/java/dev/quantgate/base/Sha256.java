package dev.quantgate.base;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * SHA-256: of a text, bytes or a file as {@code sha256sum} prints it, or over a sequence of parts,
 * each of which goes in with its length so that no two sequences meet.
 */
public final class Sha256 {
  private final MessageDigest digest = digest();

  /** The plain hash of a text in UTF-8, in lower-case hexadecimal. */
  public static String hex(String text) {
    return hex(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The plain hash of some bytes, in lower-case hexadecimal. */
  public static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(digest().digest(bytes));
  }

  /**
   * The plain hash of a file's content.
   *
   * @throws FileException if it is no regular file or cannot be read
   */
  public static String hex(Path file) {
    RegularFile.require(file);
    MessageDigest digest = digest();
    try (var in = new FileInputStream(file.toFile())) {
      byte[] block = new byte[1 << 18];
      for (int n = in.read(block); n >= 0; n = in.read(block)) {
        digest.update(block, 0, n);
      }
    } catch (IOException e) {
      throw FileException.cannot("read", file, e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** A fresh digest, for content that arrives in pieces. */
  public static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Adds a part: a text in UTF-8. */
  public Sha256 add(String part) {
    return add(part.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a part. */
  public Sha256 add(byte[] part) {
    digest.update(ByteBuffer.allocate(4).putInt(0, part.length));
    digest.update(part);
    return this;
  }

  /** Adds a part: token ids, four bytes each, the most significant first. */
  public Sha256 add(List<Integer> ids) {
    var bytes = ByteBuffer.allocate(Math.multiplyExact(4, ids.size()));
    ids.forEach(bytes::putInt);
    return add(bytes.array());
  }

  /** The hash of the parts, which begins anew. */
  public byte[] bytes() {
    return digest.digest();
  }

  /** The hash of the parts in lower-case hexadecimal, which begins anew. */
  public String hex() {
    return HexFormat.of().formatHex(bytes());
  }
}
