package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Prompt.Message;
import dev.quantgate.inference.fixture.ByteLevelTokenizer;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of the files that may hold a chat template counts, and which of several templates. */
class ChatTemplateTest {
  private static final List<Message> HELLO = List.of(new Message("user", "hello"));

  @TempDir private Path folder;

  @BeforeEach
  void writeTokenizer() throws IOException {
    TinyCheckpoint.writeTokenizer(folder);
  }

  private void config(Object template) throws IOException {
    Map<String, Object> config = new LinkedHashMap<>(ByteLevelTokenizer.config());
    config.remove("chat_template");
    if (!template.equals("")) {
      config.put("chat_template", template);
    }
    TinyCheckpoint.write(folder.resolve("tokenizer_config.json"), config);
  }

  private List<String> rendered() {
    return ChatTemplate.of(new TokenizerFiles(folder), Optional.empty())
        .render(List.of(HELLO), true);
  }

  @Test
  void aTemplateInAFileOfItsOwnWins() throws IOException {
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages[0].content }}!");
    assertThat(rendered()).containsExactly("hello!");
  }

  @Test
  void aProcessorsTemplateCountsOnlyWhereTheTokenizerHasNone() throws IOException {
    TinyCheckpoint.write(
        folder.resolve("chat_template.json"), Map.of("chat_template", "the processor's"));
    config("the tokenizer's");
    assertThat(rendered()).containsExactly("the tokenizer's");
    config("");
    assertThat(rendered()).containsExactly("the processor's");
  }

  @Test
  void ofSeveralTemplatesTheDefaultIsTaken() throws IOException {
    config(
        List.of(
            Map.of("name", "tool_use", "template", "wrong"),
            Map.of("name", "default", "template", "right")));
    assertThat(rendered()).containsExactly("right");
    config(Map.of("tool_use", "wrong", "default", "right"));
    assertThat(rendered()).containsExactly("right");
  }

  @Test
  void severalTemplatesWithoutADefaultAreNamed() throws IOException {
    config(
        List.of(
            Map.of("name", "tool_use", "template", "wrong"),
            Map.of("name", "rag", "template", "wrong")));
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(this::rendered)
        .withMessage(
            "%s: names the chat templates rag, tool_use, none of them \"default\", so it cannot be asked by messages"
                .formatted(folder.resolve("tokenizer_config.json")));
  }

  private void beside(String name, String template) throws IOException {
    Path templates = Files.createDirectories(folder.resolve("additional_chat_templates"));
    Files.writeString(templates.resolve(name), template);
  }

  @Test
  void aTemplateInTheFolderBesideIsNamedByItsFileAndWinsOverTheOneThatHasNoName()
      throws IOException {
    config("the config's");
    Files.writeString(folder.resolve("chat_template.jinja"), "own");
    beside("tool_use.jinja", "wrong");
    assertThat(rendered()).containsExactly("own");
    beside("default.jinja", "beside");
    beside("default.txt", "wrong");
    assertThat(rendered()).containsExactly("beside");
  }

  @Test
  void templatesInTheFolderBesideTakeThePlaceOfTheConfigs() throws IOException {
    config("the config's");
    beside("tool_use.jinja", "wrong");
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(this::rendered)
        .withMessage(
            "%s: names the chat templates tool_use, none of them \"default\", so it cannot be asked by messages"
                .formatted(folder.resolve("additional_chat_templates")));
  }

  @Test
  void theSumTellsTemplatesInTheFolderBesideApart() throws IOException {
    beside("default.jinja", "a");
    String before = new TokenizerFiles(folder).sha256();
    beside("default.jinja", "b");
    assertThat(new TokenizerFiles(folder).sha256()).isNotEqualTo(before);
  }

  @Test
  void aTemplateThatIsNoTextIsRefused() throws IOException {
    config(5);
    refused(
        "tokenizer_config.json", "\"chat_template\" must be a text, or texts with names, not 5");
    config(List.of(Map.of("name", "default")));
    refused(
        "tokenizer_config.json",
        "\"chat_template\" must be a text, or texts with names, not nothing");
    Files.write(folder.resolve("chat_template.jinja"), new byte[] {'a', (byte) 0xFF});
    refused("chat_template.jinja", "is not UTF-8");
  }

  private void refused(String file, String message) {
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(this::rendered)
        .withMessage("%s: %s".formatted(folder.resolve(file), message));
  }

  @Test
  void halfASurrogatePairInAMessageBecomesTheReplacementCharacterAsInATextThatIsNoChat()
      throws IOException {
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages[0].content }}");
    assertThat(
            ChatTemplate.of(new TokenizerFiles(folder), Optional.empty())
                .render(List.of(List.of(new Message("user", "a\uD83Db"))), true))
        .containsExactly("a\uFFFDb");
  }
}
