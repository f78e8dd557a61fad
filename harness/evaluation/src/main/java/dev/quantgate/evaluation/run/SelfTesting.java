package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.answer.AnswerSource;
import dev.quantgate.evaluation.answer.Grader;
import dev.quantgate.evaluation.answer.LiveSource;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Answer.ChoiceScore;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.SelfTest;
import dev.quantgate.evaluation.record.SelfTest.Kind;
import dev.quantgate.evaluation.record.Side;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Tests the harness on one suite of a run: that it repeats itself, and that it grades rightly. */
final class SelfTesting {
  /** Questions of one call, where the run itself asks all of them in one. */
  private static final int ASKED_TOGETHER = 3;

  private static final int SHARE = 20;
  private static final int LEAST_SCORED = 8;
  private static final int MOST_SCORED = 64;
  private static final int LEAST_WRITTEN = 2;
  private static final int MOST_WRITTEN = 8;

  private final RunInProgress run;
  private final SuiteTask task;
  private final Grader grader;

  SelfTesting(RunInProgress run, SuiteTask task) {
    this.run = run;
    this.task = task;
    this.grader = new Grader(task);
  }

  /**
   * All that can be found out while a model answers.
   *
   * @param asked the questions that were asked
   * @param lines the answers to them
   */
  void ofAnswers(AnswerSource source, List<Question> asked, Map<String, AnswerLine> lines) {
    if (run.side() != Side.CANDIDATE && run.selfTest(Kind.BASELINE_TWICE, task.suite()).isEmpty()) {
      run.keep(
          source instanceof LiveSource
              ? twice(source, asked, lines)
              : SelfTest.notRun(
                  Kind.BASELINE_TWICE,
                  task.suite(),
                  "not run: the %s's answers were recorded elsewhere".formatted(run.side())));
    }
    if (!task.ofPrograms()) {
      run.keep(gold());
    }
    run.keep(chance());
  }

  /** Asks a sample again, in reverse order and a few at a time. */
  private SelfTest twice(AnswerSource source, List<Question> all, Map<String, AnswerLine> lines) {
    List<Question> sample = sample(all).reversed();
    Map<String, AnswerLine> again = new HashMap<>();
    for (int at = 0; at < sample.size(); at += ASKED_TOGETHER) {
      List<Question> part = sample.subList(at, Math.min(sample.size(), at + ASKED_TOGETHER));
      source.answer(task, all, part, line -> again.put(line.id(), line));
    }
    int flips = 0;
    int others = 0;
    double most = 0;
    for (Question question : sample) {
      AnswerLine first = lines.get(question.id());
      AnswerLine second = again.get(question.id());
      if (first == null || second == null) {
        flips++;
        continue;
      }
      boolean same = first.answer().equals(second.answer()) && first.fault().equals(second.fault());
      others += same ? 0 : 1;
      flips += says(question, first).equals(says(question, second)) ? 0 : 1;
      most = Math.max(most, distance(first, second));
    }
    return SelfTest.run(
        Kind.BASELINE_TWICE,
        task.suite(),
        sample.size(),
        flips,
        String.format(
            Locale.ROOT,
            "%d flips in %d items asked again in reverse order, %d at a time; %s",
            flips,
            sample.size(),
            ASKED_TOGETHER,
            others == 0
                ? "every log-probability and token is the same"
                : "%d have other values, log-probabilities by up to %.3g".formatted(others, most)));
  }

  /** Items at even distances, so that every part of the suite is in it. */
  private static List<Question> sample(List<Question> all) {
    boolean scored = all.getFirst().request() instanceof Request.Choose;
    int wanted =
        Math.clamp(
            all.size() / SHARE,
            scored ? LEAST_SCORED : LEAST_WRITTEN,
            scored ? MOST_SCORED : MOST_WRITTEN);
    int size = Math.min(all.size(), wanted);
    List<Question> sample = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      sample.add(all.get((int) ((long) i * all.size() / size)));
    }
    return sample;
  }

  /** What an answer comes to; empty for a fault. */
  private Optional<Object> says(Question question, AnswerLine line) {
    return grader
        .grade(question, line)
        .grading()
        .map(grading ->
            switch (grading) {
              case Grading.Chosen chosen -> chosen.index();
              case Grading.Said said -> said.answer();
              case Grading.Programs programs -> programs.completions();
            });
  }

  private static double distance(AnswerLine one, AnswerLine other) {
    double most = 0;
    if (one.answer().orElse(null) instanceof Answer.Scored(List<ChoiceScore> first)
        && other.answer().orElse(null) instanceof Answer.Scored(List<ChoiceScore> second)) {
      for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
        most = Math.max(most, Math.abs(first.get(i).sum() - second.get(i).sum()));
      }
    }
    return most;
  }

  /** Grades the right answers, in each form in which an answer can come. */
  private SelfTest gold() {
    List<Question> questions = run.questions(task);
    int wrong = 0;
    for (Question question : questions) {
      boolean right =
          gold(question).stream()
              .allMatch(answer -> {
                var line =
                    new AnswerLine(
                        question.id(),
                        Optional.of(answer),
                        Optional.empty(),
                        0,
                        "",
                        OptionalInt.empty(),
                        Optional.empty(),
                        0);
                return grader.record(grader.grade(question, line), List.of()).right() == 1;
              });
      wrong += right ? 0 : 1;
    }
    return SelfTest.run(
        Kind.GOLD_ANSWERS,
        task.suite(),
        questions.size(),
        wrong,
        "the right answers score %s"
            .formatted(
                wrong == 0
                    ? "100 %"
                    : "%d of %d".formatted(questions.size() - wrong, questions.size())));
  }

  private static List<Answer> gold(Question question) {
    return switch (question.key()) {
      case Key.Choice key -> {
        List<Answer> answers = new ArrayList<>();
        answers.add(new Answer.Given(List.of(key.label())));
        if (question.request() instanceof Request.Choose choose) {
          List<ChoiceScore> scores = new ArrayList<>();
          for (int i = 0; i < choose.labels().size(); i++) {
            double value = i == key.index() ? -1 : -2;
            scores.add(new ChoiceScore(value, 1, value, 1));
          }
          answers.add(new Answer.Scored(scores));
        }
        yield answers;
      }
      case Key.Text key -> List.of(new Answer.Given(List.of(key.expected())));
      case Key.Program key -> List.of();
    };
  }

  private SelfTest chance() {
    int items = task.facts().available();
    return task.facts().chance().isPresent()
        ? SelfTest.run(
            Kind.CHANCE,
            task.suite(),
            items,
            0,
            String.format(
                Locale.ROOT, "guessing gets %.2f %%", 100 * task.facts().chance().getAsDouble()))
        : SelfTest.notRun(
            Kind.CHANCE, task.suite(), "not run: what guessing gets is not known of this suite");
  }
}
