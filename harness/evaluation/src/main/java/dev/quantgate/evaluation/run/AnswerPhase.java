package dev.quantgate.evaluation.run;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.base.Version;
import dev.quantgate.evaluation.answer.AnswerSource;
import dev.quantgate.evaluation.answer.LiveSource;
import dev.quantgate.evaluation.answer.RecordedSource;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.Journal;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.evaluation.run.Progress.Step;
import dev.quantgate.inference.Prompt;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
    Instant started = Instant.now();
    try (AnswerSource source = recorded.isPresent() ? recorded.get() : load(participant)) {
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
              identity(source, questions),
              tasks,
              questions,
              new RunInProgress.Session(started, environment, sandbox));
      try {
        tasks.forEach(task -> answer(source, run, task));
      } finally {
        run.seen(source.usage());
      }
      return run;
    }
  }

  private AnswerSource load(Participant.Source participant) {
    progress.on(new Progress.Loading(participant.side(), participant.reference()));
    return new LiveSource(
        services
            .models()
            .load(environment.engine(), participant.model(), environment.engineOptions()),
        plan.sampling(),
        plan.seed());
  }

  private static Duration loadTime(AnswerSource source) {
    return source
        .usage()
        .map(usage -> Duration.ofNanos((long) (usage.loadSeconds() * 1e9)))
        .orElse(Duration.ZERO);
  }

  private Identity identity(AnswerSource source, Map<String, List<Question>> questions) {
    var suites = new LinkedHashMap<String, SuiteIdentity>();
    for (SuiteTask task : tasks) {
      suites.put(
          task.suite(),
          task.identity(
              plan,
              source.suiteIdentity(task, questions.getOrDefault(task.suite(), List.of())),
              sandbox.map(box ->
                  new SuiteIdentity.Sandbox(
                      box.description().kind(), box.description().identity()))));
    }
    return Identity.of(Version.program(), source.identity(), suites);
  }

  private void answer(AnswerSource source, RunInProgress run, SuiteTask task) {
    List<Question> all = run.questions(task);
    Path file = run.folder().answers(task.suite());
    Map<String, AnswerLine> lines = new HashMap<>();
    var counter = new StepCounter(progress, run.side(), Step.ANSWERING, task.suite(), all.size());
    try (Journal<AnswerLine> journal =
        run.folder().openAnswers(task.suite(), line -> lines.put(line.id(), line))) {
      List<Question> pending = new ArrayList<>();
      for (Question question : all) {
        AnswerLine line = lines.get(question.id());
        if (line == null) {
          pending.add(question);
        } else {
          line.requireFor(question, file);
        }
      }
      counter.begin(all.size() - pending.size());
      counter.announce();
      if (!pending.isEmpty()) {
        source.answer(
            task,
            all,
            pending,
            line -> {
              journal.append(line);
              lines.put(line.id(), line);
              counter.advance(line.fault().isPresent());
              if (run.isSeeingDue()) {
                run.seen(source.usage());
              }
            });
      }
    }
    List<String> missing =
        all.stream().map(Question::id).filter(id -> !lines.containsKey(id)).toList();
    if (!missing.isEmpty()) {
      throw new EvaluationException(
          INPUT,
          "%s: no answer came for %d items of %s, the first being %s; repeat the command"
              .formatted(run.side(), missing.size(), task.suite(), missing.getFirst()));
    }
    counter.finish();
    writePrompts(source, run, task, lines);
    run.answered(task, lines);
    new SelfTesting(run, task).ofAnswers(source, lines);
  }

  private void writePrompts(
      AnswerSource source, RunInProgress run, SuiteTask task, Map<String, AnswerLine> lines) {
    Path file = out.prompts(task.suite());
    if (run.side() == Side.CANDIDATE && Files.exists(file)) {
      return; // the baseline's; a prompt that differs is found by its hash
    }
    List<Prompts.Line> prompts = new ArrayList<>();
    for (Question question : run.questions(task)) {
      AnswerLine line = lines.get(question.id());
      int form = line == null ? 0 : line.shortened();
      prompts.add(
          Prompts.line(
              question, question.requests().get(form), (Prompt prompt) -> source.render(prompt)));
    }
    Disk.writeLines(file, prompts);
  }
}
