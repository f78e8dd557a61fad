package dev.quantgate.inference.checkpoint;

import dev.quantgate.base.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/** SHA-256 of a folder's files, in lower-case hexadecimal. */
final class FileSums {
  private static final int BUFFER = 1 << 20;

  private FileSums() {}

  /**
   * One file's own sum, as sha256sum prints it; of several files the sum over their sums (raw, in
   * the order given), so that they can be read at the same time.
   */
  static String ofWeights(List<Path> files) {
    List<byte[]> sums = files.parallelStream().map(KnownSums.ofUser()::sum).toList();
    if (sums.size() == 1) {
      return HexFormat.of().formatHex(sums.getFirst());
    }
    MessageDigest digest = Sha256.digest();
    sums.forEach(digest::update);
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The sum over name and sum of those of the files that exist. */
  static String ofNamed(List<Path> files) {
    MessageDigest digest = Sha256.digest();
    for (Path file : files) {
      if (Files.isRegularFile(file)) {
        digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        digest.update(stream(file));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static byte[] stream(Path file) {
    MessageDigest digest = Sha256.digest();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (channel.read(buffer) >= 0) {
        digest.update(buffer.flip());
        buffer.clear();
      }
    } catch (IOException e) {
      throw Refusal.unreadable(file, e);
    }
    return digest.digest();
  }
}
