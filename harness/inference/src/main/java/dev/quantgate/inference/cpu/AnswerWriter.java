package dev.quantgate.inference.cpu;

import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.Generation.End;
import dev.quantgate.inference.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * One answer as it is written: chooses tokens, keeps the bytes they stand for, and sees where the
 * answer ends.
 *
 * <p>Stop strings are looked for in bytes, not in decoded text: a token can end inside a character,
 * and a stop string can begin inside a token and end in another.
 */
final class AnswerWriter implements TokenEngine.Writer {
  private final Tokenizer tokenizer;
  private final Decoding decoding;
  private final Collection<Integer> eosIds;
  private final Sampler sampler;
  private final List<byte[]> stops;
  private final int longestStop;
  private final List<Integer> tokens = new ArrayList<>();
  private byte[] bytes = new byte[256];
  private int length;
  private End end = End.LENGTH;

  /** An answer to the prompt at {@code index} of its call. */
  AnswerWriter(Tokenizer tokenizer, Decoding decoding, Collection<Integer> eosIds, int index) {
    this.tokenizer = tokenizer;
    this.decoding = decoding;
    this.eosIds = eosIds;
    this.sampler = new Sampler(decoding, index);
    this.stops =
        decoding.stop().stream().map(stop -> stop.getBytes(StandardCharsets.UTF_8)).toList();
    this.longestStop = stops.stream().mapToInt(stop -> stop.length).max().orElse(0);
  }

  @Override
  public int choose(float[] logits, int at, int vocabulary) {
    return sampler.choose(logits, at, vocabulary);
  }

  @Override
  public boolean append(int token) {
    tokens.add(token);
    if (decoding.stopAtEos() && eosIds.contains(token)) {
      end = End.EOS;
      return true;
    }
    byte[] added = tokenizer.bytesOf(token);
    if (length + added.length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + added.length));
    }
    System.arraycopy(added, 0, bytes, length, added.length);
    int from = Math.max(0, length - longestStop + 1);
    length += added.length;
    int cut = earliestStop(from);
    if (cut >= 0) {
      length = cut;
      end = End.STOP_STRING;
      return true;
    }
    return false;
  }

  /**
   * Where the first stop string that is complete begins, at {@code from} or later; -1 if none is.
   */
  private int earliestStop(int from) {
    for (int at = from; at < length; at++) {
      for (byte[] stop : stops) {
        if (at + stop.length <= length
            && Arrays.equals(bytes, at, at + stop.length, stop, 0, stop.length)) {
          return at;
        }
      }
    }
    return -1;
  }

  /** The answer; the bytes of a character that was cut become U+FFFD. */
  Generation generation(List<Integer> promptTokens) {
    return new Generation(
        new String(bytes, 0, length, StandardCharsets.UTF_8), tokens, end, promptTokens);
  }
}
