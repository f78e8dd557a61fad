package dev.quantgate.base;

/**
 * Whatever the program refuses or cannot do. The message is one or two lines written for the user:
 * what was expected, what was found, where, and what to do. Whatever it quotes, it is {@link
 * PlainText}.
 */
public abstract class QuantGateException extends RuntimeException {
  protected QuantGateException(String message) {
    super(PlainText.lines(message));
  }

  protected QuantGateException(String message, Throwable cause) {
    super(PlainText.lines(message), cause);
  }

  /** Whose matter it is. */
  public abstract ErrorKind errorKind();
}
