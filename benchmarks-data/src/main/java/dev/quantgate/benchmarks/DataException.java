package dev.quantgate.benchmarks;

import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.QuantGateException;

/**
 * Data that is missing, damaged or not what it says. The message is one or two lines for its user.
 */
public final class DataException extends QuantGateException {
  public DataException(String message) {
    super(message);
  }

  public DataException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public ErrorKind errorKind() {
    return ErrorKind.USER;
  }
}
