package dev.quantgate.guest;

/** A guest was stopped: its thread was interrupted, or it asked for more sleep than it has time. */
public final class GuestInterrupted extends RuntimeException {
  private final boolean overslept;

  GuestInterrupted(boolean overslept) {
    super(overslept ? "asleep for longer than it has time" : "interrupted", null, false, false);
    this.overslept = overslept;
  }

  /** Whether it wanted to sleep longer than it may. */
  public boolean overslept() {
    return overslept;
  }
}
