package dev.quantgate.sandbox.embedded;

import java.nio.file.Path;

/**
 * Where things are kept that can be made again: {@code QUANTGATE_CACHE}, else the user's cache
 * folder. Names carry a digest of all that the content depends on.
 */
final class Cache {
  private Cache() {}

  static Path file(String name) {
    String key =
        String.join(
            "-", EmbeddedProvider.PYTHON.replace(' ', '-'), Resources.sha256().substring(0, 16));
    return folder().resolve("embedded").resolve(key).resolve(name);
  }

  private static Path folder() {
    String chosen = System.getenv("QUANTGATE_CACHE");
    if (chosen != null && !chosen.isBlank()) {
      return Path.of(chosen, "sandbox");
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path base =
        xdg != null && Path.of(xdg).isAbsolute()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    return base.resolve("quantgate").resolve("sandbox");
  }
}
