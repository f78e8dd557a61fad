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
    return run(participants, Optional.empty());
  }

  /**
   * The same for a baseline and a candidate, of which suites are asked until they are decided.
   *
   * @param stop decides; empty where all items are asked
   */
  public List<FinishedRun> run(List<Participant> participants, Optional<GatePolicy> stop) {
    out.requireUsable();
    List<Participant.Source> sources = participants.stream().map(Participant::check).toList();
    List<SuiteTask> tasks = SuiteTask.all(services, plan);
    sources.forEach(source -> requireSameRun(source, tasks));
    tasks.forEach(this::noteCustomData);
    Map<Side, RecordedSource> recorded = recorded(sources, tasks);
    try (Lock _ = Lock.take(out.path())) {
      return phases(sources, recorded, tasks, stop);
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
      progress.on(
          new Progress.Note(
              "%s: custom data, %s, sha256 %s"
                  .formatted(task.suite(), origin.file(), origin.sha256())));
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
      Optional<GatePolicy> stop) {
    var finished = new FinishedRuns(services, plan, environment, tasks);
    List<FinishedRun> before =
        sources.stream()
            .flatMap(source ->
                finished
                    .in(
                        out.run(source.side()),
                        source.model(),
                        Optional.ofNullable(recorded.get(source.side())))
                    .stream())
            .toList();
    if (before.size() == sources.size()) {
      progress.on(new Progress.Note("finished before: judged again, nothing is asked or executed"));
      return before;
    }
    Optional<RunSandbox> sandbox =
        tasks.stream().anyMatch(SuiteTask::ofPrograms)
            ? Optional.of(startSandbox())
            : Optional.empty();
    try {
      var answers = new AnswerPhase(services, plan, environment, out, tasks, sandbox, progress);
      List<RunInProgress> runs = new ArrayList<>();
      Consumer<List<RunInProgress>> execute =
          written ->
              sandbox.ifPresent(box ->
                  new ExecutionPhase(box, new SandboxTests(services.cache(), progress), progress)
                      .execute(written));
      try {
        if (stop.isPresent()) {
          var models = new StoppedModels(answers, environment, out, sources, recorded, progress);
          models.run(stop.get(), plan.seed(), tasks, execute, runs);
        } else {
          for (Participant.Source source : sources) {
            runs.add(answers.answer(source, Optional.ofNullable(recorded.get(source.side()))));
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
    } finally {
      sandbox.ifPresent(RunSandbox::close);
    }
  }

  private RunSandbox startSandbox() {
    progress.on(new Progress.Note("starting the sandbox: %s".formatted(environment.sandbox())));
    var sandbox =
        new RunSandbox(
            services,
            environment,
            note -> progress.on(new Progress.Note("sandbox: %s".formatted(note))));
    progress.on(new Progress.Note("sandbox: %s".formatted(sandbox.description().kind())));
    return sandbox;
  }
}
