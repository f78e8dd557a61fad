package dev.quantgate.inference;

import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.QuantGateException;

/** A model that cannot be loaded or asked. The message is one or two lines written for its user. */
public final class InferenceException extends QuantGateException {
  private final Kind kind;

  public InferenceException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public InferenceException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  @Override
  public ErrorKind errorKind() {
    return switch (kind) {
      case BAD_CHECKPOINT, UNSUPPORTED, ITEM -> ErrorKind.USER;
      case OUT_OF_MEMORY, NO_ENGINE, IO, UNREACHABLE -> ErrorKind.MACHINE;
      case INTERRUPTED -> ErrorKind.INTERRUPTED;
    };
  }

  /** What went wrong, so that it can be counted. */
  public enum Kind {
    /** The checkpoint is damaged, hostile, or lies about itself. */
    BAD_CHECKPOINT,
    /** The checkpoint is sound, but asks for something this version does not do. */
    UNSUPPORTED,
    /** It does not fit the memory given. */
    OUT_OF_MEMORY,
    /** No engine can run here what was asked for. */
    NO_ENGINE,
    /** A file could not be read. */
    IO,
    /** A served model could not be reached. */
    UNREACHABLE,
    /** One request could not be answered. */
    ITEM,
    INTERRUPTED
  }
}
