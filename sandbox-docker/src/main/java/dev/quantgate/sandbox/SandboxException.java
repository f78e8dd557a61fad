package dev.quantgate.sandbox;

import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.QuantGateException;

/** A sandbox that cannot be started or went away. The message is one or two lines for its user. */
public final class SandboxException extends QuantGateException {
  private final Kind kind;

  public SandboxException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public SandboxException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  @Override
  public ErrorKind errorKind() {
    return switch (kind) {
      case UNAVAILABLE, SELF_TEST_FAILED, LOST -> ErrorKind.MACHINE;
      case INTERRUPTED -> ErrorKind.INTERRUPTED;
    };
  }

  /** What went wrong, so that it can be counted. */
  public enum Kind {
    UNAVAILABLE,
    SELF_TEST_FAILED,
    LOST,
    INTERRUPTED
  }
}
