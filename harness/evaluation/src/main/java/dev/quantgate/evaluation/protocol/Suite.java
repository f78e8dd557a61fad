package dev.quantgate.evaluation.protocol;

import dev.quantgate.benchmarks.DataOptions;
import java.util.List;

/**
 * A benchmark: its items and the ways to ask them. Stateless; what it reads it reads anew.
 *
 * @param <I> its items, with all that its protocols need
 */
public interface Suite<I extends Item> {

  /** What users type and files are called: lower-case letters, digits, "-", "_" and ".". */
  String name();

  /** One line for people. */
  String description();

  /** What decides whether an answer is right. */
  Metric metric();

  /** The named ways to ask it, at least one; the first is the default. */
  List<Variant> protocols();

  /**
   * One of {@link #protocols}.
   *
   * @param variant its name
   * @param layout how check programs are put together; only suites of programs look at it
   * @throws IllegalArgumentException if there is none of that name
   */
  Protocol<I> protocol(String variant, Layout layout);

  /**
   * Reads and checks all items.
   *
   * @throws dev.quantgate.benchmarks.DataException naming the file and line that is wrong
   */
  SuiteItems<I> load(DataOptions options);

  /**
   * A named way to ask.
   *
   * @param name such as "official-5shot": what stands behind the slash of {@link Protocol#id}
   * @param description one line for people
   */
  record Variant(String name, String description) {}
}
