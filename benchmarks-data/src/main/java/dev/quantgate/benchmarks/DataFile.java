package dev.quantgate.benchmarks;

/**
 * A published file, byte for byte.
 *
 * @param name its name, without a folder
 * @param bytes its length
 * @param sha256 in lower-case hexadecimal digits
 */
public record DataFile(String name, long bytes, String sha256) {
  public DataFile {
    if (bytes <= 0 || !sha256.matches("[0-9a-f]{64}") || !name.matches("[A-Za-z0-9._-]+")) {
      throw new IllegalArgumentException(
          "not a file's name, length and sha256: %s, %d, %s".formatted(name, bytes, sha256));
    }
  }
}
