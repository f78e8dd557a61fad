package dev.quantgate.benchmarks;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code quantgate data verify} found out about a suite's data.
 *
 * @param path the file or folder; empty where there is none
 * @param sha256 as {@link SuiteData.Origin#sha256}; empty where the data could not be read
 * @param items how many items it has; 0 where it could not be read
 * @param message for people; what is wrong where something is
 */
public record Verification(
    String suite, Status status, Optional<Path> path, String sha256, int items, String message) {

  /** What the data is. */
  public enum Status {
    /** Catalogued data. */
    OFFICIAL,
    /** Of the right form, with an unknown hash: runs only if accepted. */
    CUSTOM,
    /** Not of the right form. */
    DAMAGED,
    /** Nowhere to be found. */
    MISSING
  }
}
