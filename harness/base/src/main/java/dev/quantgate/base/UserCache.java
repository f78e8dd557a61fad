package dev.quantgate.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Where things are kept that can be made again: {@code QUANTGATE_CACHE}, else the user's cache
 * folder by the custom of the platform, else a temporary one.
 */
public final class UserCache {
  private UserCache() {}

  /** A folder of ours, made if missing. */
  public static Path folder(String name) {
    Path own = environment("QUANTGATE_CACHE", caches().resolve("quantgate")).resolve(name);
    try {
      Files.createDirectories(own);
      if (Files.isWritable(own)) {
        return own;
      }
    } catch (IOException e) {
      // Read-only homes are usual in containers; the temporary folder serves as well.
    }
    return Path.of(System.getProperty("java.io.tmpdir", "."), "quantgate-%s".formatted(name));
  }

  private static Path caches() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    Path home = Path.of(System.getProperty("user.home", ""));
    if (os.contains("win")) {
      return environment("LOCALAPPDATA", home.resolve("AppData/Local"));
    }
    return os.contains("mac")
        ? home.resolve("Library/Caches")
        : environment("XDG_CACHE_HOME", home.resolve(".cache"));
  }

  private static Path environment(String name, Path absent) {
    String value = System.getenv(name);
    return value == null || value.isBlank() ? absent : Path.of(value);
  }
}
