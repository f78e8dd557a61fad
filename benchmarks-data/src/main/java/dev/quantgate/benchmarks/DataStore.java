package dev.quantgate.benchmarks;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The folder in which the official data sets are kept, one folder each.
 */
public final class DataStore {
  private final Path folder;

  private DataStore(Path folder) {
    this.folder = folder;
  }

  /** A store in a folder of the caller's choice, which need not exist yet. */
  public static DataStore at(Path folder) {
    return new DataStore(folder.toAbsolutePath().normalize());
  }

  /**
   * The user's own: {@code data} in the folder that QUANTGATE_CACHE names, else in {@code quantgate}
   * in the one that XDG_CACHE_HOME names, else in {@code ~/.cache/quantgate}.
   */
  public static DataStore standard() {
    return standard(System.getenv(), Path.of(System.getProperty("user.home", ".")));
  }

  static DataStore standard(Map<String, String> environment, Path home) {
    @Nullable String own = environment.get("QUANTGATE_CACHE");
    @Nullable String xdg = environment.get("XDG_CACHE_HOME");
    Path cache;
    if (own != null && !own.isBlank()) {
      cache = Path.of(own);
    } else if (xdg != null && !xdg.isBlank() && Path.of(xdg).isAbsolute()) {
      cache = Path.of(xdg, "quantgate");
    } else {
      cache = home.resolve(".cache").resolve("quantgate");
    }
    return at(cache.resolve("data"));
  }

  /** The folder; it need not exist. */
  public Path folder() {
    return folder;
  }
}
