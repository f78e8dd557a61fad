package dev.quantgate.inference.checkpoint;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.FileException;
import dev.quantgate.base.Sha256;
import dev.quantgate.base.UserCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * SHA-256 sums of large files, read once and kept in the user's cache: known by path, size, inode
 * and the times of the last change of content and of inode, the second of which no program sets at
 * will. Where a system has none of these, or a file was changed a moment ago, it is read.
 *
 * @param folder where they are kept
 */
record KnownSums(Path folder, Clock clock) {
  private static final String ATTRIBUTES = "unix:size,ino,lastModifiedTime,ctime";

  /** Clocks of file systems are coarse: a second change may come in the same tick. */
  private static final Duration SETTLED = Duration.ofSeconds(2);

  private static final int MOST_BYTES = 1_000;

  /** In the user's cache. */
  static KnownSums ofUser() {
    return new KnownSums(UserCache.folder("sums"), Clock.systemUTC());
  }

  /** A file's sum. */
  byte[] sum(Path file) {
    Optional<String> state = state(file);
    Path place = place(file);
    Optional<byte[]> known = state.flatMap(now -> read(place, now));
    if (known.isPresent()) {
      return known.get();
    }
    byte[] sum = FileSums.stream(file);
    if (state.isPresent() && state.equals(state(file))) {
      write(place, "%s %s\n".formatted(state.get(), HexFormat.of().formatHex(sum)));
    }
    return sum;
  }

  /** Has a file read the next time. */
  void forget(Path file) {
    try {
      Files.deleteIfExists(place(file));
    } catch (IOException e) {
      throw Refusal.unreadable(place(file), e);
    }
  }

  private Path place(Path file) {
    return folder.resolve(Sha256.hex(file.toAbsolutePath().normalize().toString()));
  }

  /** What changes when the file does; empty where it cannot be told. */
  private Optional<String> state(Path file) {
    try {
      Map<String, Object> found = Files.readAttributes(file, ATTRIBUTES);
      return found.get("ctime") instanceof FileTime changed
              && changed.toInstant().isBefore(clock.instant().minus(SETTLED))
          ? Optional.of(
              "%s %s %s %s"
                  .formatted(
                      found.get("size"), found.get("ino"), found.get("lastModifiedTime"), changed))
          : Optional.empty();
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<byte[]> read(Path place, String state) {
    try {
      if (!Files.isRegularFile(place) || Files.size(place) > MOST_BYTES) {
        return Optional.empty();
      }
      String line = Files.readString(place);
      String before = "%s ".formatted(state);
      return line.startsWith(before) && line.strip().length() == before.length() + 64
          ? Optional.of(HexFormat.of().parseHex(line.strip().substring(before.length())))
          : Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static void write(Path place, String line) {
    try {
      Files.createDirectories(AtomicFile.parent(place));
      AtomicFile.write(place, line.getBytes(StandardCharsets.UTF_8));
    } catch (IOException | FileException e) {
      // What could not be kept is read again next time.
    }
  }
}
