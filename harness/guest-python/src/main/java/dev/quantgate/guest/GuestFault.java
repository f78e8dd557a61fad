package dev.quantgate.guest;

/** An interpreter that could not answer; its message is what the interpreter said, in one line. */
public final class GuestFault extends RuntimeException {
  public GuestFault(String message) {
    super(message, null, false, false);
  }
}
