package dev.quantgate.guest;

import dev.quantgate.base.Sha256;
import dev.quantgate.base.UserCache;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What interpreters are prepared with.
 *
 * @param sources files by name, not to be changed; {@code guest.py} is one, with a function {@code
 *     handle} from bytes to bytes, and may import the others
 * @param first the first order that it gets: to load what every later one needs
 */
@SuppressWarnings("ArrayRecordComponent")
public record GuestProgram(SortedMap<String, byte[]> sources, byte[] first) {
  static final String MAIN = "guest.py";

  public GuestProgram {
    if (!sources.containsKey(MAIN)) {
      throw new IllegalArgumentException(
          "expected %s among the sources, found %s".formatted(MAIN, sources.keySet()));
    }
    sources = Collections.unmodifiableSortedMap(new TreeMap<>(sources));
  }

  /** Where its image is kept: in the user's cache, by what the image depends on. */
  public Path file() {
    var hash = new Sha256().add(first);
    for (Map.Entry<String, byte[]> source : sources.entrySet()) {
      hash.add(source.getKey().getBytes(StandardCharsets.UTF_8)).add(source.getValue());
    }
    return UserCache.folder("python")
        .resolve("%s-%s.image".formatted(GuestPython.BUILD, hash.hex().substring(0, 16)));
  }
}
