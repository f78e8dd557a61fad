package dev.quantgate.cli;

import java.util.stream.Stream;

/** What is said of something thrown. Needs no library, so that one that is missing can be told. */
final class Message {
  private Message() {}

  /** One line or two, for people. */
  static String of(Throwable failure) {
    if (failure instanceof OutOfMemoryError) {
      return "out of memory (" + failure.getMessage() + ")\n" + remedy(failure);
    }
    String message = failure.getMessage();
    if (isUnexpected(failure) || message == null || message.isBlank()) {
      return failure.getClass().getSimpleName() + (message == null ? "" : ": " + message);
    }
    return message.strip();
  }

  private static String remedy(Throwable failure) {
    return String.valueOf(failure.getMessage()).contains("thread")
        ? "Ask for less by --threads or --workers, or let the system allow more threads (ulimit -u)"
        : "Ask for less by --max-batch or --memory, or give Java more: QUANTGATE_JAVA_OPTS=-Xmx8g";
  }

  /**
   * Exceptions of the project's own and of file access carry a message for people; others do not.
   */
  static boolean isUnexpected(Throwable failure) {
    return Stream.of(
                OutOfMemoryError.class,
                java.io.IOException.class,
                java.io.UncheckedIOException.class)
            .noneMatch(expected -> expected.isInstance(failure))
        && !failure.getClass().getName().startsWith("dev.quantgate.");
  }
}
