package dev.quantgate.evaluation.answer;

import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.ModelUsage;
import dev.quantgate.inference.Prompt;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;

/** Gives one side's answers: a live model, or what was recorded elsewhere. */
public sealed interface AnswerSource extends AutoCloseable permits LiveSource, RecordedSource {

  /** One line for people. */
  String description();

  /** The fields of identity.json that say what the model is. */
  SortedMap<String, String> identity();

  /** Whether the model renders chat prompts. */
  boolean chatTemplate();

  /**
   * What is known of how a suite was asked, as fields without the suite's prefix: prompts,
   * decoding, samples. What is not known is left out.
   */
  SortedMap<String, String> suiteIdentity(SuiteTask task, List<Question> questions);

  /** Refuses a suite that this source cannot answer, before anything is asked. */
  void require(SuiteTask task, List<Question> questions);

  /**
   * Answers questions; {@code sink} gets a line for each as soon as it is known, in any order.
   *
   * @param all the suite's questions
   * @param pending those of them that have no answer yet
   */
  void answer(
      SuiteTask task, List<Question> all, List<Question> pending, Consumer<AnswerLine> sink);

  /** Each prompt as the model sees it. */
  Map<Prompt, String> render(List<Prompt> prompts);

  /** Memory and speed; empty where no model runs. */
  Optional<ModelUsage> usage();

  @Override
  void close();
}
