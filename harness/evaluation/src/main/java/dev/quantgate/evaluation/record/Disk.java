package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;
import static dev.quantgate.evaluation.record.EvaluationException.Kind.IO;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.FileException;
import dev.quantgate.base.JsonLines;
import dev.quantgate.base.RegularFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Files of a run: written whole or not at all, in the form of {@link Seal}, and read with bounds.
 * What goes wrong is told as an {@link EvaluationException}.
 */
public final class Disk {
  private static final long MOST_PAGE_BYTES = 1L << 30;

  private Disk() {}

  /** Replaces a file by an indented JSON object with version and checksum. */
  public static void writePage(Path file, Object value) {
    writeBytes(file, Seal.page(Json.pages().writeValueAsBytes(value)));
  }

  /** Replaces a file by JSON Lines with versions and checksums. */
  public static void writeLines(Path file, List<?> values) {
    var chain = new Seal.Chain(name(file));
    told(() ->
        AtomicFile.write(
            file,
            out -> {
              for (Object value : values) {
                out.write(chain.seal(Json.lines().writeValueAsBytes(value)));
              }
            }));
  }

  /** Replaces a file by some bytes. */
  public static void writeBytes(Path file, byte[] bytes) {
    told(() -> AtomicFile.write(file, bytes));
  }

  /** Removes a file that may not be there. */
  static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw cannot("removed", file, e);
    }
  }

  private static void told(Runnable work) {
    try {
      work.run();
    } catch (FileException e) {
      throw told(e);
    }
  }

  static EvaluationException told(FileException e) {
    return new EvaluationException(
        switch (e.errorKind()) {
          case USER, DEFECT -> INPUT;
          case MACHINE -> IO;
          case INTERRUPTED -> EvaluationException.Kind.INTERRUPTED;
        },
        String.valueOf(e.getMessage()),
        e);
  }

  static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  /**
   * Reads a file of one JSON object; fields that {@code type} does not know are passed over.
   *
   * @throws EvaluationException if it is newer than this program, damaged, or was changed
   */
  public static <T> T readPage(Path file, Class<T> type) {
    return openPage(file).as(type);
  }

  /**
   * Reads a file of one JSON object for a reader that looks at its version first.
   *
   * @throws EvaluationException if it is newer than this program, damaged, or was changed
   */
  public static Page openPage(Path file) {
    Seal.Opened opened = Seal.page(file.toString(), readBytes(file));
    return new Page(file, opened.version(), opened.object());
  }

  /**
   * A file of one JSON object, held against its checksum.
   *
   * @param schema the version of the form in which it is written; 1 where it says none
   * @param fields without version and checksum; a reader may add what an older form left out
   */
  public record Page(Path file, int schema, ObjectNode fields) {
    /**
     * The fields as a value; those that {@code type} does not know are passed over.
     *
     * @throws EvaluationException if one is missing or of another kind
     */
    public <T> T as(Class<T> type) {
      return value(file.toString(), fields, Json.pages(), type);
    }
  }

  private static byte[] readBytes(Path file) {
    try {
      return RegularFile.read(file, MOST_PAGE_BYTES);
    } catch (FileException e) {
      throw told(e);
    }
  }

  private static <T> T value(String place, ObjectNode fields, JsonMapper mapper, Class<T> type) {
    try {
      return mapper.treeToValue(fields, type);
    } catch (JacksonException e) {
      throw new EvaluationException(INPUT, "%s: is damaged: %s".formatted(place, reason(e)), e);
    }
  }

  /**
   * Reads JSON Lines, each as {@code type}. A line that is none is refused with its number.
   *
   * @param least the version of the form that each line must have at least
   */
  public static <T> void readLines(Path file, int least, Class<T> type, Consumer<T> sink) {
    readLines(file, new Seal.Chain(name(file)), least, type, sink);
  }

  static <T> void readLines(
      Path file, Seal.Chain chain, int least, Class<T> type, Consumer<T> sink) {
    try {
      JsonLines.lines(
          file,
          (number, bytes) -> {
            String place = "%s, line %d".formatted(file, number);
            sink.accept(value(place, chain.open(place, bytes, least).object(), Json.lines(), type));
          });
    } catch (FileException e) {
      throw told(e);
    }
  }

  /** Reads JSON Lines that somebody else wrote, gzip or plain: objects, blank lines passed over. */
  public static void readObjects(Path file, JsonLines.ObjectSink sink) {
    try {
      JsonLines.objects(file, sink);
    } catch (FileException e) {
      throw told(e);
    }
  }

  /** What a JSON value is, for people. */
  public static String kind(JsonNode node) {
    return JsonLines.kind(node);
  }

  public static String shortened(String text) {
    return text.length() <= 60 ? text : "%s...".formatted(text.substring(0, 60));
  }

  /** The first line of a parser's message, or of what a record said against its values. */
  public static String reason(JacksonException e) {
    return JsonLines.reason(e);
  }

  /** An exception that says why a file could not be used. */
  public static EvaluationException cannot(String done, Path file, IOException e) {
    FileException told = FileException.cannot(done, file, e);
    return new EvaluationException(
        told.errorKind() == ErrorKind.INTERRUPTED ? EvaluationException.Kind.INTERRUPTED : IO,
        String.valueOf(told.getMessage()),
        e);
  }

  /** The folder that a file lies in. */
  public static Path parent(Path file) {
    try {
      return AtomicFile.parent(file);
    } catch (FileException e) {
      throw told(e);
    }
  }
}
