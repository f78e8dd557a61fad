package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.fixture.ByteLevelTokenizer;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What add_prefix_space and its like change, by class and model. The ids and texts are those that
 * transformers 5.24 gives for the same files.
 */
class SpacingTest {
  @TempDir private Path folder;

  private void write(String model, Map<String, Object> json, Map<String, Object> config)
      throws IOException {
    TinyCheckpoint.write(folder.resolve("config.json"), Map.of("model_type", model));
    TinyCheckpoint.write(folder.resolve("tokenizer.json"), json);
    TinyCheckpoint.write(folder.resolve("tokenizer_config.json"), config);
  }

  private static Map<String, Object> config(
      @Nullable String tokenizerClass, String key, @Nullable String flag) {
    Map<String, Object> config = new LinkedHashMap<>();
    if (tokenizerClass != null) {
      config.put("tokenizer_class", tokenizerClass);
    }
    if (flag != null) {
      config.put(key, Boolean.valueOf(flag));
    }
    return config;
  }

  private List<Integer> ids(String text) {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      return tokenizer.encode(text).ids();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, GPT2Tokenizer, false, true, true",
    "llama, GPT2TokenizerFast, false, true, true",
    "qwen3, GPT2Tokenizer, true, false, false",
    "llama, GPT2Tokenizer, true, , false",
    "qwen2, PreTrainedTokenizerFast, false, true, true",
    "qwen3, Qwen2Tokenizer, false, true, true",
    "qwen3, , false, true, true",
    "mistral, GPT2Tokenizer, false, true, false",
    "mistral, GPT2Tokenizer, true, , true",
    "llama, PreTrainedTokenizerFast, false, true, false",
    "llama, PreTrainedTokenizerFast, true, false, true",
    "llama, LlamaTokenizerFast, false, true, false",
    "llama, , false, true, false"
  })
  void aByteLevelTokenizerPutsASpaceInFrontAsItsClassSays(
      String model, String tokenizerClass, boolean inFile, String inConfig, boolean expected)
      throws IOException {
    Map<String, Object> json = new LinkedHashMap<>(ByteLevelTokenizer.json());
    Map<String, Object> byteLevel =
        new LinkedHashMap<>(Map.of("type", "ByteLevel", "trim_offsets", true, "use_regex", true));
    byteLevel.put("add_prefix_space", inFile);
    json.put("pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", List.of(byteLevel)));
    write(model, json, config(tokenizerClass, "add_prefix_space", inConfig));
    assertThat(ids("A")).isEqualTo(expected ? List.of((int) ' ', (int) 'A') : List.of((int) 'A'));
  }

  /** Llama's kind of file: bytes from 3 on, then the letters and merged pieces. */
  private static Map<String, Object> pieces(boolean inFront) {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    tokens.addAll(List.of("▁", "H", "e", "l", "o", "a", "b", "▁a", "▁b", "▁H", "He", "▁He"));
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    tokens.forEach(token -> vocabulary.put(token, vocabulary.size()));
    List<Map<String, Object>> added = new ArrayList<>();
    for (int id = 0; id < 3; id++) {
      Map<String, Object> token = new LinkedHashMap<>();
      token.put("id", id);
      token.put("content", tokens.get(id));
      List.of("single_word", "lstrip", "rstrip", "normalized")
          .forEach(flag -> token.put(flag, false));
      token.put("special", true);
      added.add(token);
    }
    Map<String, Object> spaces =
        Map.of("type", "Replace", "pattern", Map.of("String", " "), "content", "▁");
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("unk_token", "<unk>");
    model.put("fuse_unk", true);
    model.put("byte_fallback", true);
    model.put("vocab", vocabulary);
    model.put("merges", List.of("▁ a", "▁ b", "▁ H", "H e", "▁ He"));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", "1.0");
    json.put("added_tokens", added);
    json.put(
        "normalizer",
        inFront
            ? Map.of(
                "type",
                "Sequence",
                "normalizers",
                List.of(Map.of("type", "Prepend", "prepend", "▁"), spaces))
            : spaces);
    json.put(
        "decoder",
        Map.of(
            "type",
            "Sequence",
            "decoders",
            List.of(
                Map.of("type", "Replace", "pattern", Map.of("String", "▁"), "content", " "),
                Map.of("type", "ByteFallback"),
                Map.of("type", "Fuse"),
                Map.of("type", "Strip", "content", " ", "start", 1, "stop", 0))));
    json.put("model", model);
    return json;
  }

  @ParameterizedTest
  @CsvSource({
    "llama, LlamaTokenizer, , 266",
    "llama, LlamaTokenizer, true, 266",
    "llama, LlamaTokenizerFast, false, 264",
    "qwen3, CodeLlamaTokenizer, false, 264",
    "mistral, LlamaTokenizer, false, 266",
    "llama, PreTrainedTokenizerFast, false, 266",
    "llama, , false, 266"
  })
  void aLlamaTokenizerWithoutTheSpaceInFrontDoesNotPutIt(
      String model, String tokenizerClass, String inConfig, int first) throws IOException {
    write(model, pieces(true), config(tokenizerClass, "add_prefix_space", inConfig));
    assertThat(ids("a b")).containsExactly(first, 267);
  }

  @Test
  void aLlamaTokenizerWithoutTheSpaceInFrontTakesNoneFromAnAnswer() throws IOException {
    write("llama", pieces(true), config("LlamaTokenizer", "add_prefix_space", "false"));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      List<Integer> ids = tokenizer.encode("  He</s> b").ids();
      assertThat(ids).containsExactly(259, 268, 261, 2, 267);
      assertThat(tokenizer.decode(ids)).isEqualTo("  He b");
      assertThat(tokenizer.encodeContinuation("a b")).containsExactly(264, 267);
    }
  }

  @Test
  void aSpaceThatIsAskedForAndThatTheFileDoesNotPutIsRefused() throws IOException {
    write("llama", pieces(false), config("LlamaTokenizer", "add_prefix_space", "true"));
    refused("\"add_prefix_space\": true, but nothing in tokenizer.json puts a space before a text");
  }

  @Test
  void spacesStayInAnswersOfBytePairsUnlessASecondFlagInsists() throws IOException {
    String clean = "clean_up_tokenization_spaces";
    Map<String, Object> config = config("PreTrainedTokenizerFast", clean, "true");
    write("llama", ByteLevelTokenizer.json(), config);
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.decode(tokenizer.encode("a , b .").ids())).isEqualTo("a , b .");
    }
    config.put("clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output", true);
    write("llama", ByteLevelTokenizer.json(), config);
    refused(
        "\"clean_up_tokenization_spaces\": true takes spaces out of answers and is not supported");
  }

  private void refused(String message) {
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Tokenizers.open(folder).close())
        .withMessage("%s: %s".formatted(folder.resolve("tokenizer_config.json"), message));
  }

  @ParameterizedTest
  @CsvSource({
    "qwen2, PreTrainedTokenizerFast, true",
    "qwen2, , true",
    "qwen3, , true",
    "qwen3, PreTrainedTokenizerFast, false",
    "llama, , false",
    "mistral, , false"
  })
  void qwensNamedTokensCountWhereTheFilesSayNoClassOrAnothers(
      String model, String tokenizerClass, boolean expected) throws IOException {
    Map<String, Object> config = config(tokenizerClass, "", null);
    config.put("added_tokens_decoder", Map.of("279", Map.of("content", "<|endoftext|>")));
    write(model, ByteLevelTokenizer.json(), config);
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.eosIds()).isEqualTo(expected ? List.of(279) : List.of());
      assertThat(tokenizer.isSpecial(279)).isEqualTo(expected);
    }
  }
}
