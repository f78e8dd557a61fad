package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.InferenceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Optional;

/** Opens the tokenizer of a checkpoint folder. */
public final class Tokenizers {
  private Tokenizers() {}

  /**
   * Opens tokenizer.json, or tokenizer.model (SentencePiece BPE) where that is all there is.
   * tokenizer_config.json says whether bos and eos are added and holds the chat template, unless
   * chat_template.jinja or additional_chat_templates does.
   *
   * @throws dev.quantgate.inference.InferenceException if there is no tokenizer, it is damaged, or
   *     it uses something that is not supported
   */
  public static Tokenizer open(Path folder) {
    return open(folder, Optional.empty());
  }

  /**
   * Refuses a folder without a tokenizer; what is in it is not looked at.
   *
   * @throws dev.quantgate.inference.InferenceException if there is none
   */
  public static void requirePresent(Path folder) {
    if (!Files.exists(folder.resolve("tokenizer.json"))
        && !Files.exists(folder.resolve("tokenizer.model"))) {
      throw none(folder);
    }
  }

  private static InferenceException none(Path folder) {
    return Refusal.damaged(folder, "has no tokenizer: neither tokenizer.json nor tokenizer.model");
  }

  /** The sum of a folder's tokenizer, as {@link Tokenizer#sha256}, without opening it. */
  public static String sha256(Path folder) {
    return new TokenizerFiles(folder).sha256();
  }

  /** As {@link #open(Path)}, with the day that a chat template is told ({@code strftime_now}). */
  public static Tokenizer open(Path folder, Optional<LocalDate> chatDate) {
    TokenizerFiles files = new TokenizerFiles(folder);
    if (files.flag("split_special_tokens").orElse(false)) {
      throw Refusal.unsupported(
          files.path("tokenizer_config.json"),
          "\"split_special_tokens\": true changes the tokens of texts that spell special ones and is not supported");
    }
    ChatTemplate template = ChatTemplate.of(files, chatDate);
    TokenCodec codec;
    if (files.bytes("tokenizer.json").isPresent()) {
      codec = RustCodec.open(files);
    } else if (files.bytes("tokenizer.model").isPresent()) {
      codec = SentencePieceCodec.open(files);
    } else {
      throw none(folder);
    }
    return new FolderTokenizer(codec, template, files.sha256());
  }
}
