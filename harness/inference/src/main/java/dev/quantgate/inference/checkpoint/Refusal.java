package dev.quantgate.inference.checkpoint;

import dev.quantgate.base.PlainText;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Makes the messages of this package: the file first, then what was expected, found and helps. */
final class Refusal {
  private static final int LONGEST_QUOTE = 120;

  private Refusal() {}

  /** The file is damaged, hostile, or contradicts itself. */
  static InferenceException damaged(Path file, String message) {
    return new InferenceException(Kind.BAD_CHECKPOINT, "%s: %s".formatted(file, message));
  }

  /** The file is sound but asks for arithmetic that does not exist here. */
  static InferenceException unsupported(Path file, String message) {
    return new InferenceException(Kind.UNSUPPORTED, "%s: %s".formatted(file, message));
  }

  /** A pipe, a device or a folder stands where a file should: reading it might never end. */
  static InferenceException special(Path file) {
    return damaged(file, "is no regular file, so it is not read");
  }

  static InferenceException unreadable(Path file, IOException cause) {
    String reason =
        cause instanceof NoSuchFileException
            ? "no such file"
            : cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return new InferenceException(
        Kind.IO, "%s: cannot be read: %s".formatted(file, plain(reason)), cause);
  }

  /** A string out of a file, made fit for a one-line message. */
  static String quoted(String text) {
    return PlainText.quoted(text, LONGEST_QUOTE);
  }

  /** As {@link #quoted}, without the quotes. */
  static String plain(String text) {
    return PlainText.line(text, LONGEST_QUOTE);
  }
}
