package dev.quantgate.evaluation.protocol;

import java.util.List;

/**
 * One named way to ask a suite's items and to grade the answers: prompt template, stop strings,
 * extraction, rule of choice. Stateless; equal arguments give equal results.
 *
 * @param <I> the items that it can ask
 */
public interface Protocol<I extends Item> {

  /** The id that goes into every result, such as "humaneval/base" or "ceval/official-5shot". */
  String id();

  /**
   * The items as questions, in their order.
   *
   * @param chatTemplate whether the model has a chat template; a protocol that applies none ignores
   *     it
   * @throws IllegalArgumentException if an item lacks what this protocol needs
   */
  List<Question> questions(List<I> items, boolean chatTemplate);

  /**
   * Reads an answer: which choice it is, what it says, or which programs decide about it.
   *
   * @param question one of {@link #questions}
   */
  Grading grade(Question question, Answer answer);
}
