package dev.quantgate.evaluation.suite;

import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.protocol.Item;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A question of an exam, which depends on the others of its subject.
 *
 * @param demos the subject's worked examples, one list for all of its questions
 */
record ExamItem(ExamQuestion question, Subject subject, List<ExamQuestion> demos) implements Item {

  /** All questions of an exam, in its order. */
  static List<ExamItem> of(SuiteData.Exam exam) {
    Map<String, Subject> subjects = new HashMap<>();
    exam.subjects().forEach(subject -> subjects.put(subject.key(), subject));
    return exam.questions().stream()
        .map(question -> {
          Subject subject = subjects.get(question.subject());
          if (subject == null) {
            throw new IllegalArgumentException(
                "%s is of no subject of its suite".formatted(question.id()));
          }
          return new ExamItem(
              question, subject, exam.demos().getOrDefault(subject.key(), List.of()));
        })
        .toList();
  }

  @Override
  public String id() {
    return question.id();
  }

  @Override
  public String stratum() {
    return subject.key();
  }

  @Override
  public String cluster() {
    return subject.key();
  }

  @Override
  public int choices() {
    return question.choices().size();
  }
}
