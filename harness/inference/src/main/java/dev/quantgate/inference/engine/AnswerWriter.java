package dev.quantgate.inference.engine;

import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.Generation.End;
import dev.quantgate.inference.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * One answer as it is written: keeps the bytes that tokens stand for, and sees where the answer
 * ends.
 *
 * <p>Stop strings are looked for in bytes, not in decoded text: a token can end inside a character,
 * and a stop string can begin inside a token and end in another.
 */
final class AnswerWriter {
  private final Tokenizer tokenizer;
  private final boolean stopAtEos;
  private final Collection<Integer> eosIds;
  private final List<byte[]> stops;
  private final int longestStop;
  private final List<Integer> tokens = new ArrayList<>();
  private final List<Float> margins = new ArrayList<>();
  private byte[] bytes = new byte[256];
  private int length;
  private int told;
  private End end = End.LENGTH;

  AnswerWriter(Tokenizer tokenizer, Decoding decoding, Collection<Integer> eosIds) {
    this.tokenizer = tokenizer;
    this.stopAtEos = decoding.stopAtEos();
    this.eosIds = eosIds;
    this.stops =
        decoding.stop().stream().map(stop -> stop.getBytes(StandardCharsets.UTF_8)).toList();
    this.longestStop = stops.stream().mapToInt(stop -> stop.length).max().orElse(0);
  }

  /**
   * Adds a token to the answer; answers whether that ended it.
   *
   * @param margin by how much the model preferred it
   */
  boolean append(int token, float margin) {
    tokens.add(token);
    margins.add(margin);
    if (stopAtEos && eosIds.contains(token)) {
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

  /** Ends the answer where it is, on the wish of who asked. */
  void cancel() {
    end = End.CANCELLED;
  }

  /**
   * Text that was not told yet and that no token to come can change: it ends before what may be the
   * beginning of a stop string, and before a character that is not whole.
   */
  String settled() {
    return tell(beforeOpenCharacter(beforeOpenStop()));
  }

  /** What {@link #settled} has not told, once the answer has ended. */
  String rest() {
    return tell(length);
  }

  private String tell(int to) {
    if (to <= told) {
      return "";
    }
    var text = new String(bytes, told, to - told, StandardCharsets.UTF_8);
    told = to;
    return text;
  }

  private int beforeOpenStop() {
    for (int at = Math.max(told, length - longestStop + 1); at < length; at++) {
      for (byte[] stop : stops) {
        int n = length - at;
        if (n < stop.length && Arrays.equals(bytes, at, length, stop, 0, n)) {
          return at;
        }
      }
    }
    return length;
  }

  /** The last character of bytes {@code told .. to - 1} begins here if bytes of it are missing. */
  private int beforeOpenCharacter(int to) {
    for (int at = to - 1; at >= Math.max(told, to - 3); at--) {
      int lead = bytes[at] & 0xff;
      if (lead >= 0xc0) {
        int size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        return at + size > to ? at : to;
      }
      if (lead < 0x80) {
        return to;
      }
    }
    return to;
  }

  /**
   * The answer; the bytes of a character that was cut become U+FFFD. Margins are left out where one
   * is too large for a float.
   */
  Generation generation(List<Integer> promptTokens) {
    return new Generation(
        new String(bytes, 0, length, StandardCharsets.UTF_8),
        Optional.of(tokens),
        Optional.of(margins).filter(all -> all.stream().allMatch(Float::isFinite)),
        end,
        Optional.of(promptTokens));
  }
}
