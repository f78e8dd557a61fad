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
import java.util.Optional;
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

  @TempDir private Path temporary;

  /** One call for each template, as a call costs more than a rendering. */
  @TestFactory
  Stream<DynamicTest> everyReferenceRenderingIsMet() throws Exception {
    JsonNode cases =
        JSON.readTree(
            Files.readString(SharedData.require("parity/tokenizers/chat-templates.json")));
    Map<String, List<JsonNode>> groups = new LinkedHashMap<>();
    for (JsonNode expected : cases.get("expected")) {
      String name =
          "%s%s"
              .formatted(
                  expected.get("template").stringValue(),
                  expected.get("add_generation_prompt").booleanValue() ? ", answer opened" : "");
      if (expected.has("error")) {
        name = "%s, %s".formatted(name, expected.get("messages").stringValue());
      }
      groups.computeIfAbsent(name, key -> new ArrayList<>()).add(expected);
    }
    assertThat(groups).as("reference renderings").hasSizeGreaterThan(10);
    return groups.entrySet().stream()
        .map(group ->
            DynamicTest.dynamicTest(group.getKey(), () -> compare(cases, group.getValue())));
  }

  private void compare(JsonNode cases, List<JsonNode> group) throws Exception {
    Path folder = Files.createTempDirectory(temporary, "template");
    JsonNode first = group.getFirst();
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("bos_token", cases.get("bos_token").stringValue());
    config.put("eos_token", cases.get("eos_token").stringValue());
    config.put(
        "chat_template",
        cases.get("templates").get(first.get("template").stringValue()).stringValue());
    TinyCheckpoint.write(folder.resolve("tokenizer_config.json"), config);
    List<List<Prompt.Message>> conversations = new ArrayList<>();
    for (JsonNode expected : group) {
      List<Prompt.Message> messages = new ArrayList<>();
      cases
          .get("messages")
          .get(expected.get("messages").stringValue())
          .forEach(message ->
              messages.add(
                  new Prompt.Message(
                      message.get("role").stringValue(), message.get("content").stringValue())));
      conversations.add(messages);
    }
    ChatTemplate template = ChatTemplate.of(new TokenizerFiles(folder), Optional.empty());
    boolean open = first.get("add_generation_prompt").booleanValue();
    if (first.has("error")) {
      assertThatThrownBy(() -> template.render(conversations, open))
          .isInstanceOf(InferenceException.class)
          .hasMessageContaining(first.get("error").stringValue());
    } else {
      assertThat(template.render(conversations, open))
          .isEqualTo(
              group.stream().map(expected -> expected.get("rendered").stringValue()).toList());
    }
  }
}
