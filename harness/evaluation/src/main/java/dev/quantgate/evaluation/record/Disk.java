package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;
import static dev.quantgate.evaluation.record.EvaluationException.Kind.IO;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.ValueInstantiationException;

/**
 * Files of a run: written whole or not at all, read with bounds, and by streams that an interrupt
 * of the thread does not close.
 */
public final class Disk {
  /** A line longer than this is no line of ours. */
  private static final int MOST_LINE_BYTES = 64 << 20;

  private static final long MOST_PAGE_BYTES = 1L << 30;

  private Disk() {}

  /** Replaces a file by an indented JSON value. */
  public static void writePage(Path file, Object value) {
    write(
        file,
        out -> {
          out.write(Json.pages().writeValueAsBytes(value));
          out.write('\n');
        });
  }

  /** Replaces a file by JSON Lines. */
  public static void writeLines(Path file, List<?> values) {
    write(
        file,
        out -> {
          for (Object value : values) {
            out.write(Json.lines().writeValueAsBytes(value));
            out.write('\n');
          }
        });
  }

  /** Replaces a file by some bytes. */
  public static void writeBytes(Path file, byte[] bytes) {
    write(file, out -> out.write(bytes));
  }

  private static void write(Path file, Body body) {
    Path folder = parent(file);
    Path half = folder.resolve("." + file.getFileName() + ".part");
    try {
      Files.createDirectories(folder);
      try (var stream = new FileOutputStream(half.toFile());
          var out = new BufferedOutputStream(stream, 1 << 16)) {
        body.writeTo(out);
        out.flush();
        stream.getFD().sync();
      }
      Files.move(half, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw cannot("written", file, e);
    }
  }

  /** Reads a file of one JSON value. */
  public static <T> T readPage(Path file, Class<T> type) {
    try {
      if (Files.size(file) > MOST_PAGE_BYTES) {
        throw new EvaluationException(INPUT, file + ": is too large for what it should be");
      }
      return Json.pages().readValue(Files.readAllBytes(file), type);
    } catch (IOException e) {
      throw cannot("read", file, e);
    } catch (JacksonException e) {
      throw new EvaluationException(INPUT, file + ": is damaged: " + reason(e), e);
    }
  }

  /** Reads JSON Lines, each as {@code type}. A line that is none is refused with its number. */
  public static <T> void readLines(Path file, Class<T> type, Consumer<T> sink) {
    eachLine(
        file,
        (number, bytes) -> {
          try {
            sink.accept(Json.lines().readValue(bytes, type));
          } catch (JacksonException e) {
            throw new EvaluationException(
                INPUT, file + ", line " + number + ": is damaged: " + reason(e), e);
          }
        });
  }

  /** Reads JSON Lines that somebody else wrote, gzip or plain: objects, blank lines passed over. */
  public static void readObjects(Path file, ObjectSink sink) {
    eachLine(
        file,
        (number, bytes) -> {
          JsonNode node;
          try {
            node = Json.lines().readTree(bytes);
          } catch (JacksonException e) {
            throw new EvaluationException(
                INPUT,
                file
                    + ", line "
                    + number
                    + ": expected a JSON object, found text that is none: "
                    + reason(e),
                e);
          }
          if (!node.isObject()) {
            throw new EvaluationException(
                INPUT, file + ", line " + number + ": expected a JSON object, found " + kind(node));
          }
          sink.accept(number, node);
        });
  }

  private static void eachLine(Path file, LineSink sink) {
    try (InputStream in = open(file)) {
      var line = new ByteArrayOutputStream(1 << 12);
      long number = 0;
      for (int b = in.read(); ; b = in.read()) {
        if (b != '\n' && b != -1) {
          if (line.size() == MOST_LINE_BYTES) {
            throw new EvaluationException(
                INPUT,
                file + ", line " + (number + 1) + ": is longer than " + MOST_LINE_BYTES + " bytes");
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
      throw cannot("read", file, e);
    }
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

  /** What a JSON value is, for people. */
  public static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "a list";
      case BINARY, POJO, OBJECT -> "an object";
      case BOOLEAN, NUMBER -> node.toString();
      case STRING -> "the text \"" + shortened(node.stringValue()) + "\"";
      case NULL, MISSING -> "nothing";
    };
  }

  public static String shortened(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  /** The first line of a parser's message, or of what a record said against its values. */
  public static String reason(JacksonException e) {
    String message =
        e instanceof ValueInstantiationException && e.getCause() != null
            ? e.getCause().getMessage()
            : e.getOriginalMessage();
    return message == null ? "no JSON" : message.lines().findFirst().orElse("no JSON");
  }

  /** An exception that says why a file could not be used. */
  public static EvaluationException cannot(String done, Path file, IOException e) {
    if (e instanceof ClosedByInterruptException) {
      return new EvaluationException(EvaluationException.Kind.INTERRUPTED, "stopped", e);
    }
    String why =
        switch (e) {
          case NoSuchFileException missing -> "there is no such file: " + missing.getFile();
          case FileSystemException system ->
              system.getReason() == null ? system.getClass().getSimpleName() : system.getReason();
          default -> String.valueOf(e.getMessage());
        };
    return new EvaluationException(IO, file + " cannot be " + done + ": " + why, e);
  }

  /** The folder that a file lies in. */
  public static Path parent(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new EvaluationException(IO, file + " is no file");
    }
    return parent;
  }

  @FunctionalInterface
  private interface Body {
    void writeTo(OutputStream out) throws IOException;
  }

  @FunctionalInterface
  private interface LineSink {
    void accept(long number, byte[] bytes);
  }

  /** Takes an object and the number of its line, the first being 1. */
  @FunctionalInterface
  public interface ObjectSink {
    void accept(long line, JsonNode object);
  }
}
