package dev.quantgate.inference.tokenizer;

/** A tokenizer.json in the Rust library, wherever that runs. Safe for use by many threads. */
interface NativeTokenizer extends AutoCloseable {

  /**
   * Token ids of a text.
   *
   * @param text well-formed Unicode
   * @param addSpecials whether the post-processor adds what it adds
   */
  Tokens encode(String text, boolean addSpecials);

  String decode(long[] ids, boolean skipSpecials);

  @Override
  void close();

  /**
   * Tokens of a text.
   *
   * @param ids the token ids
   * @param ends for each id the index, in code points of the text, where its text ends; 0 for an
   *     added one
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Tokens(int[] ids, int[] ends) {}
}
