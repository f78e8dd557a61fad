package dev.quantgate.base;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file that cannot be used, or that is not what it should be. */
public final class FileException extends QuantGateException {
  private final ErrorKind kind;

  public FileException(ErrorKind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public FileException(ErrorKind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /**
   * Why a file could not be used.
   *
   * @param done what should have been done, such as "read" or "written"
   */
  public static FileException cannot(String done, Path file, IOException e) {
    if (e instanceof ClosedByInterruptException) {
      return new FileException(ErrorKind.INTERRUPTED, "stopped", e);
    }
    String why =
        switch (e) {
          case NoSuchFileException missing ->
              "there is no such file: %s".formatted(missing.getFile());
          case FileSystemException system ->
              system.getReason() == null ? system.getClass().getSimpleName() : system.getReason();
          default -> String.valueOf(e.getMessage());
        };
    return new FileException(
        e instanceof NoSuchFileException ? ErrorKind.USER : ErrorKind.MACHINE,
        "%s cannot be %s: %s".formatted(file, done, why),
        e);
  }

  @Override
  public ErrorKind errorKind() {
    return kind;
  }
}
