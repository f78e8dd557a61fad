package dev.quantgate.sandbox.judging;

/** A place where one attempt at a time is executed. Used by one thread at a time. */
public interface Slot {

  /**
   * Carries out an attempt, in a fresh worker where there is none.
   *
   * @throws Lost if the worker went away with it; the next attempt gets a fresh one
   * @throws dev.quantgate.sandbox.SandboxException if no worker can be started again
   */
  Execution execute(Attempt attempt) throws Lost;

  /** Makes the next attempt begin in a fresh worker. */
  void renew();
}
