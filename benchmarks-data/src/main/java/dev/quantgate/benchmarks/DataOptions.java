package dev.quantgate.benchmarks;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where data is taken from and how strict its check is.
 *
 * @param folder a folder, or one of the official files itself; empty for what {@code quantgate data
 *     fetch} has put into the cache folder
 * @param acceptUncatalogued whether data with an unknown hash may be used; its form is checked all
 *     the same
 */
public record DataOptions(Optional<Path> folder, boolean acceptUncatalogued) {

  /** The cache folder, catalogued data only. */
  public static DataOptions standard() {
    return new DataOptions(Optional.empty(), false);
  }
}
