package dev.quantgate.evaluation.record;

import dev.quantgate.benchmarks.SuiteData.Subject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What may differ between two runs of the same identity: provenance.json.
 *
 * @param reference what the user typed for the model
 * @param sessions one for each time that work was done, the first one first
 * @param suites facts about the data that the run was asked from
 */
public record Provenance(
    String reference, List<Session> sessions, SortedMap<String, SuiteFacts> suites) {

  public Provenance {
    sessions = List.copyOf(sessions);
    suites = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(suites));
  }

  /** Memory and speed over all sessions; empty where none was live. */
  public Optional<ModelUsage> usage() {
    return sessions.stream().flatMap(session -> session.usage().stream()).reduce(ModelUsage::plus);
  }

  /** With a session added, or its last state put in its place. */
  public Provenance with(Session session) {
    var all = new ArrayList<>(sessions);
    if (!all.isEmpty() && all.getLast().started().equals(session.started())) {
      all.removeLast();
    }
    all.add(session);
    return new Provenance(reference, all, suites);
  }

  /**
   * One session.
   *
   * @param machine operating system, Java and processors
   * @param settings threads, memory and batch as they were
   * @param usage of the model, from its load on; empty for recorded answers
   * @param sandbox facts of the sandbox that may differ; empty where none was used
   */
  public record Session(
      Instant started,
      Instant lastSeen,
      Map<String, String> machine,
      Map<String, String> settings,
      Optional<ModelUsage> usage,
      SortedMap<String, String> sandbox) {}

  /**
   * Where a suite's items came from.
   *
   * @param file the file, for people
   * @param catalogued whether its hash is known
   * @param available items in it
   * @param subjects of an exam
   * @param chance the share of right answers that guessing gets: 0 for programs; empty in files of
   *     the first form
   */
  public record SuiteFacts(
      String file,
      boolean catalogued,
      int available,
      List<Subject> subjects,
      OptionalDouble chance) {}
}
