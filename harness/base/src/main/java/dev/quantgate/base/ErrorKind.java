package dev.quantgate.base;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Who can mend a failure; it decides how a front end reports it. */
public enum ErrorKind {
  /** Input, settings or files are not what they should be: the user changes something. */
  USER,

  /** The machine lacks or lost something: memory, disk, a device, Docker, the network. */
  MACHINE,

  /** Somebody asked that the work stop. What is done is kept; the same command continues it. */
  INTERRUPTED,

  /** The program is wrong. */
  DEFECT;

  /** The kind of any throwable; unexpected exceptions are defects. */
  public static ErrorKind of(Throwable thrown) {
    return switch (thrown) {
      case QuantGateException ours -> ours.errorKind();
      case IOException _, UncheckedIOException _, OutOfMemoryError _ -> MACHINE;
      default -> DEFECT;
    };
  }
}
