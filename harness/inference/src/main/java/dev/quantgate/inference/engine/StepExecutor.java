package dev.quantgate.inference.engine;

import dev.quantgate.inference.InferenceException;
import java.util.List;

/**
 * A device that holds a model's weights and the data of pages of keys and values, and computes one
 * step at a time. Which page belongs to which sequence is its caller's business: pages are
 * numbered, and the data of a page mean nothing until a step or a copy has written them.
 *
 * <p>Every position's numbers follow from the tokens of its sequence up to that position alone: not
 * from the other rows of the step, from how the sequence was cut into slices, from which pages it
 * lies in, nor from the number of threads or multiprocessors. Two calls with the same sequence give
 * the same bits.
 *
 * <p>One thread at a time calls. An {@link InferenceException} (the device was lost, its memory is
 * gone) ends the work under way; after it the only call allowed is {@link #close}.
 */
public interface StepExecutor extends AutoCloseable {

  /** Positions of a page, at least 1. Page i of a sequence holds those from {@code i * this} on. */
  int pageTokens();

  /** The most rows of one step, at least 1. A row is one position of one sequence. */
  int stepRows();

  /**
   * The memory taken, and how many pages there are; their numbers are {@code 0 .. pages - 1}. Lower
   * numbers are used first, so that a device may allocate a page when it is first written.
   */
  MemoryPlan memory();

  /** Copies a whole page: for a sequence that forks from another in the middle of it. */
  void copyPage(int from, int to);

  /**
   * Computes some slices, writes their positions' keys and values to their pages, and answers each
   * slice's asks before it returns.
   *
   * @param slices at least one, of different sequences, together at most {@link #stepRows} rows
   */
  void step(List<Slice> slices);

  /** Frees weights, pages and working memory. */
  @Override
  void close();
}
