package dev.quantgate.evaluation.run;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.evaluation.answer.Services.ModelLoader;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.inference.ModelPreview;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Looks at all models before the first one is loaded or a sandbox is started, so that a second
 * model that cannot be opened, or has another tokenizer, is not found after hours.
 */
record Preview(ModelLoader models, String engine) {
  /** Prompts of a suite that are held against each other where tokenizers' sums differ. */
  private static final int SAMPLE = 16;

  /**
   * Refuses models that cannot be loaded, or that make different tokens of the suites' prompts.
   *
   * @throws EvaluationException naming the item
   * @throws dev.quantgate.inference.InferenceException if an engine or a file is missing
   */
  void require(List<Participant.Source> sources, List<SuiteTask> tasks) {
    List<ModelPreview> previews = new ArrayList<>();
    for (Participant.Source source : sources) {
      if (!(source.model() instanceof ModelReference.Replay)) {
        models.preview(engine, source.model()).ifPresent(previews::add);
      }
    }
    if (previews.size() == 2) {
      requireSameTokens(previews.getFirst(), previews.getLast(), tasks);
    }
  }

  private static void requireSameTokens(
      ModelPreview baseline, ModelPreview candidate, List<SuiteTask> tasks) {
    if (baseline.tokenizerSha256().equals(candidate.tokenizerSha256())) {
      return;
    }
    List<Question> questions = tasks.stream().flatMap(task -> sample(task).stream()).toList();
    List<String> texts = questions.stream().map(question -> text(question).orElse("")).toList();
    List<List<Integer>> first = baseline.tokens(texts);
    List<List<Integer>> second = candidate.tokens(texts);
    for (int i = 0; i < questions.size(); i++) {
      if (!first.get(i).equals(second.get(i))) {
        throw new EvaluationException(
            INPUT,
            "the tokenizers differ: the prompt of %s has %d tokens for the baseline and %s for the candidate\nGive the candidate the baseline's tokenizer files, or judge each by quantgate eval"
                .formatted(
                    questions.get(i).id(),
                    first.get(i).size(),
                    first.get(i).size() == second.get(i).size()
                        ? "as many others"
                        : Integer.toString(second.get(i).size())));
      }
    }
  }

  private static List<Question> sample(SuiteTask task) {
    List<Question> all = task.questions(false);
    int step = Math.max(1, all.size() / SAMPLE);
    List<Question> sample = new ArrayList<>();
    for (int i = 0; i < all.size() && sample.size() < SAMPLE; i += step) {
      sample.add(all.get(i));
    }
    return sample;
  }

  /** Of a prompt that every model is given alike; a chat is rendered by each in its own way. */
  private static Optional<String> text(Question question) {
    Prompt prompt =
        switch (question.request()) {
          case Request.Generate generate -> generate.prompt();
          case Request.Choose choose -> choose.requests().getFirst().prompt();
        };
    return prompt instanceof Prompt.Text text ? Optional.of(text.text()) : Optional.empty();
  }
}
