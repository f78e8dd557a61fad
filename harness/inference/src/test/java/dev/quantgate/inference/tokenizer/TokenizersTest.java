package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.Prompt.Message;
import dev.quantgate.inference.fixture.ByteLevelTokenizer;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.tokenizer.Tokenizer.Encoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class TokenizersTest {
  private static final List<Message> HELLO = List.of(new Message("user", "hello"));

  @TempDir private Path folder;

  @BeforeEach
  void writeTokenizer() throws IOException {
    TinyCheckpoint.writeTokenizer(folder);
  }

  private void config(Consumer<Map<String, Object>> change) throws IOException {
    Map<String, Object> config = new LinkedHashMap<>(ByteLevelTokenizer.config());
    change.accept(config);
    TinyCheckpoint.write(folder.resolve("tokenizer_config.json"), config);
  }

  private void json(Consumer<Map<String, Object>> change) throws IOException {
    Map<String, Object> json = new LinkedHashMap<>(ByteLevelTokenizer.json());
    change.accept(json);
    TinyCheckpoint.write(folder.resolve("tokenizer.json"), json);
  }

  @Test
  void anyTextComesBackAsTextAndAsBytes() {
    SplittableRandom random = new SplittableRandom(5);
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      int characters = 0;
      for (int round = 0; round < 200; round++) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(40); i > 0; i--) {
          int c = random.nextInt(random.nextBoolean() ? 0x80 : 0x11000);
          text.appendCodePoint(Character.getType(c) == Character.SURROGATE ? ' ' : c);
        }
        Encoding encoding = tokenizer.encode(text.toString());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        encoding.ids().forEach(id -> bytes.writeBytes(tokenizer.bytesOf(id)));
        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo(text.toString());
        assertThat(tokenizer.decode(encoding.ids())).isEqualTo(text.toString());
        assertThat(encoding.ends()).isSorted();
        characters += text.length();
      }
      assertThat(characters).isGreaterThan(1000);
    }
  }

  @Test
  void endsAreCountedInUtf16() {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      Encoding encoding = tokenizer.encode("😀x");
      assertThat(encoding.ids()).hasSize(5);
      assertThat(encoding.ends()).containsExactly(2, 2, 2, 2, 3);
    }
  }

  @Test
  void halfASurrogatePairIsNoReasonToFail() {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.decode(tokenizer.encode("a\uD83Db").ids())).isEqualTo("a\uFFFDb");
    }
  }

  @Test
  void specialTokensAreMatchedInTextAndHaveNoBytes() {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      List<Integer> ids = tokenizer.encode("a<|end|>").ids();
      assertThat(ids).hasSize(2).endsWith(ByteLevelTokenizer.EOS);
      assertThat(tokenizer.isSpecial(ByteLevelTokenizer.EOS)).isTrue();
      assertThat(tokenizer.bytesOf(ByteLevelTokenizer.EOS)).isEmpty();
      assertThat(tokenizer.decode(ids)).isEqualTo("a");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 279, 287, Integer.MAX_VALUE})
  void anIdThatTheTokenizerDoesNotKnowHasNoBytes(int id) {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.bytesOf(id)).isEmpty();
      assertThat(tokenizer.decode(List.of(id, (int) 'A'))).isEqualTo("A");
      assertThat(tokenizer.isSpecial(id)).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({"false, false, 0, 0", "true, false, 1, 0", "false, true, 0, 1", "true, true, 1, 1"})
  void bosAndEosAreAddedAsTheConfigSays(boolean bos, boolean eos, int before, int after)
      throws IOException {
    config(config -> {
      config.put("tokenizer_class", "LlamaTokenizerFast");
      config.put("bos_token", "<|im_start|>");
      config.put("add_bos_token", bos);
      config.put("add_eos_token", eos);
    });
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      Encoding encoding = tokenizer.encode("x");
      assertThat(encoding.ids()).hasSize(1 + before + after);
      assertThat(encoding.ids().get(before)).isEqualTo((int) 'x');
      assertThat(encoding.ends().get(before)).isEqualTo(1);
      if (bos) {
        assertThat(encoding.ends().getFirst()).isZero();
      }
      assertThat(tokenizer.encodeRendered("x").ids()).containsExactly((int) 'x');
      assertThat(tokenizer.encodeContinuation("x")).containsExactly((int) 'x');
    }
  }

  @Test
  void aContinuationGetsNoSpaceInFront() throws IOException {
    json(json -> {
      Map<String, Object> metaspace = new LinkedHashMap<>();
      metaspace.put("type", "ByteLevel");
      metaspace.put("add_prefix_space", true);
      metaspace.put("trim_offsets", true);
      metaspace.put("use_regex", true);
      json.put("pre_tokenizer", metaspace);
    });
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("A").ids()).containsExactly((int) ' ', (int) 'A');
      assertThat(tokenizer.encodeContinuation("A")).containsExactly((int) 'A');
    }
  }

  @Test
  void longTextsAreNotTruncated() {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("z".repeat(5000)).ids()).hasSize(5000);
    }
  }

  @Test
  void aFolderWithoutTokenizerIsRefused() throws IOException {
    Files.delete(folder.resolve("tokenizer.json"));
    refused(Kind.BAD_CHECKPOINT, "has no tokenizer: neither tokenizer.json nor tokenizer.model");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{", "{}", "{\"model\":{\"vocab\":{\"a\":\"b\"}}}", "null"})
  void aBrokenTokenizerFileIsRefused(String content) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), content);
    refused(Kind.BAD_CHECKPOINT, "tokenizer.json");
  }

  @Test
  void aDecoderThatNeedsNeighboursIsRefusedByName() throws IOException {
    json(json -> json.put("decoder", Map.of("type", "WordPiece", "prefix", "##", "cleanup", true)));
    refused(Kind.UNSUPPORTED, "decoder \"WordPiece\" is not supported");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 100})
  void aCutOffSentencePieceModelIsRefused(int length) throws IOException {
    Files.delete(folder.resolve("tokenizer.json"));
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 0x0A);
    Files.write(folder.resolve("tokenizer.model"), bytes);
    refused(Kind.BAD_CHECKPOINT, "tokenizer.model");
  }

  private void refused(Kind kind, String part) {
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Tokenizers.open(folder).close())
        .withMessageContaining(part)
        .satisfies(refusal -> assertThat(refusal.kind()).isEqualTo(kind));
  }

  @Test
  void chatsAreRenderedWithTheAnswerOpened() {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.hasChatTemplate()).isTrue();
      assertThat(tokenizer.renderChats(List.of(HELLO, List.of(new Message("user", "{{ 7 * 7 }}")))))
          .containsExactly(
              "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n",
              "<|im_start|>user\n{{ 7 * 7 }}<|im_end|>\n<|im_start|>assistant\n");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{{ raise_exception('roles must alternate') }};ITEM;roles must alternate",
        "{{ messages | nosuchfilter }};UNSUPPORTED;nosuchfilter",
        "{% for x in %};UNSUPPORTED;cannot be rendered",
        "{{ strftime_now('%Y') }};ITEM;cannot be rendered",
        "{{ messages.__class__.__mro__ }};ITEM;cannot be rendered",
        "{{ 'x' * 900000000 }};ITEM;MemoryError"
      })
  void aTemplateThatCannotBeRenderedSaysWhy(String template, Kind kind, String part)
      throws IOException {
    config(config -> config.put("chat_template", template));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> tokenizer.renderChats(List.of(HELLO)))
          .withMessageContaining(part)
          .satisfies(refusal -> assertThat(refusal.kind()).isEqualTo(kind));
    }
  }

  @Test
  void theDayIsNotShownToATemplate() throws IOException {
    config(config ->
        config.put(
            "chat_template",
            "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}a fixed day{% endif"
                + " %}"));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.renderChats(List.of(HELLO))).containsExactly("a fixed day");
    }
  }

  @Test
  void aTemplateThatCallsItselfWithoutEndIsRefused() throws IOException {
    config(
        config -> config.put("chat_template", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> tokenizer.renderChats(List.of(HELLO)))
          .withMessageContaining("chat template");
    }
  }

  @Test
  void aTemplateWithoutEndIsStopped() {
    ObjectNode job = new JsonMapper().createObjectNode();
    String loop = "{% for x in range(99999) %}";
    job.put("template", loop.repeat(4) + "{% endfor %}".repeat(4));
    job.putArray("contexts").addObject();
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> ChatRenderer.render(folder, job, Duration.ofSeconds(2)))
        .withMessageContaining("the chat template did not come to an end within 2 s");
  }

  @Test
  void aDayThatIsGivenIsShownToATemplateAndOneThatIsNotIsRefusedByName() throws IOException {
    config(config -> config.put("chat_template", "{{ strftime_now('%d %b %Y') }}"));
    try (Tokenizer dated = Tokenizers.open(folder, Optional.of(LocalDate.of(2026, 2, 3)));
        Tokenizer undated = Tokenizers.open(folder)) {
      assertThat(dated.renderChats(List.of(HELLO))).containsExactly("03 Feb 2026");
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> undated.renderChats(List.of(HELLO)))
          .withMessageContaining(
              "the chat template cannot be rendered: UndefinedError: 'strftime_now' is undefined\nIt asks for the day: say one, such as --chat-date 2026-07-26");
    }
  }

  @Test
  void aDayIsSaidOnlyInWhatEverySystemKnows() throws IOException {
    config(config -> config.put("chat_template", "{{ strftime_now(messages[0].content) }}"));
    try (Tokenizer tokenizer = Tokenizers.open(folder, Optional.of(LocalDate.of(2026, 2, 3)))) {
      assertThat(tokenizer.renderChats(List.of(List.of(new Message("user", "%A %-d. %%d %j")))))
          .containsExactly("Tuesday 3. %d 034");
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(
              () -> tokenizer.renderChats(List.of(List.of(new Message("user", "%d %B at %k")))))
          .withMessageEndingWith(
              "TemplateError: strftime_now('%d %B at %k') asks for what not every system knows");
    }
  }

  @Test
  void theSumChangesWithTheTemplate() throws IOException {
    String before;
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      before = tokenizer.sha256();
    }
    Files.writeString(folder.resolve("chat_template.jinja"), "x");
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.sha256()).hasSize(64).isNotEqualTo(before);
    }
  }

  @Test
  void forAPlainFastTokenizerThePostProcessorAloneDecidesAboutBos() throws IOException {
    config(config -> {
      config.put("bos_token", "<|im_start|>");
      config.put("add_bos_token", true);
    });
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("x").ids()).containsExactly((int) 'x');
    }
  }

  @Test
  void aTokenThatOnlyAnotherFileAddsCountsWithTheNextId() throws IOException {
    int next = ByteLevelTokenizer.EOS + 3;
    TinyCheckpoint.write(folder.resolve("added_tokens.json"), Map.of("<extra>", next));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("x<extra>").ids()).containsExactly((int) 'x', next);
      assertThat(tokenizer.decode(List.of((int) 'x', next))).isEqualTo("x<extra>");
      assertThat(tokenizer.isSpecial(next)).isFalse();
    }
    config(config ->
        config.put(
            "added_tokens_decoder",
            Map.of(
                Integer.toString(next),
                Map.of("content", "<other>", "special", true, "lstrip", true))));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("x <other>").ids()).containsExactly((int) 'x', next);
      assertThat(tokenizer.isSpecial(next)).isTrue();
      assertThat(tokenizer.encode("<extra>").ids()).doesNotContain(next);
    }
  }

  @Test
  void extraSpecialTokensAreSpecialAsAListOrWithNames() throws IOException {
    int next = ByteLevelTokenizer.EOS + 3;
    for (Object extra : List.of(List.of("<extra>"), Map.of("x_token", "<extra>"))) {
      TinyCheckpoint.write(folder.resolve("added_tokens.json"), Map.of("<extra>", next));
      config(config -> config.put("extra_special_tokens", extra));
      try (Tokenizer tokenizer = Tokenizers.open(folder)) {
        assertThat(tokenizer.isSpecial(next)).isTrue();
        assertThat(tokenizer.decode(tokenizer.encode("a<extra>b").ids())).isEqualTo("ab");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'image_token': '<extra>'}",
        "{'image_token': {'__type': 'AddedToken', 'content': '<extra>'}}",
        "{'extra_special_tokens': {'image_token': '<extra>'}}",
        "{'model_specific_special_tokens': {'image_token': '<extra>'}}"
      })
  void aTokenWithANameOfTheModelsOwnIsSpecialAndShownToTheTemplate(String entries)
      throws IOException {
    int next = ByteLevelTokenizer.EOS + 3;
    config(config -> {
      new JsonMapper()
          .readTree(entries.replace('\'', '"'))
          .properties()
          .forEach(entry -> config.put(entry.getKey(), entry.getValue()));
      config.put("chat_template", "{{ image_token }}{{ messages[0].content }}");
    });
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("a<extra>").ids()).containsExactly((int) 'a', next);
      assertThat(tokenizer.isSpecial(next)).isTrue();
      assertThat(tokenizer.renderChats(List.of(HELLO))).containsExactly("<extra>hello");
    }
  }

  @Test
  void theTokenizersEosIsTold() throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.eosIds()).containsExactly(ByteLevelTokenizer.EOS);
    }
    config(config -> config.put("eos_token", "<|im_end|>"));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.eosIds()).containsExactly(ByteLevelTokenizer.EOS + 2);
    }
    config(config -> config.remove("eos_token"));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.eosIds()).isEmpty();
    }
  }

  @Test
  void theMapOfSpecialTokensWinsOnlyBesideAConfigThatDeclaresNoAddedTokens() throws IOException {
    TinyCheckpoint.write(
        folder.resolve("special_tokens_map.json"), Map.of("eos_token", "<|im_end|>"));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.eosIds()).containsExactly(ByteLevelTokenizer.EOS + 2);
    }
    config(config -> config.put("added_tokens_decoder", Map.of()));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.eosIds()).containsExactly(ByteLevelTokenizer.EOS);
    }
  }

  @Test
  void howATokenIsMatchedIsWhatTheConfigSaysWhereItDeclaresTheToken() throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("x <|end|>").ids())
          .containsExactly((int) 'x', (int) ' ', ByteLevelTokenizer.EOS);
    }
    config(config ->
        config.put(
            "added_tokens_decoder",
            Map.of(
                Integer.toString(ByteLevelTokenizer.EOS),
                Map.of("content", "<|end|>", "lstrip", true, "special", false))));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("x <|end|>").ids())
          .containsExactly((int) 'x', ByteLevelTokenizer.EOS);
      assertThat(tokenizer.isSpecial(ByteLevelTokenizer.EOS)).isTrue();
    }
  }

  @Test
  void aClassHasItsOwnNamedTokensWhereNoFileSaysAny() throws IOException {
    config(config -> {
      config.remove("bos_token");
      config.remove("eos_token");
      config.put("tokenizer_class", "LlamaTokenizerFast");
      config.put(
          "added_tokens_decoder",
          Map.of(Integer.toString(ByteLevelTokenizer.EOS + 3), Map.of("content", "</s>")));
      config.put("add_bos_token", true);
      config.put("chat_template", "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}");
    });
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.eosIds()).containsExactly(ByteLevelTokenizer.EOS + 3);
      assertThat(tokenizer.renderChats(List.of(HELLO))).containsExactly("<s>hello</s>");
      assertThat(tokenizer.encode("x").ids())
          .as("the vocabulary has no <s>")
          .containsExactly((int) 'x');
    }
  }

  @Test
  void specialTokensThatTextsMayNotMeanAreRefusedByName() throws IOException {
    config(config -> config.put("split_special_tokens", true));
    refused(Kind.UNSUPPORTED, "tokenizer_config.json: \"split_special_tokens\": true changes");
    config(config -> config.put("split_special_tokens", false));
    Tokenizers.open(folder).close();
  }
}
