package dev.quantgate.evaluation.verify;

import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.SuiteIdentity;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the data of a suite that was asked.
 *
 * @param references for the name of a suite what a user typed for it: names that are not there are
 *     looked for as they are
 */
record SuiteFinder(Services services, DataOptions data, Map<String, String> references) {

  /**
   * @param suites what a user typed: suites' names, or files that describe suites
   */
  static SuiteFinder of(Services services, DataOptions data, List<String> suites) {
    var references = new HashMap<String, String>();
    for (String reference : suites) {
      references.put(services.suites().find(reference).name(), reference);
    }
    return new SuiteFinder(services, data, references);
  }

  /**
   * A suite with the items that were asked.
   *
   * @throws dev.quantgate.base.QuantGateException if the data is not there
   * @throws IllegalArgumentException if it is other data than was asked
   */
  SuiteTask task(String suite, SuiteIdentity asked, List<ItemRecord> records) {
    String reference = references.getOrDefault(suite, suite);
    String protocol = asked.protocol();
    String variant = protocol.substring(protocol.indexOf('/') + 1);
    RunPlan standard =
        RunPlan.of(reference)
            .withProtocol(reference, variant)
            .withLayout(asked.layout().map(Layout::of).orElse(Layout.OPENAI));
    RunPlan whole = data.folder().map(each -> standard.withData(each, true)).orElse(standard);
    SuiteTask task = SuiteTask.of(services, whole, reference);
    if (!task.origin().sha256().equals(asked.data())) {
      throw new IllegalArgumentException(
          "expected data with sha256 %s, found %s with %s"
              .formatted(asked.data(), task.origin().file(), task.origin().sha256()));
    }
    List<String> ids = records.stream().map(ItemRecord::id).toList();
    return ids.equals(task.allIds())
        ? task
        : SuiteTask.of(services, whole.withItems(ids.toArray(String[]::new)), reference);
  }
}
