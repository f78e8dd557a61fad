package dev.quantgate.evaluation.record;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quantgate.base.FileException;
import dev.quantgate.base.RegularFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One object of a durable file as its bytes lie there, whole or damaged, where {@link Disk} refuses
 * what is damaged: what verification reads, which must go on behind the first fault.
 *
 * @param line its number in the file, the first being 1; 0 for a page
 * @param body the object's JSON without version and checksum; of damaged bytes what they were when
 *     they were sealed, where that could be found out
 * @param damage empty where the checksum fits
 */
public record SealedText(int line, byte[] body, Optional<Damage> damage) {
  private static final long MOST_BYTES = 1L << 30;

  /** Keeps all digits of a number: two texts of one double are not the same text. */
  private static final JsonMapper DIGITS =
      Json.lines().rebuild().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  /** The most bytes that are hashed to find a changed digit in one object. */
  private static final long MOST_SEARCHED = 1L << 29;

  /**
   * What was changed.
   *
   * @param field its path, such as "choices[2].sum"; empty where it cannot be told
   * @param found what stands there
   * @param expected what stood there when the checksum was written; empty where it cannot be told
   * @param mended whether {@link #body} is as it was
   */
  public record Damage(String field, String found, String expected, boolean mended) {}

  /**
   * The lines of a file of JSON Lines.
   *
   * @throws EvaluationException if it cannot be read
   */
  public static List<SealedText> lines(Path file) {
    return lines(Disk.name(file), bytes(file));
  }

  /** The lines of a file of that name. */
  static List<SealedText> lines(String name, byte[] bytes) {
    List<SealedText> lines = new ArrayList<>();
    String before = name;
    String otherwise = name;
    int number = 0;
    for (int at = 0; at < bytes.length; ) {
      int end = at;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      number++;
      byte[] line = Arrays.copyOfRange(bytes, at, end);
      String stored = Seal.lineChecksum(line);
      int open = Math.max(0, line.length - Seal.lineEnd(stored).length);
      String computed = Seal.lineHash(before, line, open);
      // A line before whose own checksum was changed breaks the chain there and not here.
      if (!computed.equals(stored) && !otherwise.equals(before)) {
        String other = Seal.lineHash(otherwise, line, open);
        computed = other.equals(stored) ? other : computed;
      }
      String chain = before;
      lines.add(
          end == bytes.length
              ? damaged(number, line, "the line feed at its end is missing")
              : of(
                  number, line, open, stored, computed, it -> Seal.lineHash(chain, it, it.length)));
      boolean ended = lines.getLast().damage().isEmpty() || !stored.isEmpty();
      otherwise = ended ? computed : otherwise;
      before = ended ? stored : before;
      at = end + 1;
    }
    return lines;
  }

  /**
   * A file of one object.
   *
   * @throws EvaluationException if it cannot be read
   */
  public static SealedText page(Path file) {
    byte[] bytes = bytes(file);
    String stored = Seal.pageChecksum(bytes);
    int open = Math.max(0, bytes.length - Seal.pageEnd(stored).length);
    return of(
        0, bytes, open, stored, Seal.pageHash(bytes, open), it -> Seal.pageHash(it, it.length));
  }

  private static byte[] bytes(Path file) {
    try {
      return RegularFile.read(file, MOST_BYTES);
    } catch (FileException e) {
      throw Disk.told(e);
    }
  }

  private interface Hash {
    String of(byte[] open);
  }

  private static SealedText of(
      int line, byte[] bytes, int open, String stored, String computed, Hash hash) {
    byte[] content = Arrays.copyOf(bytes, open);
    byte[] end = line == 0 ? Seal.pageEnd(stored) : Seal.lineEnd(stored);
    boolean ended = Arrays.equals(bytes, open, bytes.length, end, 0, end.length);
    if (ended && computed.equals(stored)) {
      String version = Seal.versionIn(content);
      return new SealedText(
          line,
          Seal.bare(content),
          version.equals(Integer.toString(Seal.SCHEMA_VERSION))
              ? Optional.empty()
              : Optional.of(
                  new Damage(
                      "schemaVersion", version, Integer.toString(Seal.SCHEMA_VERSION), true)));
    }
    if (!ended) {
      return damaged(line, bytes, "it does not end in a checksum");
    }
    if (differences(stored, computed) == 1) {
      return new SealedText(
          line, Seal.bare(content), Optional.of(new Damage("checksum", stored, computed, true)));
    }
    Optional<byte[]> before = search(content, stored, hash);
    return before.isPresent()
        ? new SealedText(line, Seal.bare(before.get()), Optional.of(change(content, before.get())))
        : new SealedText(
            line,
            Seal.bare(content),
            Optional.of(new Damage("", "checksum %s".formatted(computed), stored, false)));
  }

  private static SealedText damaged(int line, byte[] bytes, String how) {
    return new SealedText(line, Seal.bare(bytes), Optional.of(new Damage("", how, "", false)));
  }

  private static int differences(String one, String other) {
    int count = Math.abs(one.length() - other.length());
    for (int i = 0; i < Math.min(one.length(), other.length()); i++) {
      count += one.charAt(i) == other.charAt(i) ? 0 : 1;
    }
    return count;
  }

  /**
   * The content that a checksum was written over, where one digit of it was changed: each digit is
   * tried with each other value.
   */
  private static Optional<byte[]> search(byte[] content, String stored, Hash hash) {
    byte[] tried = content.clone();
    long searched = 0;
    for (int i = 0; i < tried.length; i++) {
      byte own = tried[i];
      if (own < '0' || own > '9') {
        continue;
      }
      searched += 9L * tried.length;
      if (searched > MOST_SEARCHED) {
        return Optional.empty();
      }
      for (byte digit = '0'; digit <= '9'; digit++) {
        tried[i] = digit;
        if (digit != own && hash.of(tried).equals(stored)) {
          return Optional.of(tried);
        }
      }
      tried[i] = own;
    }
    return Optional.empty();
  }

  private static Damage change(byte[] found, byte[] before) {
    Optional<ObjectNode> now = object(closed(found));
    ObjectNode then = object(closed(before)).orElse(null);
    if (then != null && now.isPresent()) {
      for (JsonDifference each : JsonDifference.between(now.get(), then)) {
        return new Damage(each.field(), each.found(), each.expected(), true);
      }
    }
    int at = Arrays.mismatch(found, before);
    return new Damage("byte %d".formatted(at + 1), around(found, at), around(before, at), true);
  }

  private static String around(byte[] bytes, int at) {
    int from = Math.max(0, at - 12);
    return new String(bytes, from, Math.min(bytes.length, at + 8) - from, UTF_8).strip();
  }

  private static byte[] closed(byte[] open) {
    byte[] all = Arrays.copyOf(open, open.length + 1);
    all[open.length] = '}';
    return all;
  }

  private static Optional<ObjectNode> object(byte[] json) {
    try {
      return DIGITS.readTree(json) instanceof ObjectNode object
          ? Optional.of(object)
          : Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  /** Whether the body is what was written. */
  public boolean sound() {
    return damage.isEmpty() || damage.get().mended();
  }

  /** The body as JSON; empty where it is none. */
  public Optional<ObjectNode> object() {
    return object(body);
  }

  /**
   * The body as a value.
   *
   * @throws IllegalArgumentException saying in what it is none
   */
  public <T> T as(Class<T> type) {
    JsonMapper mapper = line == 0 ? Json.pages() : Json.lines();
    try {
      return mapper.readValue(body, type);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(Disk.reason(e), e);
    }
  }

  /** Where it differs from what it must be. */
  public List<JsonDifference> differences(Object expected) {
    byte[] wanted = (line == 0 ? Json.pages() : Json.lines()).writeValueAsBytes(expected);
    if (Arrays.equals(body, wanted)) {
      return List.of();
    }
    Optional<ObjectNode> stored = object();
    Optional<ObjectNode> right = object(wanted);
    if (stored.isEmpty() || right.isEmpty()) {
      return List.of(new JsonDifference("", "text that is no JSON", new String(wanted, US_ASCII)));
    }
    return JsonDifference.between(stored.get(), right.get());
  }
}
