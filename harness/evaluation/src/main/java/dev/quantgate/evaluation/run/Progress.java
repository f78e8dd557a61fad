package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.record.Side;
import java.time.Duration;

/** Something that a person who waits wants to know. */
public sealed interface Progress {

  /** A model's files are being read. */
  record Loading(Side side, String reference) implements Progress {}

  /**
   * A model answers from now on.
   *
   * @param description engine and weight format, or what the recording holds; one line
   */
  record Loaded(Side side, String description, Duration time) implements Progress {}

  /**
   * A step begins.
   *
   * @param items how many items it has altogether
   * @param done how many of them an earlier session has done
   */
  record Started(Side side, Step step, String suite, int items, int done) implements Progress {}

  /**
   * An item is done. Comes once for each item, in any order.
   *
   * @param done items done up to now, those of earlier sessions included
   * @param faults how many of them ended in a fault
   */
  record Advanced(Side side, Step step, String suite, int items, int done, int faults)
      implements Progress {}

  /** A step is over; every {@link Started} has one. */
  record Finished(Side side, Step step, String suite, int items, int faults) implements Progress {}

  /**
   * Something worth a line: which sandbox was taken, a run that is continued, data not catalogued.
   */
  record Note(String text) implements Progress {}

  /** The steps of a run. */
  enum Step {
    /** The model answers. */
    ANSWERING,
    /** The sandbox executes what it wrote. */
    EXECUTING,
    /** The sandbox shows that it can tell right from wrong. */
    SELF_TEST
  }

  /** Hears of progress. Called by one thread at a time, and must be quick. */
  @FunctionalInterface
  interface Listener {
    /** Hears nothing. */
    Listener NONE = progress -> {};

    void on(Progress progress);
  }
}
