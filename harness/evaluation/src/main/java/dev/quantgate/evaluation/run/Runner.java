package dev.quantgate.evaluation.run;

import dev.quantgate.base.Version;
import dev.quantgate.evaluation.answer.RecordedSource;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.Lock;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Carries out or continues the runs of one folder: answers first, one model after the other, so
 * that never two are in memory; then every program that was written, equal ones once; then the
 * records. What can be refused without loading a model or starting a sandbox is refused first.
 */
public final class Runner {
  private final Services services;
  private final RunPlan plan;
  private final RunEnvironment environment;
  private final OutFolder out;
  private final Progress.Listener progress;

  public Runner(
      Services services,
      RunPlan plan,
      RunEnvironment environment,
      OutFolder out,
      Progress.Listener progress) {
    this.services = services;
    this.plan = plan;
    this.environment = environment;
    this.out = out;
    this.progress = progress;
  }

  /** Brings every participant's folder to its end and gives the runs in their order. */
  public List<FinishedRun> run(List<Participant> participants) {
    return run(participants, Optional.empty(), BaselineChoice.ASKED);
  }

  /**
   * The same for a baseline and a candidate, of which suites are asked until they are decided.
   *
   * @param stop decides; empty where all items are asked
   * @param baseline what is taken in the place of asking it
   */
  public List<FinishedRun> run(
      List<Participant> participants, Optional<GatePolicy> stop, BaselineChoice baseline) {
    out.requireUsable();
    List<Participant.Source> sources = participants.stream().map(Participant::check).toList();
    sources.forEach(source -> {
      if (source.model() instanceof ModelReference.Folder(Path folder)) {
        out.requireApartFrom(folder);
      }
    });
    List<SuiteTask> tasks = SuiteTask.all(services, plan);
    sources.forEach(source -> requireSameRun(source, tasks));
    tasks.forEach(this::noteCustomData);
    Map<Side, RecordedSource> recorded = recorded(sources, tasks);
    try (Lock _ = Lock.take(out.path())) {
      return phases(sources, recorded, tasks, stop, baseline);
    } catch (InferenceException e) {
      throw e.kind() == InferenceException.Kind.INTERRUPTED ? interrupted(e) : e;
    } catch (SandboxException e) {
      throw e.kind() == SandboxException.Kind.INTERRUPTED ? interrupted(e) : e;
    } catch (EvaluationException e) {
      throw e.kind() == EvaluationException.Kind.INTERRUPTED ? interrupted(e) : e;
    }
  }

  private EvaluationException interrupted(RuntimeException cause) {
    return new EvaluationException(
        EvaluationException.Kind.INTERRUPTED,
        "stopped; what is done lies in %s, and the same command continues it".formatted(out.path()),
        cause);
  }

  private void requireSameRun(Participant.Source source, List<SuiteTask> tasks) {
    var suites = new LinkedHashMap<String, SuiteIdentity>();
    tasks.forEach(
        task -> suites.put(task.suite(), task.identity(plan, new TreeMap<>(), Optional.empty())));
    new RunFolder(out.run(source.side()))
        .requireBegunAs(
            Identity.of(Version.program(), new TreeMap<>(), suites),
            RunInProgress.provenance(source.reference(), tasks));
  }

  private void noteCustomData(SuiteTask task) {
    var origin = task.origin();
    if (!origin.catalogued()) {
      note(
          "%s: custom data, %s, sha256 %s".formatted(task.suite(), origin.file(), origin.sha256()));
    }
  }

  private static Map<Side, RecordedSource> recorded(
      List<Participant.Source> sources, List<SuiteTask> tasks) {
    var recorded = new EnumMap<Side, RecordedSource>(Side.class);
    for (Participant.Source source : sources) {
      if (source.model() instanceof ModelReference.Replay(Path path)) {
        recorded.put(source.side(), RecordedSource.open(path, tasks));
      }
    }
    return recorded;
  }

  private List<FinishedRun> phases(
      List<Participant.Source> sources,
      Map<Side, RecordedSource> recorded,
      List<SuiteTask> tasks,
      Optional<GatePolicy> stop,
      BaselineChoice choice) {
    var known = new FinishedRuns(services, plan, environment, tasks);
    FinishedBaseline baseline = baseline(choice, sources.getFirst(), recorded, known);
    List<FinishedRun> before =
        sources.stream()
            .flatMap(source ->
                known
                    .in(
                        out.run(source.side()),
                        source.model(),
                        Optional.ofNullable(recorded.get(source.side())),
                        Optional.empty())
                    .stream())
            .toList();
    if (before.size() == sources.size()) {
      choice.requireFrozen(before.getFirst());
      note("finished before: judged again, nothing is asked or executed");
      return before;
    }
    new Preview(services.models(), environment.engine()).require(sources, tasks);
    Optional<RunSandbox> sandbox =
        tasks.stream().anyMatch(SuiteTask::ofPrograms)
            ? Optional.of(startSandbox())
            : Optional.empty();
    try {
      Optional<FinishedRun> finished =
          sources.getFirst().side() == Side.BASELINE
              ? baseline.take(out, sandbox.map(RunSandbox::identity), this::note)
              : Optional.empty();
      List<FinishedRun> runs = ask(sources, recorded, tasks, stop, sandbox, finished);
      if (sources.getFirst().side() == Side.BASELINE && finished.isEmpty()) {
        baseline.keep(runs.getFirst(), out, this::note);
      }
      return runs;
    } finally {
      sandbox.ifPresent(RunSandbox::close);
    }
  }

  private FinishedBaseline baseline(
      BaselineChoice choice,
      Participant.Source source,
      Map<Side, RecordedSource> recorded,
      FinishedRuns known) {
    return new FinishedBaseline(
        choice, services.cache(), known, source, Optional.ofNullable(recorded.get(source.side())));
  }

  /**
   * The kept run of the baseline that would be taken, as far as it is known without loading a model
   * or starting a sandbox; in words for people.
   */
  public Optional<String> reusable(Participant participant, BaselineChoice choice) {
    if (choice.equals(BaselineChoice.ASKED)) {
      return Optional.empty();
    }
    List<SuiteTask> tasks = SuiteTask.all(services, plan);
    Participant.Source source = participant.check();
    return baseline(
            choice,
            source,
            recorded(List.of(source), tasks),
            new FinishedRuns(services, plan, environment, tasks))
        .kept(Optional.empty())
        .map(entry -> FinishedBaseline.words(entry.checked()));
  }

  /** Asks whoever is not finished. */
  private List<FinishedRun> ask(
      List<Participant.Source> sources,
      Map<Side, RecordedSource> recorded,
      List<SuiteTask> tasks,
      Optional<GatePolicy> stop,
      Optional<RunSandbox> sandbox,
      Optional<FinishedRun> baseline) {
    var answers = new AnswerPhase(services, plan, environment, out, tasks, sandbox, progress);
    List<RunInProgress> runs = new ArrayList<>();
    Consumer<List<RunInProgress>> execute =
        written ->
            sandbox.ifPresent(box ->
                new ExecutionPhase(box, new SandboxTests(services.cache(), progress), progress)
                    .execute(written, baseline));
    try {
      if (stop.isPresent()) {
        var models = new StoppedModels(answers, environment, out, sources, recorded, progress);
        models.run(stop.get(), plan.seed(), tasks, execute, baseline, runs);
      } else {
        for (Participant.Source source : sources) {
          if (source.side() != Side.BASELINE || baseline.isEmpty()) {
            runs.add(answers.answer(source, Optional.ofNullable(recorded.get(source.side()))));
          }
        }
      }
      execute.accept(runs);
    } catch (RuntimeException e) {
      try {
        runs.forEach(RunInProgress::seenAgain);
      } catch (RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
    runs.forEach(RunInProgress::seenAgain);
    runs.forEach(RecordPhase::write);
    return sources.stream().map(source -> RunFolder.read(out.run(source.side()))).toList();
  }

  private void note(String text) {
    progress.on(new Progress.Note(text));
  }

  private RunSandbox startSandbox() {
    note("starting the sandbox: %s".formatted(environment.sandbox()));
    var sandbox =
        new RunSandbox(services, environment, text -> note("sandbox: %s".formatted(text)));
    note("sandbox: %s".formatted(sandbox.description().kind()));
    return sandbox;
  }
}
