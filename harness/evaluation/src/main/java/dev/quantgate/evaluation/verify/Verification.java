package dev.quantgate.evaluation.verify;

import java.util.List;

/**
 * What came of a verification.
 *
 * @param sha256 the hash that names the result as it lies there: of its checksums.json
 * @param differences what is not as it must be
 * @param recomputed what was computed anew, one line each
 * @param left what was not and need not be, such as the sums of a model that is no longer there,
 *     each with its reason
 * @param unverified what was not though the result stands on it, each with its reason and what to
 *     do: a result of which nothing can be shown is not sound
 */
public record Verification(
    String sha256,
    List<Difference> differences,
    List<String> recomputed,
    List<String> left,
    List<String> unverified) {
  public Verification {
    differences = List.copyOf(differences);
    recomputed = List.copyOf(recomputed);
    left = List.copyOf(left);
    unverified = List.copyOf(unverified);
  }

  /** Whether all that the result stands on was computed anew, and found as it was written. */
  public boolean sound() {
    return differences.isEmpty() && unverified.isEmpty();
  }
}
