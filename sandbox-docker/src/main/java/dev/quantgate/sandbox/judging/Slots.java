package dev.quantgate.sandbox.judging;

import dev.quantgate.sandbox.SandboxDescription;
import java.util.List;

/** The slots of a started sandbox: all that a kind has to supply. */
public interface Slots extends AutoCloseable {

  /** The slots, at least one. */
  List<? extends Slot> all();

  /** What ran the jobs, as it is now. */
  SandboxDescription description();

  /**
   * How many workers a job may cost while others run beside it, before it is tried alone: one where
   * the loss may be another job's fault.
   */
  int lossesBeside();

  /** Lets slots start workers again after a {@link #stop}. */
  void begin();

  /** Ends what runs and starts nothing any more; from any thread. */
  void stop();

  /** Ends every worker and leaves nothing behind. */
  @Override
  void close();
}
