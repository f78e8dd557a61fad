package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.Prompt;
import java.util.List;

/** A codec, a chat template, and the sum over the files they came from. */
record FolderTokenizer(TokenCodec codec, ChatTemplate template, String sha256)
    implements Tokenizer {

  @Override
  public Encoding encode(String text) {
    return codec.encode(text);
  }

  @Override
  public List<Integer> encodeContinuation(String text) {
    return codec.encodeContinuation(text);
  }

  @Override
  public String decode(List<Integer> ids) {
    return codec.decode(ids, true);
  }

  @Override
  public byte[] bytesOf(int id) {
    return codec.bytesOf(id);
  }

  @Override
  public boolean isSpecial(int id) {
    return codec.isSpecial(id);
  }

  @Override
  public List<Integer> eosIds() {
    return codec.eosIds();
  }

  @Override
  public boolean hasChatTemplate() {
    return template.isPresent();
  }

  @Override
  public List<String> renderChats(List<List<Prompt.Message>> conversations) {
    return template.render(conversations, true);
  }

  @Override
  public Encoding encodeRendered(String text) {
    return codec.encodeRendered(text);
  }

  @Override
  public void close() {
    codec.close();
  }
}
