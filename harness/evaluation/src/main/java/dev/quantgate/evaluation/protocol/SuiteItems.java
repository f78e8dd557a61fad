package dev.quantgate.evaluation.protocol;

import dev.quantgate.benchmarks.SuiteData.Origin;
import dev.quantgate.benchmarks.SuiteData.Subject;
import java.util.List;

/**
 * The items of a suite, read and checked.
 *
 * @param origin where they came from, with the hash that goes into every result
 * @param items in the order of the data; those that share a prompt's prefix are neighbours
 * @param subjects what the strata are called and grouped by in averages; empty where no average is
 *     taken over strata
 */
public record SuiteItems<I extends Item>(Origin origin, List<I> items, List<Subject> subjects) {
  public SuiteItems {
    items = List.copyOf(items);
    subjects = List.copyOf(subjects);
  }
}
