package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.Prompt;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Conversations that were rendered, each with its text: a run asks for the same text when it scores
 * or writes, when it notes the prompt's hash and when it writes the prompts down. At most {@value
 * #MOST_CHARACTERS} characters of messages and texts are kept; what was asked for longest ago goes
 * first. Any thread may use it.
 */
final class RenderedChats {
  static final long MOST_CHARACTERS = 128 << 20;

  private record Conversation(List<Prompt.Message> messages, boolean openAnswer) {
    long characters() {
      return messages.stream()
          .mapToLong(message -> (long) message.role().length() + message.content().length())
          .sum();
    }
  }

  private final Map<Conversation, String> texts = new LinkedHashMap<>(16, 0.75f, true);
  private final long most;
  private long characters;

  RenderedChats() {
    this(MOST_CHARACTERS);
  }

  RenderedChats(long most) {
    this.most = most;
  }

  synchronized Optional<String> find(List<Prompt.Message> messages, boolean openAnswer) {
    return Optional.ofNullable(texts.get(new Conversation(messages, openAnswer)));
  }

  synchronized void keep(List<Prompt.Message> messages, boolean openAnswer, String text) {
    var conversation = new Conversation(List.copyOf(messages), openAnswer);
    String before = texts.put(conversation, text);
    characters +=
        before == null
            ? conversation.characters() + text.length()
            : text.length() - before.length();
    Iterator<Map.Entry<Conversation, String>> oldest = texts.entrySet().iterator();
    while (characters > most) {
      Map.Entry<Conversation, String> entry = oldest.next();
      characters -= entry.getKey().characters() + entry.getValue().length();
      oldest.remove();
    }
  }
}
