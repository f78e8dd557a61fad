package dev.quantgate.evaluation.run;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.evaluation.answer.AnswerSource;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Journal;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.run.Progress.Step;
import dev.quantgate.inference.Prompt;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A model that answers, whole suites or parts of them, and keeps its run's journals. */
final class Respondent implements AutoCloseable {
  private final AnswerSource source;
  private final RunInProgress run;
  private final OutFolder out;
  private final Progress.Listener progress;
  private final Map<String, Work> works = new HashMap<>();

  private record Work(
      Journal<AnswerLine> journal, Map<String, AnswerLine> lines, StepCounter counter) {}

  Respondent(AnswerSource source, RunInProgress run, OutFolder out, Progress.Listener progress) {
    this.source = source;
    this.run = run;
    this.out = out;
    this.progress = progress;
  }

  RunInProgress run() {
    return run;
  }

  /** Answers those of a suite's questions that no session has answered. */
  void answer(SuiteTask task, List<Question> questions) {
    Work work = works.computeIfAbsent(task.suite(), suite -> open(task));
    List<Question> pending =
        questions.stream().filter(question -> !work.lines.containsKey(question.id())).toList();
    if (!pending.isEmpty()) {
      source.answer(
          task,
          run.questions(task),
          pending,
          line -> {
            work.journal.append(line);
            work.lines.put(line.id(), line);
            work.counter.advance(line.fault().isPresent());
            if (run.isSeeingDue()) {
              run.seen(source.usage());
            }
          });
    }
    List<String> missing =
        pending.stream().map(Question::id).filter(id -> !work.lines.containsKey(id)).toList();
    if (!missing.isEmpty()) {
      throw new EvaluationException(
          INPUT,
          "%s: no answer came for %d items of %s, the first being %s; repeat the command"
              .formatted(run.side(), missing.size(), task.suite(), missing.getFirst()));
    }
  }

  /** Hands what was answered to the run, as far as it was asked. */
  void handOver(SuiteTask task, List<Question> asked) {
    run.answered(task, asked, works.computeIfAbsent(task.suite(), suite -> open(task)).lines);
  }

  /** Ends a suite, of which these questions were asked. */
  void finish(SuiteTask task, List<Question> asked) {
    handOver(task, asked);
    Work work = works.remove(task.suite());
    if (work != null) {
      work.journal.close();
      work.counter.finish();
      writePrompts(task, asked, work.lines);
      new SelfTesting(run, task).ofAnswers(source, asked, work.lines);
    }
  }

  private Work open(SuiteTask task) {
    Map<String, AnswerLine> lines = new HashMap<>();
    List<Question> all = run.questions(task);
    Path file = run.folder().answers(task.suite());
    Journal<AnswerLine> journal =
        run.folder().openAnswers(task.suite(), line -> lines.put(line.id(), line));
    var counter = new StepCounter(progress, run.side(), Step.ANSWERING, task.suite(), all.size());
    for (Question question : all) {
      AnswerLine line = lines.get(question.id());
      if (line != null) {
        line.requireFor(question, file);
        counter.begin(1);
      }
    }
    counter.announce();
    return new Work(journal, lines, counter);
  }

  private void writePrompts(SuiteTask task, List<Question> asked, Map<String, AnswerLine> lines) {
    Path file = out.prompts(task.suite());
    if (run.side() == Side.CANDIDATE && Files.exists(file)) {
      return; // the baseline's; a prompt that differs is found by its hash
    }
    Map<Prompt, String> texts =
        source.render(asked.stream().flatMap(question -> form(question, lines).prompts()).toList());
    Disk.writeLines(
        file,
        asked.stream()
            .map(question ->
                Prompts.line(
                    question,
                    form(question, lines),
                    prompt -> Objects.requireNonNull(texts.get(prompt))))
            .toList());
  }

  /** The form in which a question was answered. */
  private static Request form(Question question, Map<String, AnswerLine> lines) {
    AnswerLine line = lines.get(question.id());
    return question.requests().get(line == null ? 0 : line.shortened());
  }

  /** Frees the model's memory. */
  @Override
  public void close() {
    try (source) {
      works.values().forEach(work -> work.journal.close());
      works.clear();
      run.seen(source.usage());
    }
  }
}
