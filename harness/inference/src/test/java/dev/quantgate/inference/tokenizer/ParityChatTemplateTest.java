package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.fixture.SharedData;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reference chat templates: the same text as transformers renders, and a refusal where it raises.
 */
class ParityChatTemplateTest {
  private static final JsonMapper JSON = new JsonMapper();

  /** The one template that is refused: it formats a number by the Jinja filter {@code format}. */
  private static final String REFUSED = "macro-and-json";

  @TempDir private Path temporary;

  @TestFactory
  Stream<DynamicTest> everyReferenceRenderingIsMetButThoseOfOneTemplateWhichIsRefusedByName()
      throws Exception {
    JsonNode cases =
        JSON.readTree(
            Files.readString(SharedData.require("parity/tokenizers/chat-templates.json")));
    List<DynamicTest> tests = new ArrayList<>();
    int index = 0;
    for (JsonNode expected : cases.get("expected")) {
      Path folder = Files.createDirectories(temporary.resolve("case-" + index++));
      String name =
          expected.get("template").stringValue()
              + ", "
              + expected.get("messages").stringValue()
              + (expected.get("add_generation_prompt").booleanValue() ? ", answer opened" : "");
      tests.add(DynamicTest.dynamicTest(name, () -> compare(folder, cases, expected)));
    }
    assertThat(tests).as("reference renderings").hasSizeGreaterThan(20);
    return tests.stream();
  }

  private void compare(Path folder, JsonNode cases, JsonNode expected) throws Exception {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("bos_token", cases.get("bos_token").stringValue());
    config.put("eos_token", cases.get("eos_token").stringValue());
    config.put(
        "chat_template",
        cases.get("templates").get(expected.get("template").stringValue()).stringValue());
    TinyCheckpoint.write(folder.resolve("tokenizer_config.json"), config);
    List<Prompt.Message> messages = new ArrayList<>();
    cases
        .get("messages")
        .get(expected.get("messages").stringValue())
        .forEach(message ->
            messages.add(
                new Prompt.Message(
                    message.get("role").stringValue(), message.get("content").stringValue())));
    ChatTemplate template = ChatTemplate.of(new TokenizerFiles(folder));
    boolean open = expected.get("add_generation_prompt").booleanValue();
    if (expected.get("template").stringValue().equals(REFUSED)) {
      assertThatThrownBy(() -> template.render(List.of(messages), open))
          .isInstanceOf(InferenceException.class)
          .hasMessageEndingWith("cannot be rendered: Unknown StringValue filter: format");
    } else if (expected.has("error")) {
      assertThatThrownBy(() -> template.render(List.of(messages), open))
          .isInstanceOf(InferenceException.class)
          .hasMessageContaining(expected.get("error").stringValue());
    } else {
      assertThat(template.render(List.of(messages), open))
          .containsExactly(expected.get("rendered").stringValue());
    }
  }
}
