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

  /** The same, with word of how a suite was stopped. */
  public Provenance stopped(String suite, Stopping stopping) {
    var facts = new TreeMap<>(suites);
    facts.computeIfPresent(suite, (name, before) -> before.stopped(stopping));
    return new Provenance(reference, sessions, facts);
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
   * @param stopping that the items were asked until the comparison was decided; empty for whole
   *     runs
   */
  public record SuiteFacts(
      String file,
      boolean catalogued,
      int available,
      List<Subject> subjects,
      OptionalDouble chance,
      Optional<Stopping> stopping) {

    /** Of a run that asks all items. */
    public SuiteFacts(
        String file,
        boolean catalogued,
        int available,
        List<Subject> subjects,
        OptionalDouble chance) {
      this(file, catalogued, available, subjects, chance, Optional.empty());
    }

    /** The same of a run that asked until the comparison was decided. */
    public SuiteFacts stopped(Stopping how) {
      return new SuiteFacts(file, catalogued, available, subjects, chance, Optional.of(how));
    }
  }
}
