package dev.quantgate.cli;

import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** What is said of something thrown. Needs no library, so that one that is missing can be told. */
final class Message {
  private static final Set<String> FOR_PEOPLE =
      Set.of(
          "dev.quantgate.base.QuantGateException",
          "java.io.IOException",
          "java.io.UncheckedIOException");

  private Message() {}

  /** One line or two, for people. */
  static String of(Throwable failure) {
    if (failure instanceof OutOfMemoryError) {
      return "out of memory (%s)\n%s".formatted(failure.getMessage(), remedy(failure));
    }
    String message = failure.getMessage();
    String name = failure.getClass().getSimpleName();
    if (message == null) {
      return name;
    }
    return isForPeople(failure) && !message.isBlank()
        ? message.strip()
        : "%s: %s".formatted(name, message);
  }

  private static String remedy(Throwable failure) {
    return String.valueOf(failure.getMessage()).contains("thread")
        ? "Ask for less by --threads or --workers, or let the system allow more threads (ulimit -u)"
        : "Ask for less by --max-batch or --memory, or give Java more: QUANTGATE_JAVA_OPTS=-Xmx8g";
  }

  /** Exceptions of the project's own and of file access carry a message for people. */
  private static boolean isForPeople(Throwable failure) {
    return Stream.<Class<?>>iterate(failure.getClass(), Objects::nonNull, Class::getSuperclass)
        .anyMatch(type -> FOR_PEOPLE.contains(type.getName()));
  }
}
