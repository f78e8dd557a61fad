package dev.quantgate.evaluation.verify;

import java.util.List;

/**
 * What came of a verification.
 *
 * @param sha256 the hash that names the result as it lies there: of its checksums.json
 * @param differences what is not as it must be; none where the result is sound
 * @param recomputed what was computed anew, one line each
 * @param left what was not, each with its reason
 */
public record Verification(
    String sha256, List<Difference> differences, List<String> recomputed, List<String> left) {
  public Verification {
    differences = List.copyOf(differences);
    recomputed = List.copyOf(recomputed);
    left = List.copyOf(left);
  }

  /** Whether nothing was found. */
  public boolean sound() {
    return differences.isEmpty();
  }
}
