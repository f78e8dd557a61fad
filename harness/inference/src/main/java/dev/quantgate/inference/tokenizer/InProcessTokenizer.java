package dev.quantgate.inference.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;

/** The library in this process. */
record InProcessTokenizer(HuggingFaceTokenizer tokenizer) implements NativeTokenizer {

  @Override
  public Tokens encode(String text, boolean addSpecials) {
    Encoding encoding = tokenizer.encode(text, addSpecials, false);
    long[] ids = encoding.getIds();
    CharSpan[] spans = encoding.getCharTokenSpans();
    int[] narrow = new int[ids.length];
    int[] ends = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      narrow[i] = Math.toIntExact(ids[i]);
      CharSpan span = spans[i];
      ends[i] = span == null ? 0 : span.getEnd();
    }
    return new Tokens(narrow, ends);
  }

  @Override
  public String decode(long[] ids, boolean skipSpecials) {
    return tokenizer.decode(ids, skipSpecials);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
