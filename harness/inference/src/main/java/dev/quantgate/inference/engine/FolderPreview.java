package dev.quantgate.inference.engine;

import dev.quantgate.inference.ModelPreview;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import java.nio.file.Path;
import java.util.List;

/** A checkpoint folder of which all but the weights was read. */
public record FolderPreview(Path folder, String tokenizerSha256) implements ModelPreview {

  /**
   * Looks at a folder.
   *
   * @throws dev.quantgate.inference.InferenceException if a file is missing or damaged, as far as
   *     that is known without reading weights
   */
  public static FolderPreview of(Path folder) {
    Checkpoints.requireReadable(folder);
    Tokenizers.requirePresent(folder);
    return new FolderPreview(folder, Tokenizers.sha256(folder));
  }

  @Override
  public List<List<Integer>> tokens(List<String> texts) {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      return texts.stream().map(text -> tokenizer.encode(text).ids()).toList();
    }
  }
}
