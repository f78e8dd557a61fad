package dev.quantgate.evaluation.record;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One model's finished answers, as they lie on disk.
 *
 * @param suites records in item order, suites in the order of the run
 * @param selfTests what the harness found out about itself while the run was made; none where the
 *     run is older than these
 * @param sha256 of its checksums.json, which names the whole folder; empty for runs of schema 1
 */
public record FinishedRun(
    Path folder,
    Identity identity,
    Provenance provenance,
    Map<String, List<ItemRecord>> suites,
    List<SelfTest> selfTests,
    Optional<String> sha256) {
  public FinishedRun {
    var copy = new LinkedHashMap<String, List<ItemRecord>>();
    suites.forEach((suite, records) -> copy.put(suite, List.copyOf(records)));
    selfTests = List.copyOf(selfTests);
    suites = Collections.unmodifiableMap(copy);
  }
}
