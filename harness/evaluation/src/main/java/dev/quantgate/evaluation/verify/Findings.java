package dev.quantgate.evaluation.verify;

import dev.quantgate.evaluation.record.JsonDifference;
import dev.quantgate.evaluation.record.SealedText;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what a verification finds, each thing once. */
final class Findings {
  private final Set<Difference> differences = new LinkedHashSet<>();
  private final Set<String> recomputed = new LinkedHashSet<>();
  private final Set<String> left = new LinkedHashSet<>();
  private final Set<String> unverified = new LinkedHashSet<>();

  void add(Difference difference) {
    differences.add(difference);
  }

  /** Adds where an object differs from what it must be; gives whether it does. */
  boolean compare(String file, SealedText text, Object expected, String basis) {
    List<JsonDifference> found = text.differences(expected);
    found.forEach(each -> add(Difference.recomputed(file, text.line(), each, basis)));
    return !found.isEmpty();
  }

  /** Adds a value of a file that is not what it must be. */
  void compare(String file, String field, String found, String expected, String basis) {
    compare(file, 0, field, found, expected, basis);
  }

  /** Adds a value of a line that is not what it must be. */
  void compare(String file, int line, String field, String found, String expected, String basis) {
    if (!found.equals(expected)) {
      add(new Difference(file, line, field, found, expected, basis));
    }
  }

  void recomputed(String what) {
    recomputed.add(what);
  }

  /** Names what was not computed anew and need not be for the result to be called sound. */
  void left(String what) {
    left.add(what);
  }

  /** Names what was not computed anew though the result stands on it, why, and what to do. */
  void unverified(String what) {
    unverified.add(what);
  }

  Verification result(String sha256) {
    return new Verification(
        sha256,
        List.copyOf(differences),
        List.copyOf(recomputed),
        List.copyOf(left),
        List.copyOf(unverified));
  }
}
