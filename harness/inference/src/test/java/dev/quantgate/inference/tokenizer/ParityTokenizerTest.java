package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.fixture.SharedData;
import dev.quantgate.inference.tokenizer.Tokenizer.Encoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every golden line of every reference tokenizer: ids, text back, and bytes token by token. */
class ParityTokenizerTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path temporary;

  private static List<Path> folders(String file) {
    Path tokenizers = SharedData.require("parity/tokenizers");
    try (Stream<Path> folders = Files.list(tokenizers)) {
      List<Path> found =
          folders
              .filter(folder -> Files.exists(folder.resolve("golden.jsonl")))
              .filter(folder -> Files.exists(folder.resolve(file)))
              .sorted()
              .toList();
      assertThat(found).as("reference tokenizers with %s", file).isNotEmpty();
      return found;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @TestFactory
  Stream<DynamicTest> tokenizerJsonGivesTheGoldenIdsAndTextsBack() {
    return folders("tokenizer.json").stream()
        .map(folder ->
            DynamicTest.dynamicTest(
                folder.getFileName().toString(), () -> compareWithTokenizerJson(folder)));
  }

  private static void compareWithTokenizerJson(Path folder) throws IOException {
    TokenizerFiles files = new TokenizerFiles(folder);
    boolean bos =
        files.flag("add_bos_token").orElse(false) && files.namedTokens().containsKey("bos_token");
    SoftAssertions softly = new SoftAssertions();
    int lines = 0;
    try (RustCodec codec = RustCodec.open(files)) {
      for (String line : Files.readAllLines(folder.resolve("golden.jsonl"))) {
        JsonNode golden = JSON.readTree(line);
        String text = golden.get("text").stringValue();
        List<Integer> expected = ids(golden.get("ids"));
        Encoding whole = codec.encode(text);
        softly
            .assertThat(whole.ids().subList(bos ? 1 : 0, whole.ids().size()))
            .as(line)
            .isEqualTo(expected);
        softly.assertThat(codec.encodeRendered(text).ids()).as(line).isEqualTo(expected);
        softly
            .assertThat(codec.decode(expected, false))
            .as(line)
            .isEqualTo(golden.get("decoded").stringValue());
        if (!expected.isEmpty()) {
          softly.assertThat(whole.ends()).as(line).hasSameSizeAs(whole.ids()).isSorted();
          if (Normalizer.isNormalized(text, Normalizer.Form.NFC)) {
            softly.assertThat(whole.ends().getLast()).as(line).isEqualTo(text.length());
          }
        }
        compareBytes(codec, expected, softly, line);
        lines++;
      }
    }
    assertThat(lines).as("golden lines").isGreaterThan(50);
    softly.assertAll();
  }

  /** Bytes of the tokens, one after another, are the text, but for a space in front. */
  private static void compareBytes(
      TokenCodec codec, List<Integer> ids, SoftAssertions softly, String line) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ids.forEach(id -> bytes.writeBytes(codec.bytesOf(id)));
    String joined = bytes.toString(StandardCharsets.UTF_8);
    String decoded = codec.decode(ids, true);
    softly.assertThat(joined).as(line).isIn(decoded, " " + decoded);
  }

  @TestFactory
  Stream<DynamicTest> aBareSentencePieceModelGivesItsOwnIds() {
    return folders("tokenizer.model").stream()
        .map(folder ->
            DynamicTest.dynamicTest(
                folder.getFileName().toString(), () -> compareWithSentencePiece(folder)));
  }

  private void compareWithSentencePiece(Path folder) throws IOException {
    Files.copy(folder.resolve("tokenizer.model"), temporary.resolve("tokenizer.model"));
    SoftAssertions softly = new SoftAssertions();
    int lines = 0;
    try (Tokenizer tokenizer = Tokenizers.open(temporary)) {
      assertThat(tokenizer.hasChatTemplate()).isFalse();
      for (String line : Files.readAllLines(folder.resolve("golden.jsonl"))) {
        JsonNode golden = JSON.readTree(line);
        String text = golden.get("text").stringValue();
        boolean spellsSpecial = golden.has("sentencepiece_ids");
        List<Integer> expected = ids(golden.get(spellsSpecial ? "sentencepiece_ids" : "ids"));
        Encoding encoding = tokenizer.encode(text);
        softly.assertThat(encoding.ids().getFirst()).as("bos").isEqualTo(1);
        softly
            .assertThat(encoding.ids().subList(1, encoding.ids().size()))
            .as(line)
            .isEqualTo(expected);
        softly
            .assertThat(tokenizer.decode(expected))
            .as(line)
            .isEqualTo(spellsSpecial ? text : golden.get("decoded").stringValue());
        if (!expected.isEmpty()) {
          softly.assertThat(encoding.ends()).as(line).isSorted();
          softly.assertThat(encoding.ends().getLast()).as(line).isEqualTo(text.length());
        }
        lines++;
      }
    }
    assertThat(lines).as("golden lines").isGreaterThan(50);
    softly.assertAll();
  }

  private static List<Integer> ids(JsonNode array) {
    List<Integer> ids = new ArrayList<>();
    array.forEach(id -> ids.add(id.intValue()));
    return ids;
  }
}
