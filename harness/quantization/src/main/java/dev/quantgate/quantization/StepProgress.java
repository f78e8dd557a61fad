package dev.quantgate.quantization;

import java.time.Duration;
import java.util.Optional;

/** Counts what is done in a step and tells a listener, with the time left by the pace up to now. */
public final class StepProgress {
  private final String step;
  private final int total;
  private final ProgressListener listener;
  private final long start = System.nanoTime();
  private int done;
  private int worked;

  public StepProgress(String step, int total, ProgressListener listener) {
    this.step = step;
    this.total = total;
    this.listener = listener;
    tell();
  }

  /** One more is done. */
  public void done() {
    done(1);
  }

  /** So many more are done. */
  public void done(int more) {
    worked += more;
    done += more;
    tell();
  }

  /** One more was done by an earlier run, so it says nothing about the pace. */
  public void skip() {
    skip(1);
  }

  /** So many more were done by an earlier run. */
  public void skip(int more) {
    done += more;
    tell();
  }

  private void tell() {
    Optional<Duration> left =
        worked == 0
            ? Optional.empty()
            : Optional.of(
                Duration.ofNanos((System.nanoTime() - start) / worked).multipliedBy(total - done));
    listener.onProgress(new ProgressListener.Progress(step, done, total, left));
  }
}
