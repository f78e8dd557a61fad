package dev.quantgate.sandbox.embedded;

import dev.quantgate.base.Sha256;
import dev.quantgate.guest.GuestProgram;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The Python sources that an interpreter is prepared with. */
final class Resources {
  private static final List<String> NAMES =
      List.of("codec.py", "candidate.py", "tester.py", "official.py", "standins.py", "guest.py");

  private static final int PREPARING_FRAME_BYTES = 1 << 20;

  private Resources() {}

  /** What every interpreter begins with: the sources, and an order to import what jobs use. */
  static GuestProgram program() {
    return new GuestProgram(
        sources(), Values.encode(Values.tuple("prepare", Integer.toString(PREPARING_FRAME_BYTES))));
  }

  static TreeMap<String, byte[]> sources() {
    TreeMap<String, byte[]> sources = new TreeMap<>();
    for (String name : NAMES) {
      try (InputStream in = Resources.class.getResourceAsStream("/dev/quantgate/sandbox/" + name)) {
        if (in == null) {
          throw new IllegalStateException(
              "the resource %s is missing from the jar".formatted(name));
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
    MessageDigest digest = Sha256.digest();
    for (Map.Entry<String, byte[]> each : sources().entrySet()) {
      digest.update(each.getKey().getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
      digest.update(each.getValue());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
