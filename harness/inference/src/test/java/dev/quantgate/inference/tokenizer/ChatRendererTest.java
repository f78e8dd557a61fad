package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Prompt.Message;
import dev.quantgate.inference.fixture.ThreadStarts;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much a chat template is given to render, and how much it may give. */
class ChatRendererTest {
  private static final String SAME = "<{{ messages[0].content }}>";

  @TempDir private Path folder;

  @BeforeEach
  void writeTokenizer() throws IOException {
    TinyCheckpoint.writeTokenizer(folder);
  }

  private ChatTemplate template(String source) throws IOException {
    Files.writeString(folder.resolve("chat_template.jinja"), source);
    return ChatTemplate.of(new TokenizerFiles(folder), Optional.empty());
  }

  private static List<Message> user(String content) {
    return List.of(new Message("user", content));
  }

  @Test
  void twoHundredSamplesOfEveryProblemTakeOneStartOfTheInterpreterAndNoneLater() throws Exception {
    ChatTemplate template = template(SAME);
    template("{{ 1 }}").render(List.of(user("prepares the interpreter")), true);
    List<List<Message>> conversations = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int problem = 0; problem < 164; problem++) {
      String text = "%d".formatted(problem).repeat(300);
      conversations.addAll(Collections.nCopies(200, user(text)));
      expected.addAll(Collections.nCopies(200, "<%s>".formatted(text)));
    }

    long starts =
        ThreadStarts.during(
            ThreadStarts.CHAT_TEMPLATE,
            () -> assertThat(template.render(conversations, true)).isEqualTo(expected));
    long later =
        ThreadStarts.during(
            ThreadStarts.CHAT_TEMPLATE,
            () -> assertThat(template.render(conversations, true)).isEqualTo(expected));

    assertThat(starts).isEqualTo(1);
    assertThat(later).isZero();
  }

  @Test
  void manyLongDocumentsAreRenderedHoweverLongTheyAreTogether() throws IOException {
    List<List<Message>> conversations = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      String text = Character.toString('a' + i).repeat(1_000_000);
      conversations.add(user(text));
      expected.add("<%s>".formatted(text));
    }
    assertThat(template(SAME).render(conversations, true)).isEqualTo(expected);
  }

  @Test
  void aLongChineseTextIsRenderedAndManyOfThem() throws IOException {
    String most = "中".repeat((4 << 20) - 2);
    String long1 = "文".repeat(900_000);
    String long2 = "字".repeat(900_000);
    assertThat(template(SAME).render(List.of(user(most), user(long1), user(long2)), true))
        .containsExactly("<%s>".formatted(most), "<%s>".formatted(long1), "<%s>".formatted(long2));
  }

  @Test
  void aTextAboveTheBoundIsRefusedInOneLineThatNamesIt() throws IOException {
    ChatTemplate template = template("{{ messages[0].content * 1000000 }}");
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> template.render(List.of(user("abc"), user("Say it.")), true))
        .withMessage(
            "%s: the chat template makes a text of 7000000 characters of the conversation that begins \"Say it.\"; at most 4194304 are taken"
                .formatted(folder.resolve("chat_template.jinja")));
  }

  @Test
  void aTemplateThatGivesMuchForLittleIsRefusedBeforeItHasGivenThatForEachConversation()
      throws IOException {
    ChatTemplate template = template("{{ 'x' * 3000000 }}");
    List<List<Message>> conversations = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      conversations.add(user(Integer.toString(i)));
    }
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> template.render(conversations, true))
        .withMessageContaining(
            "the chat template makes texts of 18000000 characters in all of 6 conversations of ")
        .satisfies(refusal -> assertThat(refusal.getMessage()).hasLineCount(1));
  }

  @Test
  void aTextFollowsFromItsMessagesAloneWhateverIsRenderedBeforeIt() throws IOException {
    String source = "{{ range(100000) | random }} {{ messages[0].content }}";
    List<String> together = template(source).render(List.of(user("a"), user("b")), true);
    List<String> alone = template(source).render(List.of(user("b")), true);
    assertThat(together.get(1)).isEqualTo(alone.getFirst());
  }
}
