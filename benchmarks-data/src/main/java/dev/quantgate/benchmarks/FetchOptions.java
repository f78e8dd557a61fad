package dev.quantgate.benchmarks;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where {@link DataStore#fetch} takes a data set from.
 *
 * @param source a local file, or a folder that holds it, in place of the network
 * @param mirror a base address in place of the published ones: {@code MIRROR/SET/FILE}, {@code
 *     MIRROR/FILE} and the published path below MIRROR are tried in this order
 * @param offline whether the network must not be used
 */
public record FetchOptions(Optional<Path> source, Optional<URI> mirror, boolean offline) {
  public FetchOptions {
    mirror.ifPresent(base -> {
      String scheme = base.getScheme() == null ? "" : base.getScheme();
      if (!scheme.equals("https") && !scheme.equals("http") || base.getHost() == null) {
        throw new DataException(
            "Expected a mirror's base address with http or https, found \"%s\"; a local folder is given with --from"
                .formatted(base));
      }
    });
  }

  /** From where its authors publish it. */
  public static FetchOptions standard() {
    return new FetchOptions(Optional.empty(), Optional.empty(), false);
  }
}
