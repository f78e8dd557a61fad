package dev.quantgate.base;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.ValueInstantiationException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads JSON Lines, plain or gzip, in bounded memory: blank lines are passed over, and what is
 * wrong is told with its file and line.
 */
public final class JsonLines {
  /** A longer line is refused. */
  public static final int MOST_LINE_BYTES = 64 << 20;

  private static final JsonMapper STRICT =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonLines() {}

  /** Takes a line's bytes, without the line feed, and its number, the first being 1. */
  @FunctionalInterface
  public interface LineSink {
    void accept(long number, byte[] line);
  }

  /** Takes an object and the number of its line, the first being 1. */
  @FunctionalInterface
  public interface ObjectSink {
    void accept(long number, JsonNode object);
  }

  /**
   * Gives each line that is not blank.
   *
   * @throws FileException if the file cannot be read or a line is too long
   */
  public static void lines(Path file, LineSink sink) {
    RegularFile.require(file);
    try (InputStream in = open(file)) {
      var line = new ByteArrayOutputStream(1 << 12);
      long number = 0;
      for (int b = in.read(); ; b = in.read()) {
        if (b != '\n' && b != -1) {
          if (line.size() == MOST_LINE_BYTES) {
            throw new FileException(
                ErrorKind.USER,
                "%s, line %d: is longer than %,d bytes"
                    .formatted(file, number + 1, MOST_LINE_BYTES));
          }
          line.write(b);
          continue;
        }
        number++;
        byte[] bytes = line.toByteArray();
        line.reset();
        if (!isBlank(bytes)) {
          sink.accept(number, bytes);
        }
        if (b == -1) {
          return;
        }
      }
    } catch (IOException e) {
      throw FileException.cannot("read", file, e);
    }
  }

  /**
   * Gives each line as a JSON object.
   *
   * @throws FileException naming the first line that is none
   */
  public static void objects(Path file, ObjectSink sink) {
    lines(
        file,
        (number, bytes) -> {
          JsonNode node;
          try {
            node = STRICT.readTree(bytes);
          } catch (JacksonException e) {
            throw new FileException(
                ErrorKind.USER,
                "%s, line %d: expected a JSON object, found other text: %s"
                    .formatted(file, number, reason(e)),
                e);
          }
          if (!node.isObject()) {
            throw new FileException(
                ErrorKind.USER,
                "%s, line %d: expected a JSON object, found %s"
                    .formatted(file, number, kind(node)));
          }
          sink.accept(number, node);
        });
  }

  /** What a JSON value is, for people. */
  public static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "a list";
      case BINARY, POJO, OBJECT -> "an object";
      case BOOLEAN, NUMBER -> node.toString();
      case STRING -> "the text %s".formatted(PlainText.quoted(node.stringValue(), 60));
      case NULL, MISSING -> "nothing";
    };
  }

  /** The first line of a parser's message, or of what a record said against its values. */
  public static String reason(JacksonException e) {
    String message =
        e instanceof ValueInstantiationException && e.getCause() != null
            ? e.getCause().getMessage()
            : e.getOriginalMessage();
    return message == null ? "no JSON" : message.lines().findFirst().orElse("no JSON");
  }

  private static InputStream open(Path file) throws IOException {
    var in = new BufferedInputStream(new FileInputStream(file.toFile()), 1 << 16);
    try {
      in.mark(2);
      boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
      in.reset();
      return gzip ? new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16) : in;
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  private static boolean isBlank(byte[] bytes) {
    for (byte b : bytes) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }
}
