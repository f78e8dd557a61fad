package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.fixture.SharedData;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Templates by which renderers differ from jinja2: the same text, or the same error. */
class CasesChatTemplateTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TestFactory
  Stream<DynamicTest> everyCaseIsRenderedAsJinja2Does() throws IOException {
    return tests(JSON.readTree(Files.readString(SharedData.requireCases("chat-templates.json"))));
  }

  /** A selection of our own, one for each kind of difference. */
  @TestFactory
  Stream<DynamicTest> everyKindOfConstructIsRenderedAsJinja2Does() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            CasesChatTemplateTest.class.getResourceAsStream("/chat-templates.json"))) {
      return tests(JSON.readTree(in));
    }
  }

  private static Stream<DynamicTest> tests(JsonNode cases) {
    assertThat(cases).hasSizeGreaterThan(5);
    return StreamSupport.stream(cases.spliterator(), false)
        .map(each -> DynamicTest.dynamicTest(each.get("name").stringValue(), () -> compare(each)));
  }

  private static void compare(JsonNode each) {
    ObjectNode job = JSON.createObjectNode();
    job.set("template", each.get("template"));
    ObjectNode context = job.putArray("contexts").addObject();
    context.set("messages", each.get("messages"));
    context.put("bos_token", "<1>").put("eos_token", "<2>").put("add_generation_prompt", true);
    context.putNull("tools");
    context.putNull("documents");
    Path file = Path.of("chat_template.jinja");
    JsonNode expected = each.get("expected");
    if (expected.has("error")) {
      assertThatThrownBy(() -> ChatRenderer.render(file, job))
          .isInstanceOf(InferenceException.class)
          .hasMessageContaining(expected.get("error").stringValue());
    } else {
      assertThat(ChatRenderer.render(file, job))
          .isEqualTo(List.of(expected.get("text").stringValue()));
    }
  }
}
