package dev.quantgate.evaluation.verify;

import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Layout;
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
   * The suite that was asked, with its data as it lies here, which may be other data.
   *
   * @throws dev.quantgate.base.QuantGateException if the suite or its data is not there
   * @throws IllegalArgumentException if there is no such protocol or layout
   */
  Found find(String suite, SuiteIdentity asked) {
    String reference = references.getOrDefault(suite, suite);
    String protocol = asked.protocol();
    String variant = protocol.substring(protocol.indexOf('/') + 1);
    RunPlan standard =
        RunPlan.of(reference)
            .withProtocol(reference, variant)
            .withLayout(asked.layout().map(Layout::of).orElse(Layout.OPENAI));
    RunPlan whole = data.folder().map(each -> standard.withData(each, true)).orElse(standard);
    return new Found(services, whole, SuiteTask.of(services, whole, reference));
  }

  /**
   * A suite.
   *
   * @param whole asks all of its items
   */
  record Found(Services services, RunPlan whole, SuiteTask all) {

    /** These of its items alone, of which there must be one. */
    SuiteTask named(List<String> ids) {
      return ids.equals(all.allIds()) ? all : task(whole.withItems(ids.toArray(String[]::new)));
    }

    /** As many of its items as a seed draws. */
    SuiteTask drawn(int items, long seed) {
      return task(whole.withLimit(items).withSeed(seed));
    }

    private SuiteTask task(RunPlan plan) {
      return SuiteTask.of(services, plan, plan.suites().getFirst());
    }
  }
}
