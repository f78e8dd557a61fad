package dev.quantgate.sandbox.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The Python sources that an interpreter is prepared with. */
final class Resources {
  private static final List<String> NAMES =
      List.of("codec.py", "candidate.py", "tester.py", "official.py", "standins.py", "guest.py");

  private Resources() {}

  static TreeMap<String, byte[]> sources() {
    TreeMap<String, byte[]> sources = new TreeMap<>();
    for (String name : NAMES) {
      try (InputStream in = Resources.class.getResourceAsStream("/dev/quantgate/sandbox/" + name)) {
        if (in == null) {
          throw new IllegalStateException("the resource " + name + " is missing from the jar");
        }
        sources.put(name, in.readAllBytes());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return sources;
  }

  /** A digest of names and contents. */
  static String sha256() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Map.Entry<String, byte[]> each : sources().entrySet()) {
        digest.update(each.getKey().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        digest.update((byte) 0);
        digest.update(each.getValue());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
