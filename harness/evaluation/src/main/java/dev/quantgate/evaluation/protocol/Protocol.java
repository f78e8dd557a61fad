package dev.quantgate.evaluation.protocol;

import dev.quantgate.benchmarks.SuiteData;
import java.util.List;

/**
 * One named way to ask a suite's items and to grade the answers: prompt template, stop strings,
 * extraction, rule of choice. Stateless; equal arguments give equal results.
 */
public interface Protocol {

  /** The id that goes into every result, such as "humaneval/base" or "ceval/official-5shot". */
  String id();

  /**
   * The items as questions, in the order of the data.
   *
   * @param data of the form this protocol asks about
   * @param chatTemplate whether the model has a chat template; a protocol that applies none ignores
   *     it
   * @throws IllegalArgumentException if the data is of another form
   */
  List<Question> questions(SuiteData data, boolean chatTemplate);

  /**
   * Reads an answer: which choice it is, or which programs decide about it.
   *
   * @param question one of {@link #questions}
   */
  Grading grade(Question question, Answer answer);

  /**
   * What the suite's authors report beside the plain mean: macro, category and hard-subset averages
   * ("macro", "category/STEM", "hard", "subject/law"), pass@k ("pass@10").
   *
   * <p>Needs no data, so that finished runs can be averaged where the data is not.
   *
   * @param subjects of an exam, an item's being what stands before the last slash of its id; empty
   *     for other suites
   * @param scores of the items that were graded, in the order of the data
   */
  List<Average> averages(List<SuiteData.Subject> subjects, List<ItemScore> scores);

  /**
   * How an item came out.
   *
   * @param answers answers graded, at least 1: several where a problem was sampled several times
   * @param right how many of them are right
   */
  record ItemScore(String id, int answers, int right) {
    public double score() {
      return (double) right / answers;
    }
  }

  /**
   * A named average.
   *
   * @param items how many items it covers, at least 1
   * @param score in 0 .. 1, not rounded
   */
  record Average(String name, int items, double score) {}
}
