package dev.quantgate.guest;

/**
 * What a guest sees besides its own memory. Its random numbers are always the same ones.
 *
 * @param line where its standard streams lead
 * @param ticking whether it sees the time and may sleep; its clock stands at zero otherwise
 * @param sleepNanos how long it may sleep altogether, until {@link GuestInterrupted}
 * @param keptOutput how many bytes of what it writes to no line are kept
 */
public record GuestWorld(GuestLine line, boolean ticking, long sleepNanos, int keptOutput) {
  /** One in which nothing moves, so that the same order always gives the same answer. */
  public static final GuestWorld STILL = new GuestWorld(GuestLine.CLOSED, false, 0, 0);

  public GuestWorld {
    if (sleepNanos < 0 || keptOutput < 0) {
      throw new IllegalArgumentException(
          "expected no negative bounds, found %d ns of sleep and %d bytes of output"
              .formatted(sleepNanos, keptOutput));
    }
  }
}
