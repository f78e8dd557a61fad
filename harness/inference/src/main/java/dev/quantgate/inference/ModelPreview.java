package dev.quantgate.inference;

import java.util.List;

/** What is known of a model before its weights are read. */
public interface ModelPreview {

  /** Names the tokenizer: equal sums make the same tokens of any text. */
  String tokenizerSha256();

  /**
   * The token ids of texts, each as a {@link Prompt.Text} is given to the model.
   *
   * @throws InferenceException if the tokenizer cannot be opened
   */
  List<List<Integer>> tokens(List<String> texts);
}
