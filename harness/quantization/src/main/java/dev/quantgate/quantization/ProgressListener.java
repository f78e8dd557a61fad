package dev.quantgate.quantization;

import java.time.Duration;
import java.util.Optional;

/** Hears how far a quantisation is. Called by the thread that quantises. */
@FunctionalInterface
public interface ProgressListener {
  void onProgress(Progress progress);

  /** Hears nothing. */
  static ProgressListener none() {
    return progress -> {};
  }

  /**
   * How far it is.
   *
   * @param step what is being done, for people
   * @param done how many of {@code total} are done
   * @param left time left in this step, by the pace of this call up to now; empty at its start
   */
  record Progress(String step, long done, long total, Optional<Duration> left) {}
}
