package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.fixture.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tokenizers that were once read otherwise than by transformers: ids and texts back. */
class CasesTokenizerTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TestFactory
  Stream<DynamicTest> everyCaseGivesTheIdsAndTextsOfTransformers() throws IOException {
    try (Stream<Path> folders = Files.list(SharedData.requireCases("tokenizers"))) {
      List<Path> cases = folders.sorted().toList();
      assertThat(cases).isNotEmpty();
      return cases.stream()
          .map(folder ->
              DynamicTest.dynamicTest(folder.getFileName().toString(), () -> compare(folder)));
    }
  }

  private static void compare(Path folder) throws IOException {
    JsonNode expected = JSON.readTree(Files.readString(folder.resolve("expected.json")));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      for (JsonNode row : expected.get("rows")) {
        List<Integer> ids = new ArrayList<>();
        row.get("ids").forEach(id -> ids.add(id.intValue()));
        String text = row.get("text").stringValue();
        assertThat(tokenizer.encode(text).ids()).as(text).isEqualTo(ids);
        assertThat(tokenizer.decode(ids)).as(text).isEqualTo(row.get("decoded").stringValue());
      }
    }
  }
}
