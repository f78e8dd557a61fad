package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.answer.RecordedSource;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.gate.Gate;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.ModelReference;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A baseline and a candidate that are asked until their comparison is decided: in turns where both
 * fit in memory, else the candidate against a baseline that has answered everything. A run that was
 * begun goes on as it was begun.
 */
final class StoppedModels {
  /** Engines whose models lie in the machine's own memory. */
  private static final Set<String> OF_MACHINE = Set.of("cpu", "reference");

  private final AnswerPhase answers;
  private final RunEnvironment environment;
  private final OutFolder out;
  private final List<Participant.Source> sources;
  private final Map<Side, RecordedSource> recorded;
  private final Progress.Listener progress;

  StoppedModels(
      AnswerPhase answers,
      RunEnvironment environment,
      OutFolder out,
      List<Participant.Source> sources,
      Map<Side, RecordedSource> recorded,
      Progress.Listener progress) {
    this.answers = answers;
    this.environment = environment;
    this.out = out;
    this.sources = sources;
    this.recorded = recorded;
    this.progress = progress;
  }

  /**
   * Asks both.
   *
   * @param finished the baseline's run, where it need not be asked
   * @param runs gets the runs that are asked as soon as they are begun, the baseline's first
   */
  void run(
      GatePolicy policy,
      long seed,
      List<SuiteTask> tasks,
      Consumer<List<RunInProgress>> execute,
      Optional<FinishedRun> finished,
      List<RunInProgress> runs) {
    var phase = new StopPhase(Gate.of(policy), seed, execute);
    Optional<String> rule =
        Optional.of(policy.stopRule(tasks.stream().map(SuiteTask::suite).toList()));
    Participant.Source first = sources.getFirst();
    Participant.Source second = sources.getLast();
    if (finished.isPresent()) {
      progress.on(
          new Progress.Note(
              "the candidate is asked until each suite is decided, the baseline was"));
      try (Respondent candidate = open(second, rule, progress)) {
        runs.add(candidate.run());
        phase.against(StopPhase.Baseline.of(finished.get()), candidate);
      }
    } else if (inTurns(tasks)) {
      progress.on(new Progress.Note("both models take turns until each suite is decided"));
      try (Respondent baseline = open(first, rule, Progress.Listener.NONE);
          Respondent candidate = open(second, rule, progress)) {
        runs.addAll(List.of(baseline.run(), candidate.run()));
        phase.inTurns(baseline, candidate);
      }
    } else {
      progress.on(
          new Progress.Note(
              "the candidate is asked until each suite is decided, the baseline whole"));
      runs.add(answers.answer(first, Optional.ofNullable(recorded.get(first.side()))));
      try (Respondent candidate = open(second, rule, progress)) {
        runs.add(candidate.run());
        phase.against(StopPhase.Baseline.of(runs.getFirst()), candidate);
      }
    }
  }

  private Respondent open(
      Participant.Source source, Optional<String> rule, Progress.Listener told) {
    return answers.open(source, Optional.ofNullable(recorded.get(source.side())), rule, told);
  }

  private boolean inTurns(List<SuiteTask> tasks) {
    Path begun = new RunFolder(out.run(Side.BASELINE)).identity();
    return Files.exists(begun)
        ? Disk.readPage(begun, Identity.class)
            .suite(tasks.getFirst().suite())
            .asking()
            .containsKey(SuiteIdentity.ORDER)
        : fit();
  }

  /** Whether both models fit in half of the memory, so that their caches have the rest. */
  private boolean fit() {
    List<Participant.Source> live =
        sources.stream().filter(source -> !recorded.containsKey(source.side())).toList();
    if (live.size() < 2) {
      return true;
    }
    long memory = environment.engineOptions().memoryBytes().orElseGet(StoppedModels::memory);
    return live.stream()
            .allMatch(source ->
                OF_MACHINE.contains(Engines.find(environment.engine(), source.model()).kind()))
        && live.stream().mapToLong(source -> bytes(source.model())).sum() <= memory / 2;
  }

  private static long memory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean machine
        ? machine.getTotalMemorySize()
        : 0;
  }

  private static long bytes(ModelReference model) {
    if (!(model instanceof ModelReference.Folder(Path folder))) {
      return 0;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException e) {
      throw Disk.cannot("listed", folder, e);
    }
  }
}
