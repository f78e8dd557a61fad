package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.tokenizer.Tokenizer.Encoding;
import java.util.List;

/** Text to ids and back for one kind of tokenizer file. Safe for use by many threads. */
interface TokenCodec extends AutoCloseable {

  /** Ids of a text by itself, with what the folder's config adds. */
  Encoding encode(String text);

  /** Ids of a rendered chat: specials matched, nothing added. */
  Encoding encodeRendered(String text);

  /** Ids of a text that follows another. */
  List<Integer> encodeContinuation(String text);

  String decode(List<Integer> ids, boolean skipSpecials);

  byte[] bytesOf(int id);

  boolean isSpecial(int id);

  /** The id of what tokenizer_config.json calls eos_token; empty where it names none. */
  List<Integer> eosIds();

  @Override
  void close();
}
