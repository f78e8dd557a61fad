package dev.quantgate.evaluation;

import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.MutePrompts;
import dev.quantgate.evaluation.comparison.RunFacts;
import dev.quantgate.evaluation.comparison.Scores;
import dev.quantgate.evaluation.comparison.SuiteComparison.Data;
import dev.quantgate.evaluation.comparison.SuiteComparison.SideScore;
import dev.quantgate.evaluation.comparison.SuiteComparison.Ungraded;
import dev.quantgate.evaluation.gate.Gate;
import dev.quantgate.evaluation.protocol.Averages.Average;
import dev.quantgate.evaluation.protocol.Averages.ItemScore;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.ItemFacts;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.Side;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How one model did.
 *
 * @param folder the run's folder, which {@code compare} and {@code replay:} take
 */
public record Evaluation(
    ModelSummary model, List<SuiteResult> suites, List<String> notes, Path folder) {
  public Evaluation {
    suites = List.copyOf(suites);
    notes = List.copyOf(notes);
  }

  /** What is told of a finished run by itself. */
  static Evaluation of(FinishedRun run) {
    List<SuiteResult> suites = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    run.suites()
        .forEach((suite, records) -> {
          Data data = RunFacts.data(run, suite);
          if (!data.catalogued()) {
            notes.add(
                "%s: custom data, %s, sha256 %s".formatted(suite, data.file(), data.sha256()));
          }
          notes.addAll(RunFacts.executionNotes(run, suite, Side.MODEL));
          suites.add(result(run, suite, records));
        });
    return new Evaluation(RunFacts.summary(Side.MODEL, run), suites, notes, run.folder());
  }

  private static SuiteResult result(FinishedRun run, String suite, List<ItemRecord> records) {
    List<ItemScore> graded =
        records.stream()
            .filter(record -> record.fault().isEmpty())
            .map(record ->
                new ItemScore(
                    record.id(),
                    record.facts().map(ItemFacts::stratum).orElse(""),
                    record.answers(),
                    record.right()))
            .toList();
    List<Ungraded> ungraded =
        records.stream()
            .flatMap(record ->
                record.fault().stream()
                    .map(fault ->
                        new Ungraded(record.id(), Side.MODEL, fault.category(), fault.message())))
            .toList();
    return new SuiteResult(
        suite,
        RunFacts.protocol(run, suite),
        RunFacts.data(run, suite),
        RunFacts.suite(run, suite).available(),
        records.size(),
        graded.size(),
        Scores.of(graded),
        Scores.averages(run, suite, graded),
        ungraded,
        MutePrompts.of(records));
  }

  /**
   * Why the scores say nothing: a suite of which more than {@link Gate#FAULT_SHARE} of the items
   * have no grade, or of whose prompts hardly anything reaches the model. Empty where every score
   * stands.
   */
  public Optional<String> invalid() {
    return suites.stream().flatMap(suite -> suite.invalid().stream()).findFirst();
  }

  /** 0, or 2 where the scores say nothing. */
  public int exitCode() {
    return invalid().isEmpty() ? 0 : 2;
  }

  /**
   * One suite.
   *
   * @param items items graded: {@code asked} less those in faults
   * @param mute why its prompts say nothing to the model; empty where they do
   */
  public record SuiteResult(
      String suite,
      String protocol,
      Data data,
      int available,
      int asked,
      int items,
      SideScore score,
      List<Average> averages,
      List<Ungraded> ungraded,
      Optional<String> mute) {
    public SuiteResult {
      averages = List.copyOf(averages);
      ungraded = List.copyOf(ungraded);
    }

    private Optional<String> invalid() {
      return ungraded.size() > Gate.FAULT_SHARE * asked
          ? Optional.of(
              String.format(
                  Locale.ROOT,
                  "%s: %d of %d items have no grade, more than %.0f %%; the first, %s: %s",
                  suite,
                  ungraded.size(),
                  asked,
                  100 * Gate.FAULT_SHARE,
                  ungraded.getFirst().id(),
                  ungraded.getFirst().message()))
          : mute.map(reason -> "%s: %s".formatted(suite, reason));
    }
  }
}
