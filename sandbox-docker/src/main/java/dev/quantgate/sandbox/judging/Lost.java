package dev.quantgate.sandbox.judging;

import java.util.Objects;

/** A slot's worker is gone, with an attempt in it. The message says how, for people. */
public final class Lost extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean outOfMemory;

  /**
   * Creates one.
   *
   * @param outOfMemory whether the worker was ended because memory ran out
   */
  public Lost(String message, boolean outOfMemory) {
    super(message);
    this.outOfMemory = outOfMemory;
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  public boolean outOfMemory() {
    return outOfMemory;
  }
}
