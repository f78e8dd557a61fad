package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.Prompt;
import java.util.List;

/** A checkpoint's tokenizer. */
public interface Tokenizer extends AutoCloseable {

  /** Token ids of a text, with bos (and eos) where the tokenizer's own config adds them. */
  Encoding encode(String text);

  /** Token ids of a text that continues another: nothing added, no leading-space marker. */
  List<Integer> encodeContinuation(String text);

  /** The text of some ids, special tokens left out, undecodable bytes as U+FFFD. */
  String decode(List<Integer> ids);

  /**
   * The bytes that one id stands for inside a text, before they are decoded as UTF-8: what a
   * generator needs to find a stop string that begins inside a token or a character. Empty for a
   * special token.
   */
  byte[] bytesOf(int id);

  boolean isSpecial(int id);

  /**
   * The ids that the tokenizer's files call the end of an answer (eos_token); beside {@link
   * dev.quantgate.inference.checkpoint.ModelConfig#eosIds} a generator stops at these too.
   */
  default List<Integer> eosIds() {
    return List.of();
  }

  /** Whether the folder has a chat template. */
  boolean hasChatTemplate();

  /**
   * Renders each conversation with the folder's chat template, the answer's opening included.
   *
   * @throws dev.quantgate.inference.InferenceException if there is no template, if it raises, or if
   *     it uses a construct that is refused by name
   */
  List<String> renderChats(List<List<Prompt.Message>> conversations);

  /** Token ids of a rendered chat: special tokens in the text are matched, none is added. */
  Encoding encodeRendered(String text);

  String sha256();

  @Override
  void close();

  /**
   * A tokenised text.
   *
   * @param ids the token ids
   * @param ends for each id the index (in UTF-16 units of the text) where its text ends; 0 for an
   *     added bos
   */
  record Encoding(List<Integer> ids, List<Integer> ends) {
    public Encoding {
      ids = List.copyOf(ids);
      ends = List.copyOf(ends);
    }
  }
}
