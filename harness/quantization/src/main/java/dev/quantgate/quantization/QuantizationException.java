package dev.quantgate.quantization;

/**
 * A model that cannot be quantised as asked. The message is one or two lines written for its user.
 */
public final class QuantizationException extends RuntimeException {
  public QuantizationException(String message) {
    super(message);
  }

  public QuantizationException(String message, Throwable cause) {
    super(message, cause);
  }
}
