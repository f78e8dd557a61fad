package dev.quantgate.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quantgate.inference.fixture.DamagedBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Seeded damage to a file: what disks, transfers, editors and attackers do to bytes, values, lines
 * and the file itself. The same seed gives the same damage.
 */
final class Mangler {
  private static final Pattern VALUE =
      Pattern.compile(
          "\"(?:[^\"\\\\\n]++|\\\\.)*+\"|-?\\d[\\d.eE+-]*|true|false|null|[\\[\\]{}:,]");

  private static final List<String> HOSTILE =
      List.of(
          "null",
          "true",
          "-1",
          "0",
          "1e999",
          "NaN",
          "4294967296",
          "9223372036854775808",
          "1000000000",
          "-0.0",
          "1e-400",
          "9".repeat(400),
          "\"\"",
          "\"0\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"../../../etc/passwd\"",
          "\"\u202e\u001b[2J\"",
          "\"%s%n{{x}}\"",
          "\"" + "a".repeat(20_000) + "\"",
          "[]",
          "{}",
          "[[]]",
          "{\"\": {}}",
          "[null]",
          "[1, \"a\", {}]",
          "[".repeat(2_000),
          "{\"a\":".repeat(2_000),
          "",
          ",",
          "}",
          "]",
          ":",
          "\n",
          "#",
          "---\n",
          "&a [*a, *a]",
          "!!java.lang.Object {}",
          "*",
          "\ufeff");

  private final SplittableRandom random;

  Mangler(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Damages a file in place and says how. */
  String damage(Path file) throws IOException {
    byte[] sound = Files.readAllBytes(file);
    int way = random.nextInt(40);
    if (way == 0) {
      Files.delete(file);
      return "is gone";
    }
    if (way == 1) {
      Files.delete(file);
      Files.createDirectory(file);
      return "is a folder";
    }
    if (way == 2) {
      Files.delete(file);
      Path target = Path.of(random.nextBoolean() ? "/dev/zero" : file.getFileName().toString());
      Files.createSymbolicLink(file, target);
      return "is a link to %s".formatted(target);
    }
    boolean text = random.nextInt(4) > 0 && isText(sound);
    byte[] changed = text ? values(sound) : bytes(sound);
    Files.write(file, changed);
    int at = Arrays.mismatch(sound, changed);
    return at < 0
        ? "is as it was"
        : "differs from byte %d on: %s"
            .formatted(
                at,
                new String(changed, at, Math.min(40, changed.length - at), UTF_8)
                    .replaceAll("\\p{Cntrl}", "."));
  }

  private static boolean isText(byte[] bytes) {
    for (int i = 0; i < Math.min(bytes.length, 64); i++) {
      if (bytes[i] == 0) {
        return false;
      }
    }
    return true;
  }

  /** A value, a key, a mark or a line becomes another, is doubled or goes. */
  private byte[] values(byte[] sound) {
    // One character a byte: what is not touched keeps its bytes, valid or not.
    String text = new String(sound, ISO_8859_1);
    if (random.nextInt(4) == 0) {
      return lines(text).getBytes(ISO_8859_1);
    }
    for (int times = 1 + random.nextInt(2); times > 0; times--) {
      List<MatchResult> found = VALUE.matcher(text).results().toList();
      if (found.isEmpty()) {
        return bytes(sound);
      }
      MatchResult at = found.get(random.nextInt(found.size()));
      String other =
          random.nextInt(3) == 0
              ? found.get(random.nextInt(found.size())).group()
              : new String(HOSTILE.get(random.nextInt(HOSTILE.size())).getBytes(UTF_8), ISO_8859_1);
      text = text.substring(0, at.start()) + other + text.substring(at.end());
    }
    return text.getBytes(ISO_8859_1);
  }

  private String lines(String text) {
    List<String> lines = new ArrayList<>(Arrays.asList(text.split("(?<=\n)")));
    int at = random.nextInt(lines.size());
    int other = random.nextInt(lines.size());
    switch (random.nextInt(6)) {
      case 0 -> lines.remove(at);
      case 1 -> lines.add(other, lines.get(at));
      case 2 -> lines.set(other, lines.set(at, lines.get(other)));
      case 3 -> lines.set(at, lines.get(at).stripTrailing());
      case 4 -> lines.set(at, lines.get(at).replace("\n", "\r\n"));
      default -> {
        String line = lines.get(at);
        lines.set(at, line.substring(0, random.nextInt(line.length() + 1)));
      }
    }
    return String.join("", lines);
  }

  /** Cut, longer, a piece elsewhere, or single bytes; most near the ends, where headers lie. */
  private byte[] bytes(byte[] sound) {
    if (sound.length < 2) {
      return new byte[] {(byte) random.nextInt()};
    }
    return DamagedBytes.of(sound, random);
  }
}
