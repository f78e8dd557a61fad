package dev.quantgate.evaluation.verify;

import dev.quantgate.benchmarks.DataOptions;
import java.util.List;

/**
 * Where the data of a result lies.
 *
 * @param data folder of data files, or their usual place
 * @param suites suites of a user's own, by the files that describe them; names of others may stand
 *     among them
 */
public record VerifyRequest(DataOptions data, List<String> suites) {
  public VerifyRequest {
    suites = List.copyOf(suites);
  }

  /** Data in its usual place, and no suites of a user's own. */
  public static VerifyRequest standard() {
    return new VerifyRequest(DataOptions.standard(), List.of());
  }
}
