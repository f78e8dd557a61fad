package dev.quantgate.evaluation.answer;

import dev.quantgate.base.Sha256;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.CodeProblem;
import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.SentencePair;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.ItemFacts;
import dev.quantgate.evaluation.record.Provenance;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A suite as one run asks it.
 *
 * @param all what the data holds
 * @param drawn what is asked
 */
public record SuiteTask(String suite, SuiteData all, SuiteData drawn, Protocol protocol) {
  /** Digits of a premise's hash that name its cluster. */
  private static final int PREMISE_DIGITS = 16;

  public static SuiteTask of(Services doors, RunPlan assignment, String suite) {
    Protocol protocol;
    try {
      protocol =
          doors
              .protocols()
              .find(
                  suite,
                  Optional.ofNullable(assignment.protocols().get(suite)),
                  assignment.layout());
    } catch (IllegalArgumentException e) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING, String.valueOf(e.getMessage()), e);
    }
    SuiteData all =
        doors.suites().load(suite, new DataOptions(assignment.data(), assignment.acceptData()));
    SuiteData drawn =
        assignment.limit().isPresent()
            ? Draw.of(all, assignment.limit().getAsInt(), assignment.seed())
            : all;
    if (drawn.size() == 0) {
      throw new EvaluationException(
          EvaluationException.Kind.INPUT,
          all.origin().file() + ": suite " + suite + " has no items");
    }
    return new SuiteTask(suite, all, drawn, protocol);
  }

  /** The items as questions, in order. */
  public List<Question> questions(boolean chatTemplate) {
    List<Question> questions = protocol.questions(drawn, chatTemplate);
    for (Question question : questions) {
      if (question.key() instanceof Key.Choice choice && choice.index() < 0) {
        throw new EvaluationException(
            EvaluationException.Kind.INPUT,
            all.origin().file()
                + ": "
                + suite
                + " item "
                + question.id()
                + " has no right answer in this file, so nothing can be judged; give a labelled"
                + " one");
      }
    }
    return questions;
  }

  public boolean ofPrograms() {
    return all instanceof SuiteData.Code;
  }

  public List<Subject> subjects() {
    return all instanceof SuiteData.Exam exam ? exam.subjects() : List.of();
  }

  public Provenance.SuiteFacts facts() {
    return new Provenance.SuiteFacts(
        all.origin().file(), all.origin().catalogued(), all.size(), subjects(), chance());
  }

  /** What guessing gets of the whole suite. */
  private OptionalDouble chance() {
    return itemFacts().values().stream().mapToDouble(ItemFacts::chance).average();
  }

  /** What judging needs to know of each item of the whole suite, by id. */
  public Map<String, ItemFacts> itemFacts() {
    var facts = new LinkedHashMap<String, ItemFacts>();
    switch (all) {
      case SuiteData.Code code ->
          code.problems()
              .forEach(problem ->
                  facts.put(
                      problem.id(),
                      new ItemFacts(facts.size(), "", "", Optional.of(problem.id()), 0)));
      case SuiteData.Pairs pairs ->
          pairs
              .pairs()
              .forEach(pair ->
                  facts.put(
                      pair.id(),
                      new ItemFacts(
                          facts.size(),
                          pair.label().name().toLowerCase(Locale.ROOT),
                          "",
                          Optional.of(Sha256.hex(pair.first()).substring(0, PREMISE_DIGITS)),
                          SuiteData.Label.values().length)));
      case SuiteData.Exam exam -> {
        var categories = new HashMap<String, String>();
        exam.subjects().forEach(subject -> categories.put(subject.key(), subject.category()));
        exam.questions()
            .forEach(question ->
                facts.put(
                    question.id(),
                    new ItemFacts(
                        facts.size(),
                        question.subject(),
                        categories.getOrDefault(question.subject(), ""),
                        Optional.of(question.subject()),
                        question.choices().size())));
      }
    }
    return facts;
  }

  /** Ids of the whole data. */
  public List<String> allIds() {
    return ids(all);
  }

  /** Ids of what is asked. */
  public List<String> ids() {
    return ids(drawn);
  }

  private static List<String> ids(SuiteData data) {
    return switch (data) {
      case SuiteData.Code code -> code.problems().stream().map(CodeProblem::id).toList();
      case SuiteData.Pairs pairs -> pairs.pairs().stream().map(SentencePair::id).toList();
      case SuiteData.Exam exam -> exam.questions().stream().map(ExamQuestion::id).toList();
    };
  }
}
