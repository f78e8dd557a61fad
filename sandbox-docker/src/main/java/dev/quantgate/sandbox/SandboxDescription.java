package dev.quantgate.sandbox;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What ran the jobs.
 *
 * @param kind the provider's kind
 * @param isolates whether it keeps programs apart from the machine and from each other
 * @param identity what must be equal for two runs' verdicts to be comparable: Python version,
 *     image, checker, layout, hashes of supervisor and codec, limits
 * @param facts what may differ: engine versions, slow-down measured, replacements
 */
public record SandboxDescription(
    String kind,
    boolean isolates,
    SortedMap<String, String> identity,
    SortedMap<String, String> facts) {
  public SandboxDescription {
    identity = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(identity));
    facts = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(facts));
  }
}
