package dev.quantgate.guest;

/** A guest ended itself. */
public final class GuestExit extends RuntimeException {
  private final int status;

  GuestExit(int status) {
    super("exit %d".formatted(status), null, false, false);
    this.status = status;
  }

  public int status() {
    return status;
  }
}
