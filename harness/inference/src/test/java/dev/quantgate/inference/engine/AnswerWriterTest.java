package dev.quantgate.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.Generation.End;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AnswerWriterTest {
  private static final int EOS = 99;

  /** Ids stand for given byte strings. */
  private record Pieces(List<byte[]> pieces) implements Tokenizer {
    static Pieces of(String... pieces) {
      return new Pieces(
          Arrays.stream(pieces).map(piece -> piece.getBytes(StandardCharsets.UTF_8)).toList());
    }

    @Override
    public byte[] bytesOf(int id) {
      return id == EOS ? new byte[0] : pieces.get(id);
    }

    @Override
    public boolean isSpecial(int id) {
      return id == EOS;
    }

    @Override
    public Encoding encode(String text) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<Integer> encodeContinuation(String text) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String decode(List<Integer> ids) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean hasChatTemplate() {
      return false;
    }

    @Override
    public List<String> renderChats(List<List<Prompt.Message>> conversations) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Encoding encodeRendered(String text) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String sha256() {
      return "";
    }

    @Override
    public void close() {}
  }

  /** Appends ids until one ends the answer. */
  private static Generation write(Pieces pieces, List<String> stops, int... ids) {
    var writer = new AnswerWriter(pieces, Decoding.greedy(100, stops), List.of(EOS));
    for (int id : ids) {
      if (writer.append(id, id / 4f)) {
        break;
      }
    }
    return writer.generation(List.of(1));
  }

  @Test
  void aStopStringInsideOneTokenCutsTheAnswerBeforeIt() {
    Generation answer = write(Pieces.of("return x", "\nclass A"), List.of("\nclass"), 0, 1, 0);
    assertThat(answer.text()).isEqualTo("return x");
    assertThat(answer.end()).isEqualTo(End.STOP_STRING);
    assertThat(answer.tokens()).hasValue(List.of(0, 1));
  }

  @Test
  void aStopStringSpreadOverTokensIsFoundWhenItsLastByteComes() {
    Generation answer =
        write(Pieces.of("ab", "\n", "de", "f(", "x"), List.of("\ndef"), 0, 1, 2, 3, 4);
    assertThat(answer.text()).isEqualTo("ab");
    assertThat(answer.tokens()).hasValue(List.of(0, 1, 2, 3));
    assertThat(answer.margins()).hasValue(List.of(0f, 0.25f, 0.5f, 0.75f));
  }

  @Test
  void marginsAreToldAsFarAsAFloatHoldsThem() {
    var writer = new AnswerWriter(Pieces.of("a", "b"), Decoding.greedy(9, List.of()), List.of(EOS));
    writer.append(0, Float.MAX_VALUE);
    assertThat(writer.generation(List.of()).margins()).hasValue(List.of(Float.MAX_VALUE));
    writer.append(1, Float.POSITIVE_INFINITY);
    assertThat(writer.generation(List.of()).margins()).isEmpty();
    assertThat(writer.generation(List.of()).tokens()).hasValue(List.of(0, 1));
  }

  @Test
  void aBeginningOfAStopStringThatComesToNothingStays() {
    Generation answer = write(Pieces.of("\nd", "eaf", "\nde", "f"), List.of("\ndef"), 0, 1, 2, 3);
    assertThat(answer.text()).isEqualTo("\ndeaf");
    assertThat(answer.end()).isEqualTo(End.STOP_STRING);
  }

  @Test
  void theEarliestOfSeveralStopStringsInATokenCuts() {
    Generation answer = write(Pieces.of("a\nif b\ndef c"), List.of("\ndef", "\nif"), 0);
    assertThat(answer.text()).isEqualTo("a");
  }

  @Test
  void aStopStringWhoseCharactersAreSplitBetweenTokensIsFound() {
    byte[] stop = "。答".getBytes(StandardCharsets.UTF_8);
    var pieces =
        new Pieces(
            List.of(
                "好".getBytes(StandardCharsets.UTF_8),
                Arrays.copyOfRange(stop, 0, 2),
                Arrays.copyOfRange(stop, 2, 4),
                Arrays.copyOfRange(stop, 4, 6)));
    Generation answer = write(pieces, List.of("。答"), 0, 1, 2, 3);
    assertThat(answer.text()).isEqualTo("好");
    assertThat(answer.end()).isEqualTo(End.STOP_STRING);
  }

  @Test
  void aCharacterThatIsNeverFinishedBecomesTheReplacementCharacter() {
    byte[] half = Arrays.copyOf("好".getBytes(StandardCharsets.UTF_8), 2);
    Generation answer = write(new Pieces(List.of(half)), List.of(), 0);
    assertThat(answer.text()).isEqualTo("\uFFFD");
    assertThat(answer.end()).isEqualTo(End.LENGTH);
  }

  @Test
  void anEndOfSequenceTokenEndsTheAnswerAndAddsNothing() {
    Generation answer = write(Pieces.of("ab"), List.of("x"), 0, EOS, 0);
    assertThat(answer.text()).isEqualTo("ab");
    assertThat(answer.end()).isEqualTo(End.EOS);
    assertThat(answer.tokens()).hasValue(List.of(0, EOS));
  }

  /** However a text is cut into tokens, the answer is what a search in the whole text gives. */
  @Test
  void theCutIsTheSameHoweverATextIsSpreadOverTokens() {
    var random = new SplittableRandom(4);
    int stopped = 0;
    for (int round = 0; round < 500; round++) {
      var text = new StringBuilder();
      for (int i = 0; i < 12; i++) {
        text.appendCodePoint("ab\n好é".codePointAt(random.nextInt(5)));
      }
      byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
      String stop = List.of("a\n", "好a", "\n\n", "éb").get(random.nextInt(4));
      var pieces = new java.util.ArrayList<byte[]>();
      for (int at = 0; at < bytes.length; ) {
        int next = Math.min(bytes.length, at + 1 + random.nextInt(4));
        pieces.add(Arrays.copyOfRange(bytes, at, next));
        at = next;
      }
      int[] ids = java.util.stream.IntStream.range(0, pieces.size()).toArray();
      Generation answer = write(new Pieces(pieces), List.of(stop), ids);
      int found = text.indexOf(stop);
      stopped += found >= 0 ? 1 : 0;
      assertThat(answer.text()).isEqualTo(found >= 0 ? text.substring(0, found) : text.toString());
    }
    assertThat(stopped).isBetween(50, 450);
  }

  /**
   * However a text is cut into tokens, what is told in pieces is the answer's text: nothing is told
   * that a stop string takes back, and no character in halves.
   */
  @Test
  void theSettledPiecesTogetherAreTheText() {
    var random = new SplittableRandom(5);
    int pieces = 0;
    for (int round = 0; round < 1000; round++) {
      byte[] bytes = new byte[24];
      for (int i = 0; i < bytes.length; i++) {
        // Whole characters, broken ones, and those of the stop string.
        bytes[i] =
            (byte)
                new int[] {'a', 'b', '\n', 0xe5, 0xa5, 0xbd, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80}
                    [random.nextInt(12)];
      }
      var tokens = new java.util.ArrayList<byte[]>();
      for (int at = 0; at < bytes.length; ) {
        int next = Math.min(bytes.length, at + 1 + random.nextInt(4));
        tokens.add(Arrays.copyOfRange(bytes, at, next));
        at = next;
      }
      var writer =
          new AnswerWriter(
              new Pieces(tokens), Decoding.greedy(100, List.of("b\na", "好b")), List.of(EOS));
      var told = new StringBuilder();
      for (int id = 0; id < tokens.size() && !writer.append(id, 0); id++) {
        String piece = writer.settled();
        told.append(piece);
        pieces += piece.isEmpty() ? 0 : 1;
      }
      told.append(writer.rest());
      assertThat(told).hasToString(writer.generation(List.of()).text());
    }
    assertThat(pieces).isGreaterThan(3000);
  }
}
