package dev.quantgate.inference.tokenizer;

import java.nio.file.Path;

/** Opens the tokenizer of a checkpoint folder. */
public final class Tokenizers {
  private Tokenizers() {}

  /**
   * Opens tokenizer.json, or tokenizer.model (SentencePiece BPE) where that is all there is.
   * tokenizer_config.json says whether bos and eos are added and holds the chat template, unless
   * chat_template.jinja does.
   *
   * @throws dev.quantgate.inference.InferenceException if there is no tokenizer, it is damaged, or
   *     it uses something that is not supported
   */
  public static Tokenizer open(Path folder) {
    TokenizerFiles files = new TokenizerFiles(folder);
    ChatTemplate template = ChatTemplate.of(files);
    TokenCodec codec;
    if (files.bytes("tokenizer.json").isPresent()) {
      codec = RustCodec.open(files);
    } else if (files.bytes("tokenizer.model").isPresent()) {
      codec = SentencePieceCodec.open(files);
    } else {
      throw Refusal.damaged(folder, "has no tokenizer: neither tokenizer.json nor tokenizer.model");
    }
    return new FolderTokenizer(codec, template, files.sha256());
  }
}
