package dev.quantgate.base;

import java.util.List;

/**
 * Whatever the program refuses or cannot do: the one type that a face needs to know, with {@link
 * ErrorKind#of} for whatever else may be thrown. The message is one or two lines written for the
 * user: what was expected, what was found, where, and what to do. Whatever it quotes, it is {@link
 * PlainText}.
 */
public abstract class QuantGateException extends RuntimeException {
  private final List<String> details;

  protected QuantGateException(String message) {
    this(message, List.of());
  }

  /**
   * @param details further lines, for those who ask for all
   */
  protected QuantGateException(String message, List<String> details) {
    super(PlainText.lines(message));
    this.details = details.stream().map(PlainText::line).toList();
  }

  protected QuantGateException(String message, Throwable cause) {
    super(PlainText.lines(message), cause);
    this.details = List.of();
  }

  /** Who can mend it. */
  public abstract ErrorKind errorKind();

  /** Lines that few need, such as the hashes of two runs: shown with {@code --verbose} alone. */
  public final List<String> details() {
    return details;
  }
}
