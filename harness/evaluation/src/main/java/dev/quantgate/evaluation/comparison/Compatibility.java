package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.comparison.SuiteComparison.Data;
import dev.quantgate.evaluation.record.EngineIdentity;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.SuiteIdentity;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What keeps two runs from being compared. What both know must agree (data, items, protocol,
 * prompts, token ids, decoding, layout, sandbox, engine); what only one of them knows is not
 * compared, and a note says so.
 *
 * @param refusals why nothing can be said of the models; empty where something can
 * @param notes what a reader must know
 */
record Compatibility(List<String> refusals, List<String> notes) {
  Compatibility {
    refusals = List.copyOf(refusals);
    notes = List.copyOf(notes);
  }

  /** What a recording need not know: its prompts are compared one by one where they are known. */
  private static final Set<String> UNCOMPARED =
      Set.of(SuiteIdentity.ASKED, SuiteIdentity.PROMPTS, SuiteIdentity.ORDER);

  /** Of two runs as wholes. */
  static Compatibility of(FinishedRun baseline, FinishedRun candidate) {
    List<String> refusals = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    Identity first = baseline.identity();
    Identity second = candidate.identity();
    if (!first.program().equals(second.program())) {
      refusals.add(differs(Identity.PROGRAM, first.program(), second.program()));
    }
    if (first.engine().isPresent()
        && second.engine().isPresent()
        && !first.engine().equals(second.engine())) {
      EngineIdentity one = first.engine().get();
      EngineIdentity other = second.engine().get();
      String differs = differs(Identity.ENGINE, one.toString(), other.toString());
      if (one.sameNumbers(other)) {
        notes.add(
            "%s; last bits depend on that, so a near tie may flip by it alone".formatted(differs));
      } else {
        refusals.add(differs);
      }
    }
    var only = new LinkedHashSet<String>();
    only.addAll(without(baseline, candidate, Side.BASELINE));
    only.addAll(without(candidate, baseline, Side.CANDIDATE));
    if (!only.isEmpty()) {
      refusals.add("suites that only one run has: %s".formatted(String.join(", ", only)));
    }
    noteRecorded(Side.BASELINE, baseline, notes);
    noteRecorded(Side.CANDIDATE, candidate, notes);
    return new Compatibility(refusals, notes);
  }

  /** Of one suite of both. */
  static Compatibility of(FinishedRun baseline, FinishedRun candidate, String suite) {
    List<String> refusals = new ArrayList<>();
    Set<String> notes = new LinkedHashSet<>();
    SuiteIdentity first = baseline.identity().suite(suite);
    SuiteIdentity second = candidate.identity().suite(suite);
    for (Identity.Difference difference : first.differences(second)) {
      String field = difference.field();
      if (field.equals(SuiteIdentity.STOP)) {
        continue; // the bounds hold whenever and for whatever reason one stopped
      }
      if (difference.known()) {
        refusals.add(
            differs(field, difference.first().orElseThrow(), difference.second().orElseThrow()));
      } else if (!UNCOMPARED.contains(field)) {
        notes.add(
            "%s: %s is known of the %s only and was not compared"
                .formatted(
                    suite, field, difference.first().isPresent() ? "baseline" : "candidate"));
      }
    }
    Data data = RunFacts.data(baseline, suite);
    if (!data.catalogued()) {
      notes.add("%s: custom data, %s, sha256 %s".formatted(suite, data.file(), data.sha256()));
    }
    notes.addAll(RunFacts.executionNotes(baseline, suite, Side.BASELINE));
    notes.addAll(RunFacts.executionNotes(candidate, suite, Side.CANDIDATE));
    return new Compatibility(refusals, List.copyOf(notes));
  }

  private static String differs(String field, String first, String second) {
    return "%s differs: \"%s\" and \"%s\"".formatted(field, first, second);
  }

  private static List<String> without(FinishedRun run, FinishedRun other, Side side) {
    return run.suites().keySet().stream()
        .filter(suite -> !other.suites().containsKey(suite))
        .map(suite -> "%s (%s only)".formatted(suite, side))
        .toList();
  }

  private static void noteRecorded(Side side, FinishedRun run, List<String> notes) {
    if (!run.identity().live()) {
      notes.add(
          "%s: answers recorded elsewhere (%s)".formatted(side, run.provenance().reference()));
    }
  }
}
