package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.Prompt.Message;
import java.util.List;
import org.junit.jupiter.api.Test;

class RenderedChatsTest {
  private static List<Message> user(String content) {
    return List.of(new Message("user", content));
  }

  @Test
  void aTextIsFoundByEqualMessagesAndTheSameOpening() {
    var chats = new RenderedChats();
    chats.keep(user("a"), true, "<a>");
    assertThat(chats.find(user("a"), true)).contains("<a>");
    assertThat(chats.find(user("a"), false)).isEmpty();
    assertThat(chats.find(List.of(new Message("system", "a")), true)).isEmpty();
  }

  @Test
  void whatWasAskedForLongestAgoGoesFirst() {
    int each = "user".length() + 1 + 5;
    var chats = new RenderedChats(2 * each);
    chats.keep(user("a"), true, "aaaaa");
    chats.keep(user("b"), true, "bbbbb");
    assertThat(chats.find(user("a"), true)).isPresent();

    chats.keep(user("c"), true, "ccccc");

    assertThat(chats.find(user("a"), true)).contains("aaaaa");
    assertThat(chats.find(user("b"), true)).isEmpty();
    assertThat(chats.find(user("c"), true)).contains("ccccc");
  }

  @Test
  void aTextThatIsKeptAgainCountsOnceAndOneAboveTheBoundIsNotKept() {
    int each = "user".length() + 1 + 5;
    var chats = new RenderedChats(2 * each);
    for (int i = 0; i < 10; i++) {
      chats.keep(user("a"), true, "aaaaa");
    }
    chats.keep(user("b"), true, "bbbbb");
    assertThat(chats.find(user("a"), true)).isPresent();

    chats.keep(user("c"), true, "c".repeat(2 * each));

    assertThat(chats.find(user("c"), true)).isEmpty();
  }
}
