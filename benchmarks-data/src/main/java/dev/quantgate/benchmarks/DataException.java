package dev.quantgate.benchmarks;

/**
 * Data that is missing, damaged or not what it says. The message is one or two lines for its user.
 */
public final class DataException extends RuntimeException {
  public DataException(String message) {
    super(message);
  }

  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
