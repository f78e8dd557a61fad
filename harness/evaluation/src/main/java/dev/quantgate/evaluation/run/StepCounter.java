package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.run.Progress.Step;

/** Tells how far a step of a run is. */
final class StepCounter {
  private final Progress.Listener progress;
  private final Side side;
  private final Step step;
  private final String suite;
  private final int items;
  private int done;
  private int faults;

  StepCounter(Progress.Listener progress, Side side, Step step, String suite, int items) {
    this.progress = progress;
    this.side = side;
    this.step = step;
    this.suite = suite;
    this.items = items;
  }

  /** Counts what an earlier session has done. */
  void begin(int more) {
    done += more;
  }

  void announce() {
    progress.on(new Progress.Started(side, step, suite, items, done));
  }

  void advance(boolean fault) {
    done++;
    if (fault) {
      faults++;
    }
    progress.on(new Progress.Advanced(side, step, suite, items, done, faults));
  }

  void finish() {
    progress.on(new Progress.Finished(side, step, suite, done, faults));
  }
}
