package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.Verdict;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * comparison.json of schema 1, completed to what is read today. Its gate knew the measured loss and
 * no intervals: it proved nothing, so what it judged is INCONCLUSIVE and not proven, and what it
 * refused is INVALID. What it did not know stays empty: chance, churn, evidence, where the runs
 * lie.
 */
final class Schema1Comparison {
  private static final String NOTE =
      "written by an older QuantGate (schema 1): its verdict is the point rule's, without intervals;"
          + " compare the two runs again for a finding";

  private Schema1Comparison() {}

  /** Adds what schema 1 left out; a field of another kind than it had is left to the reader. */
  static void complete(ObjectNode comparison) {
    judged(comparison);
    if (comparison.get("suites") instanceof ArrayNode suites) {
      for (JsonNode each : suites) {
        if (each instanceof ObjectNode suite) {
          judged(suite);
          ArrayNode obstacles = suite.putArray("obstacles");
          if (refused(suite)) {
            obstacles.add(suite.path("reason").asString(""));
          }
        }
      }
    }
    if (comparison.get("notes") instanceof ArrayNode notes) {
      notes.add(NOTE);
    }
  }

  private static void judged(ObjectNode part) {
    Finding finding = refused(part) ? Finding.INVALID : Finding.INCONCLUSIVE;
    part.put("finding", finding.name()).put("proven", false);
  }

  private static boolean refused(ObjectNode part) {
    return part.path("verdict").asString("").equals(Verdict.INVALID.name());
  }
}
