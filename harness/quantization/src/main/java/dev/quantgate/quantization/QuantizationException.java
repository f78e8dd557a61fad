package dev.quantgate.quantization;

import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.QuantGateException;

/**
 * A model that cannot be quantised as asked. The message is one or two lines written for its user.
 */
public final class QuantizationException extends QuantGateException {
  public QuantizationException(String message) {
    super(message);
  }

  public QuantizationException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public ErrorKind errorKind() {
    return ErrorKind.USER;
  }
}
