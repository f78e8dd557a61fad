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
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

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

  /** The texts of some chats, by their messages. */
  record Chats(Map<List<Prompt.Message>, String> texts) {}

  /** All chats among some prompts go through the template in one call: starting it is expensive. */
  Chats chats(Stream<Prompt> prompts) {
    List<List<Prompt.Message>> conversations =
        prompts
            .filter(Prompt.Chat.class::isInstance)
            .map(prompt -> ((Prompt.Chat) prompt).messages())
            .distinct()
            .toList();
    Map<List<Prompt.Message>, String> texts = new HashMap<>();
    if (!conversations.isEmpty()) {
      Iterator<String> rendered = tokenizer.renderChats(conversations).iterator();
      conversations.forEach(messages -> texts.put(messages, rendered.next()));
    }
    return new Chats(texts);
  }

  RenderedPrompt render(Prompt prompt) {
    return render(prompt, chats(Stream.of(prompt)));
  }

  private RenderedPrompt render(Prompt prompt, Chats chats) {
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
      case Prompt.Chat chat -> render(source(chat, chats));
    };
  }

  /** Each prompt is rendered once, however often it is there. */
  List<RenderedPrompt> renderAll(List<Prompt> prompts) {
    Chats chats = chats(prompts.stream());
    Map<Prompt, RenderedPrompt> rendered = new HashMap<>();
    return prompts.stream()
        .map(prompt -> rendered.computeIfAbsent(prompt, each -> render(each, chats)))
        .toList();
  }

  private static Source source(Prompt.Chat chat, Chats chats) {
    String rendered = Objects.requireNonNull(chats.texts.get(chat.messages()));
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

  /**
   * Each continuation of a request behind its prompt, as the request's join says.
   *
   * @param chats with the prompt's text, if it is a chat
   */
  List<Joined> join(ScoringRequest request, Chats chats) {
    Prompt prompt = request.prompt();
    if (request.join() == Join.APPENDED || prompt instanceof Prompt.Tokens) {
      List<Integer> before = render(prompt, chats).tokens().orElseThrow();
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
          case Prompt.Chat chat -> source(chat, chats);
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
