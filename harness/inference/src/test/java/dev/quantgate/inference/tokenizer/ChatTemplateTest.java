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
}
