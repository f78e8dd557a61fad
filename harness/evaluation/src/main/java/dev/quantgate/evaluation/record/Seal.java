package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;
import static dev.quantgate.evaluation.record.EvaluationException.Kind.NEWER;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quantgate.base.Sha256;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The form in which every durable file is written: each JSON object begins with {@code
 * schemaVersion} and ends with {@code checksum}, so that what is newer, damaged or edited is known
 * as that.
 *
 * <p>A page's checksum is the SHA-256 of all bytes before it. The checksum of a line of JSON Lines
 * is the first 16 digits of the SHA-256 of the line before's checksum (for the first line: the
 * file's name) followed by the line's bytes up to its own: a line that is changed, put in, taken
 * out or moved breaks the chain where it stands. Files of schema 1 have neither.
 */
public final class Seal {
  /** The version of everything that this program writes. */
  public static final int SCHEMA_VERSION = 2;

  private static final Pattern VERSIONED =
      Pattern.compile("\\{\\s*\"schemaVersion\"\\s*:\\s*\\d+,\\s*");
  private static final int MOST_HEAD = 64;
  private static final String VERSION = "schemaVersion";
  private static final String CHECKSUM = "checksum";
  private static final int LINE_DIGITS = 16;
  private static final int PAGE_DIGITS = 64;

  private Seal() {}

  /** Puts version and checksum into an indented object. */
  static byte[] page(byte[] json) {
    byte[] body = begun(json, "{\n  \"%s\" : ", "\n");
    byte[] open = Arrays.copyOf(body, body.length - 2);
    return joined(open, pageEnd(Sha256.hex(open)));
  }

  static byte[] pageEnd(String checksum) {
    return ",\n  \"%s\" : \"%s\"\n}\n".formatted(CHECKSUM, checksum).getBytes(US_ASCII);
  }

  /**
   * Reads a page.
   *
   * @param file its name, for messages
   */
  static Opened page(String file, byte[] bytes) {
    ObjectNode object = object(file, bytes);
    int version = version(file, object);
    if (version > 1) {
      String checksum = checksum(file, object);
      byte[] end = pageEnd(checksum);
      int length = bytes.length - end.length;
      if (length < 0
          || !Arrays.equals(bytes, length, bytes.length, end, 0, end.length)
          || checksum.length() != PAGE_DIGITS
          || !checksum.equals(Sha256.hex(Arrays.copyOf(bytes, length)))) {
        throw changed(file);
      }
    }
    return new Opened(version, object);
  }

  /**
   * What an object says beside its version and checksum, which are not in it.
   *
   * @param version of its form, 1 where it has none
   */
  record Opened(int version, ObjectNode object) {}

  /** The checksums of a file's lines, from the first to the last. */
  static final class Chain {
    private String last;
    private boolean sealed;

    /**
     * @param name of the file, so that no two files' lines can be exchanged
     */
    Chain(String name) {
      this.last = name;
    }

    /** Puts version and checksum into an object on one line; gives it with its line feed. */
    byte[] seal(byte[] json) {
      byte[] body = begun(json, "{\"%s\":", "");
      byte[] open = Arrays.copyOf(body, body.length - 1);
      last = next(open, open.length);
      sealed = true;
      return joined(open, lineEnd(last), "\n".getBytes(US_ASCII));
    }

    /**
     * Reads the next line.
     *
     * @param place file and number of the line, for messages
     * @param least the version that the line must have at least
     */
    Opened open(String place, byte[] line, int least) {
      ObjectNode object = object(place, line);
      int version = version(place, object);
      if (version < least || sealed && version == 1) {
        throw new EvaluationException(
            INPUT,
            "%s: is damaged: expected schemaVersion %d, found %d"
                .formatted(place, Math.max(least, 2), version));
      }
      if (version > 1) {
        String checksum = checksum(place, object);
        byte[] end = lineEnd(checksum);
        int length = line.length - end.length;
        if (length < 0
            || !Arrays.equals(line, length, line.length, end, 0, end.length)
            || !checksum.equals(next(line, length))) {
          throw changed(place);
        }
        last = checksum;
        sealed = true;
      }
      return new Opened(version, object);
    }

    private String next(byte[] line, int length) {
      return lineHash(last, line, length);
    }
  }

  static byte[] lineEnd(String checksum) {
    return ",\"%s\":\"%s\"}".formatted(CHECKSUM, checksum).getBytes(US_ASCII);
  }

  /**
   * The checksum of a line.
   *
   * @param before the checksum of the line before; for the first line the file's name
   * @param length how many bytes stand before the line's own checksum
   */
  static String lineHash(String before, byte[] line, int length) {
    MessageDigest digest = Sha256.digest();
    digest.update(before.getBytes(UTF_8));
    digest.update(line, 0, length);
    return HexFormat.of().formatHex(digest.digest()).substring(0, LINE_DIGITS);
  }

  /** The checksum of a page, over so many bytes. */
  static String pageHash(byte[] page, int length) {
    MessageDigest digest = Sha256.digest();
    digest.update(page, 0, length);
    return HexFormat.of().formatHex(digest.digest());
  }

  /** What stands where a line's checksum should. */
  static String lineChecksum(byte[] line) {
    return before(line, "\"}", LINE_DIGITS);
  }

  /** What stands where a page's checksum should. */
  static String pageChecksum(byte[] page) {
    return before(page, "\"\n}\n", PAGE_DIGITS);
  }

  private static String before(byte[] bytes, String end, int digits) {
    int from = bytes.length - end.length() - digits;
    return from < 0 ? "" : new String(bytes, from, digits, ISO_8859_1);
  }

  /** The version that an object says it has; empty for none. */
  static String versionIn(byte[] open) {
    var version =
        VERSIONED.matcher(new String(open, 0, Math.min(open.length, MOST_HEAD), ISO_8859_1));
    return version.lookingAt() ? version.group().replaceAll("\\D", "") : "";
  }

  /** An object without version and checksum, given without the checksum and the closing brace. */
  static byte[] bare(byte[] open) {
    String head = new String(open, 0, Math.min(open.length, MOST_HEAD), ISO_8859_1);
    var version = VERSIONED.matcher(head);
    byte[] rest = version.lookingAt() ? Arrays.copyOfRange(open, version.end(), open.length) : open;
    boolean page = head.startsWith("{\n");
    return version.lookingAt()
        ? joined(
            (page ? "{\n  " : "{").getBytes(US_ASCII),
            rest,
            (page ? "\n}" : "}").getBytes(US_ASCII))
        : open;
  }

  private static byte[] begun(byte[] json, String before, String after) {
    String begin = before.formatted(VERSION);
    byte[] prefix = begin.getBytes(UTF_8);
    if (startsWith(json, prefix)) {
      return json;
    }
    byte[] version = "%s%d,%s".formatted(begin, SCHEMA_VERSION, after).getBytes(UTF_8);
    int brace = 1 + after.length();
    return joined(version, Arrays.copyOfRange(json, brace, json.length));
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static byte[] joined(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static ObjectNode object(String place, byte[] bytes) {
    JsonNode node;
    try {
      node = Json.lines().readTree(bytes);
    } catch (JacksonException e) {
      throw new EvaluationException(
          INPUT, "%s: is damaged: %s".formatted(place, Disk.reason(e)), e);
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new EvaluationException(
        INPUT,
        "%s: is damaged: expected a JSON object, found %s".formatted(place, Disk.kind(node)));
  }

  private static int version(String place, ObjectNode object) {
    JsonNode version = object.remove(VERSION);
    if (object.has(CHECKSUM) && (version == null || version.asInt(0) == 1)) {
      throw changed(place); // schema 1 has no checksums
    }
    if (version == null) {
      return 1;
    }
    if (!version.isIntegralNumber() || !version.canConvertToInt() || version.intValue() < 1) {
      throw new EvaluationException(
          INPUT,
          "%s: is damaged: expected a schemaVersion of at least 1, found %s"
              .formatted(place, Disk.kind(version)));
    }
    if (version.intValue() > SCHEMA_VERSION) {
      throw new EvaluationException(
          NEWER,
          "%s: was written by a newer QuantGate (schema %d, this one reads up to %d); update it"
              .formatted(place, version.intValue(), SCHEMA_VERSION));
    }
    return version.intValue();
  }

  private static String checksum(String place, ObjectNode object) {
    JsonNode checksum = object.remove(CHECKSUM);
    if (checksum == null || !checksum.isString()) {
      throw changed(place);
    }
    return checksum.stringValue();
  }

  private static EvaluationException changed(String place) {
    return new EvaluationException(
        INPUT,
        "%s: was changed after it was written, or lost what stood before it: its checksum does not fit"
            .formatted(place));
  }
}
