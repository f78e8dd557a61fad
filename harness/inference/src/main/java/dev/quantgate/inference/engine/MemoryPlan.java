package dev.quantgate.inference.engine;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;

/**
 * How a device's memory is shared out. All that weights and working memory leave goes to pages of
 * keys and values.
 *
 * @param option what a user types to give more: "--memory"
 * @param weightBytes resident bytes of weights
 * @param workingBytes bytes of everything but weights and pages
 * @param pageBytes bytes of one page, keys and values of all layers
 * @param pages how many pages there are, at least 1
 */
public record MemoryPlan(
    String option, long weightBytes, long workingBytes, long pageBytes, int pages) {

  public MemoryPlan {
    if (pages < 1) {
      throw new IllegalArgumentException("pages must be at least 1, not %d".formatted(pages));
    }
  }

  /**
   * A plan with as many pages as fit.
   *
   * @param model names the model in the message of a refusal: its folder
   * @param limitBytes the most bytes that all of it may take
   * @throws InferenceException of kind OUT_OF_MEMORY if not even one page fits
   */
  public static MemoryPlan within(
      long limitBytes,
      String model,
      String option,
      long weightBytes,
      long workingBytes,
      long pageBytes) {
    long rest = limitBytes - weightBytes - workingBytes;
    if (rest < pageBytes) {
      throw new InferenceException(
          Kind.OUT_OF_MEMORY,
          "%s needs %d MiB (%d of them weights), the limit is %d MiB; give more with %s, or use a machine that has more"
              .formatted(
                  model,
                  mebibytes(weightBytes + workingBytes + pageBytes),
                  mebibytes(weightBytes),
                  mebibytes(limitBytes),
                  option));
    }
    return new MemoryPlan(
        option,
        weightBytes,
        workingBytes,
        pageBytes,
        (int) Math.min(Integer.MAX_VALUE, rest / pageBytes));
  }

  /**
   * Refuses a call with a sequence that could never be held, before anything is computed. It is no
   * fault of that sequence: what a run answers must not depend on the memory it was given.
   *
   * @param what needs them, for the message: "the longest text needs"
   * @param needed pages
   * @throws InferenceException of kind OUT_OF_MEMORY if there are fewer
   */
  void requirePages(String what, long needed) {
    if (needed > pages) {
      throw new InferenceException(
          Kind.OUT_OF_MEMORY,
          "%s %d MiB of keys and values, the memory given leaves %d MiB; give more %s, at least %dM"
              .formatted(
                  what,
                  mebibytes(needed * pageBytes),
                  mebibytes(pages * pageBytes),
                  option,
                  mebibytes(weightBytes + workingBytes + needed * pageBytes)));
    }
  }

  /** Bytes in mebibytes, rounded up. */
  public static long mebibytes(long bytes) {
    return Math.ceilDiv(bytes, 1L << 20);
  }
}
