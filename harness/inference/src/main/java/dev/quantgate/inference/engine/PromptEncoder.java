package dev.quantgate.inference.engine;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.RenderedPrompt;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.ScoringRequest.Join;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizer.Encoding;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Prompts and scoring requests as token ids. */
final class PromptEncoder {
  private final Tokenizer tokenizer;
  private final int vocabulary;

  /**
   * @param vocabulary how many token ids the model has an embedding of
   */
  PromptEncoder(Tokenizer tokenizer, int vocabulary) {
    this.tokenizer = tokenizer;
    this.vocabulary = vocabulary;
  }

  /** A prompt's text and how it becomes tokens. */
  private record Source(String prefix, String text, boolean rendered) {}

  /** One continuation as tokens; {@code promptLength} of them come before it. */
  record Joined(List<Integer> tokens, int promptLength) {}

  RenderedPrompt render(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Tokens given -> {
        for (int id : given.ids()) {
          if (id < 0 || id >= vocabulary) {
            throw new InferenceException(
                Kind.ITEM,
                "token id %d is outside the vocabulary 0..%d".formatted(id, vocabulary - 1));
          }
        }
        yield new RenderedPrompt("", Optional.of(given.ids()), given.prefixLength());
      }
      case Prompt.Text text -> render(new Source(text.prefix(), text.text(), false));
      case Prompt.Chat chat -> render(source(chat));
    };
  }

  /** All chats go through the template in one call: starting it is expensive. */
  List<RenderedPrompt> renderAll(List<Prompt> prompts) {
    List<Prompt.Chat> chats =
        prompts.stream()
            .filter(Prompt.Chat.class::isInstance)
            .map(Prompt.Chat.class::cast)
            .toList();
    Iterator<String> rendered =
        chats.isEmpty()
            ? Collections.emptyIterator()
            : tokenizer.renderChats(chats.stream().map(Prompt.Chat::messages).toList()).iterator();
    var all = new ArrayList<RenderedPrompt>();
    for (Prompt prompt : prompts) {
      all.add(
          prompt instanceof Prompt.Chat chat
              ? render(source(chat, rendered.next()))
              : render(prompt));
    }
    return List.copyOf(all);
  }

  private Source source(Prompt.Chat chat) {
    return source(chat, tokenizer.renderChats(List.of(chat.messages())).getFirst());
  }

  private static Source source(Prompt.Chat chat, String rendered) {
    return new Source("", rendered + chat.answerBegin(), true);
  }

  private RenderedPrompt render(Source source) {
    Encoding encoding = encode(source, source.text());
    int prefix = 0;
    while (prefix < encoding.ids().size()
        && encoding.ends().get(prefix) <= source.prefix().length()) {
      prefix++;
    }
    return new RenderedPrompt(
        source.text(), Optional.of(encoding.ids()), source.prefix().isEmpty() ? 0 : prefix);
  }

  private Encoding encode(Source source, String text) {
    Encoding encoding = source.rendered() ? tokenizer.encodeRendered(text) : tokenizer.encode(text);
    checked(encoding.ids());
    return encoding;
  }

  /** The tokenizer's ids, each of which must have an embedding. */
  private List<Integer> checked(List<Integer> ids) {
    for (int id : ids) {
      if (id >= vocabulary) {
        throw new InferenceException(
            Kind.BAD_CHECKPOINT,
            "the tokenizer gives token id %d (\"%s\"), the model has embeddings of 0..%d; tokenizer and weights do not belong together"
                .formatted(id, tokenizer.decode(List.of(id)), vocabulary - 1));
      }
    }
    return ids;
  }

  /** Each continuation of a request behind its prompt, as the request's join says. */
  List<Joined> join(ScoringRequest request) {
    Prompt prompt = request.prompt();
    if (request.join() == Join.APPENDED || prompt instanceof Prompt.Tokens) {
      List<Integer> before = render(prompt).tokens().orElseThrow();
      var joined = new ArrayList<Joined>();
      for (String continuation : request.continuations()) {
        var all = new ArrayList<>(before);
        all.addAll(checked(tokenizer.encodeContinuation(continuation)));
        joined.add(new Joined(all, before.size()));
      }
      return joined;
    }
    Source source =
        switch (prompt) {
          case Prompt.Text text -> new Source("", text.text(), false);
          case Prompt.Chat chat -> source(chat);
          case Prompt.Tokens given -> throw new AssertionError();
        };
    int kept = withoutTrailingSpace(source.text());
    String before = source.text().substring(0, kept);
    String moved = source.text().substring(kept);
    int promptLength = encode(source, before).ids().size();
    var joined = new ArrayList<Joined>();
    for (String continuation : request.continuations()) {
      List<Integer> all = encode(source, before + moved + continuation).ids();
      joined.add(new Joined(all, Math.min(promptLength, all.size())));
    }
    return joined;
  }

  /** The length of a text without what Python's {@code str.rstrip} takes off. */
  static int withoutTrailingSpace(String text) {
    int end = text.length();
    while (end > 0 && isPythonSpace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }

  private static boolean isPythonSpace(char c) {
    return (c >= 0x09 && c <= 0x0d)
        || (c >= 0x1c && c <= 0x20)
        || c == 0x85
        || Character.getType(c) == Character.SPACE_SEPARATOR
        || c == 0x2028
        || c == 0x2029;
  }
}
