package dev.quantgate.evaluation.run;

import dev.quantgate.base.Version;
import dev.quantgate.evaluation.answer.AnswerSource;
import dev.quantgate.evaluation.answer.LiveSource;
import dev.quantgate.evaluation.answer.RecordedSource;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.answer.StopOrder;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.SuiteIdentity;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The first phase of a run: a model answers all suites. */
final class AnswerPhase {
  private final Services services;
  private final RunPlan plan;
  private final RunEnvironment environment;
  private final OutFolder out;
  private final List<SuiteTask> tasks;
  private final Optional<RunSandbox> sandbox;
  private final Progress.Listener progress;

  AnswerPhase(
      Services services,
      RunPlan plan,
      RunEnvironment environment,
      OutFolder out,
      List<SuiteTask> tasks,
      Optional<RunSandbox> sandbox,
      Progress.Listener progress) {
    this.services = services;
    this.plan = plan;
    this.environment = environment;
    this.out = out;
    this.tasks = tasks;
    this.sandbox = sandbox;
    this.progress = progress;
  }

  /** Has one model answer; its memory is free again afterwards. */
  RunInProgress answer(Participant.Source participant, Optional<RecordedSource> recorded) {
    try (Respondent model = open(participant, recorded, Optional.empty(), progress)) {
      for (SuiteTask task : tasks) {
        List<Question> all = model.run().questions(task);
        model.answer(task, all);
        model.finish(task, all);
      }
      return model.run();
    }
  }

  /**
   * Loads a model and claims its run's folder.
   *
   * @param stop when a suite counts as decided; empty where all items are asked
   * @param told hears of the answers
   */
  Respondent open(
      Participant.Source participant,
      Optional<RecordedSource> recorded,
      Optional<String> stop,
      Progress.Listener told) {
    Instant started = Instant.now();
    AnswerSource source = recorded.isPresent() ? recorded.get() : load(participant);
    try {
      progress.on(new Progress.Loaded(participant.side(), source.description(), loadTime(source)));
      var questions = new LinkedHashMap<String, List<Question>>();
      for (SuiteTask task : tasks) {
        List<Question> asked = task.questions(source.chatTemplate());
        source.require(task, asked);
        questions.put(task.suite(), asked);
      }
      var run =
          new RunInProgress(
              participant.side(),
              participant.reference(),
              out.run(participant.side()),
              identity(source, questions, stop),
              tasks,
              questions,
              new RunInProgress.Session(started, environment, sandbox));
      return new Respondent(source, run, out, told);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private AnswerSource load(Participant.Source participant) {
    progress.on(new Progress.Loading(participant.side(), participant.reference()));
    return new LiveSource(
        services
            .models()
            .load(environment.engine(), participant.model(), environment.engineOptions()),
        plan.sampling(),
        plan.seed(),
        environment.engineOptions().chatDate());
  }

  private static Duration loadTime(AnswerSource source) {
    return source
        .usage()
        .map(usage -> Duration.ofNanos((long) (usage.loadSeconds() * 1e9)))
        .orElse(Duration.ZERO);
  }

  private Identity identity(
      AnswerSource source, Map<String, List<Question>> questions, Optional<String> stop) {
    var suites = new LinkedHashMap<String, SuiteIdentity>();
    for (SuiteTask task : tasks) {
      suites.put(
          task.suite(),
          task.identity(
              plan,
              asking(source, task, questions.getOrDefault(task.suite(), List.of()), stop),
              sandbox.map(RunSandbox::identity)));
    }
    return Identity.of(Version.program(), source.identity(), suites);
  }

  private SortedMap<String, String> asking(
      AnswerSource source, SuiteTask task, List<Question> questions, Optional<String> stop) {
    var asking = new TreeMap<>(source.suiteIdentity(task, questions));
    asking.remove(SuiteIdentity.ORDER); // a recording of a stopped run
    asking.remove(SuiteIdentity.STOP);
    stop.ifPresent(rule -> {
      asking.put(SuiteIdentity.ORDER, StopOrder.name(plan.seed()));
      asking.put(SuiteIdentity.STOP, rule);
    });
    return asking;
  }
}
