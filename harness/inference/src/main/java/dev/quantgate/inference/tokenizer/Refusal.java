package dev.quantgate.inference.tokenizer;

import dev.quantgate.base.PlainText;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import java.io.IOException;
import java.nio.file.Path;

/** Makes the messages of this package. */
final class Refusal {
  private static final int LONGEST = 200;

  private Refusal() {}

  static InferenceException damaged(Path file, String message) {
    return new InferenceException(Kind.BAD_CHECKPOINT, "%s: %s".formatted(file, message));
  }

  static InferenceException unsupported(Path file, String message) {
    return new InferenceException(Kind.UNSUPPORTED, "%s: %s".formatted(file, message));
  }

  static InferenceException unreadable(Path file, IOException cause) {
    return new InferenceException(
        Kind.IO, "%s: cannot be read: %s".formatted(file, firstLine(cause)), cause);
  }

  /** A text out of a file or program, made fit for a one-line message. */
  static String plain(String text) {
    return PlainText.line(text, LONGEST);
  }

  /** The first line of somebody else's message, not longer than a terminal is wide. */
  static String firstLine(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    String line = message.lines().findFirst().orElse("");
    return line.length() > LONGEST ? "%s...".formatted(line.substring(0, LONGEST)) : line;
  }
}
