package dev.quantgate.inference.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.fixture.SentencePieceWriter;
import dev.quantgate.inference.fixture.SentencePieceWriter.Piece;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SentencePieceTest {
  private static final int BPE = SentencePieceWriter.BPE;
  private static final int FIRST_PIECE = 3 + 256;

  /** Merged pieces, the best first. The same piece can be made in several ways. */
  private static final List<String> PIECES =
      List.of(
          "aa", "▁a", "ab", "aaa", "▁▁", "ba", "▁▁▁", "aab", "▁aa", "bb", "aaaa", "abab", "▁ab");

  @TempDir private Path folder;

  /** A tokenizer.model: specials, bytes, then "▁", "a", "b" and the merged pieces. */
  private static byte[] model(int kind, boolean extraSpaces, byte[] table) {
    List<Piece> pieces = new ArrayList<>(SentencePieceWriter.specialsAndBytes());
    for (String piece : vocabulary().keySet()) {
      pieces.add(new Piece(piece, score(piece), Piece.NORMAL));
    }
    return SentencePieceWriter.model(pieces, kind, extraSpaces, table);
  }

  private static Map<String, Integer> vocabulary() {
    Map<String, Integer> ids = new LinkedHashMap<>();
    PIECES.forEach(piece -> ids.put(piece, FIRST_PIECE + ids.size()));
    for (String letter : List.of("▁", "a", "b", "c")) {
      ids.put(letter, FIRST_PIECE + ids.size());
    }
    return ids;
  }

  private static float score(String piece) {
    return PIECES.contains(piece) ? -PIECES.indexOf(piece) : -100;
  }

  /**
   * SentencePiece's rule, as it is said: merge the best pair, the leftmost on ties, until none is
   * left.
   */
  private static List<Integer> plain(String text) {
    Map<String, Integer> ids = vocabulary();
    List<String> symbols = new ArrayList<>();
    if (!text.isEmpty()) {
      ("▁" + text.replace(' ', '▁')).codePoints().forEach(c -> symbols.add(Character.toString(c)));
    }
    while (true) {
      int best = -1;
      for (int i = 0; i + 1 < symbols.size(); i++) {
        String merged = symbols.get(i) + symbols.get(i + 1);
        if (ids.containsKey(merged)
            && (best < 0 || score(merged) > score(symbols.get(best) + symbols.get(best + 1)))) {
          best = i;
        }
      }
      if (best < 0) {
        break;
      }
      symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
    }
    List<Integer> result = new ArrayList<>();
    for (String symbol : symbols) {
      Integer id = ids.get(symbol);
      if (id != null) {
        result.add(id);
      } else {
        for (byte b : symbol.getBytes(StandardCharsets.UTF_8)) {
          result.add(3 + (b & 0xFF));
        }
      }
    }
    return result;
  }

  @Test
  void theQueueMergesAsTheRuleSays() throws IOException {
    Files.write(folder.resolve("tokenizer.model"), model(BPE, false, new byte[0]));
    SplittableRandom random = new SplittableRandom(11);
    int compared = 0;
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      for (int round = 0; round < 500; round++) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(30); i > 0; i--) {
          text.append("aaab  c中".charAt(random.nextInt(8)));
        }
        List<Integer> ids = tokenizer.encode(text.toString()).ids();
        assertThat(ids.getFirst()).isEqualTo(1);
        assertThat(ids.subList(1, ids.size())).as("\"%s\"", text).isEqualTo(plain(text.toString()));
        assertThat(tokenizer.decode(ids)).isEqualTo(text.toString());
        compared += ids.size();
      }
    }
    assertThat(compared).isGreaterThan(1000);
  }

  @Test
  void aContinuationHasNoSpaceInFrontAndARenderedChatItsSpecials() throws IOException {
    Files.write(folder.resolve("tokenizer.model"), model(BPE, false, new byte[0]));
    Map<String, Integer> ids = vocabulary();
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encodeContinuation("aa")).containsExactly(ids.get("aa"));
      assertThat(tokenizer.encode("aa").ids()).containsExactly(1, ids.get("▁aa"));
      assertThat(tokenizer.encodeRendered("<s>b</s>").ids())
          .containsExactly(1, ids.get("▁"), ids.get("b"), 2);
      assertThat(tokenizer.encode("</s>").ids()).hasSizeGreaterThan(3).doesNotContain(2);
      assertThat(tokenizer.isSpecial(2)).isTrue();
      assertThat(tokenizer.bytesOf(2)).isEmpty();
      assertThat(tokenizer.bytesOf(3 + 0xE4)).containsExactly(0xE4);
      int whole = Objects.requireNonNull(ids.get("▁ab"));
      assertThat(new String(tokenizer.bytesOf(whole), StandardCharsets.UTF_8)).isEqualTo(" ab");
    }
  }

  @Test
  void addedTokensAreMatchedInAnyText() throws IOException {
    Files.write(folder.resolve("tokenizer.model"), model(BPE, false, new byte[0]));
    int id = FIRST_PIECE + vocabulary().size();
    Files.writeString(folder.resolve("added_tokens.json"), "{\"<|end|>\": " + id + "}");
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("c<|end|>").ids())
          .containsExactly(1, vocabulary().get("▁"), vocabulary().get("c"), id);
      assertThat(tokenizer.decode(List.of(vocabulary().get("c"), id))).isEqualTo("c<|end|>");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, false, 0, model type other than BPE",
    "2, true, 0, remove_extra_whitespaces",
    "2, false, 3, normalisation table"
  })
  void whatIsNotLlamasKindIsRefusedByName(int kind, boolean extraSpaces, int table, String part)
      throws IOException {
    Files.write(folder.resolve("tokenizer.model"), model(kind, extraSpaces, new byte[table]));
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Tokenizers.open(folder).close())
        .withMessageContaining(part)
        .satisfies(refusal -> assertThat(refusal.kind()).isEqualTo(Kind.UNSUPPORTED));
  }

  @Test
  void aSpaceInFrontThatTheConfigTakesAwayIsRefused() throws IOException {
    Files.write(folder.resolve("tokenizer.model"), model(BPE, false, new byte[0]));
    Path config = folder.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"add_prefix_space\": true}");
    Tokenizers.open(folder).close();
    Files.writeString(config, "{\"add_prefix_space\": false}");
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Tokenizers.open(folder).close())
        .withMessage(
            "%s: \"add_prefix_space\": false, but tokenizer.model says the opposite; add a tokenizer.json"
                .formatted(config));
  }

  @Test
  void damageIsRefusedOrHarmless() throws IOException {
    byte[] sound = model(BPE, false, new byte[0]);
    int refused = 0;
    for (int seed = 0; seed < 500; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] bytes =
          random.nextInt(4) == 0
              ? Arrays.copyOf(sound, random.nextInt(sound.length))
              : sound.clone();
      for (int i = random.nextInt(6); i > 0 && bytes.length > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      Files.write(folder.resolve("tokenizer.model"), bytes);
      try (Tokenizer tokenizer = Tokenizers.open(folder)) {
        tokenizer.encode("aab 中");
      } catch (InferenceException e) {
        refused++;
      }
    }
    assertThat(refused).isBetween(50, 499);
  }
}
