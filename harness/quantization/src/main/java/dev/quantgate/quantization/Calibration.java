package dev.quantgate.quantization;

import dev.quantgate.inference.Decoding;
import java.nio.file.Path;
import java.util.List;

/** The text whose activations GPTQ keeps true to. */
public sealed interface Calibration {

  /** No text: round-to-nearest needs none. */
  record None() implements Calibration {}

  /**
   * A file of text, or of JSON Lines where its name ends in {@code .jsonl}.
   *
   * <p>Plain text is tokenised whole and cut into pieces of {@code length} tokens; a last piece
   * that is shorter is dropped unless it is the only one. A JSON line is one sequence of its own,
   * cut at {@code length}: its {@code text}, else {@code question} and {@code answer}, else {@code
   * prompt} and {@code canonical_solution} or {@code completion}. Where there are more sequences
   * than asked for, they are taken at even distances over the whole file.
   *
   * @param sequences the most sequences used
   * @param length the most tokens of a sequence
   */
  record TextFile(Path file, int sequences, int length) implements Calibration {
    public TextFile {
      checkSize(sequences, length);
    }
  }

  /**
   * Distribution alignment (as CodeFuse calls it): the model itself answers questions, and question
   * and answer are the text. The aligned set is written into the output folder as {@code
   * aligned-calibration.jsonl}, which {@link TextFile} reads.
   *
   * @param questions plain text with one question in a line, or JSON Lines with "messages",
   *     "question", "instruction" or "prompt"; all are put through the model's chat template where
   *     it has one, but for a "prompt", which is continued as it is
   * @param sequences the most questions used, at even distances over the file
   * @param length the most tokens of question and answer together
   * @param decoding how answers are chosen
   * @param seed which sampled answers follow from
   */
  record Aligned(Path questions, int sequences, int length, Decoding decoding, long seed)
      implements Calibration {
    public Aligned {
      checkSize(sequences, length);
    }
  }

  /** Sequences of token ids. */
  record Tokens(List<List<Integer>> sequences) implements Calibration {
    public Tokens {
      sequences = sequences.stream().map(List::copyOf).toList();
    }
  }

  private static void checkSize(int sequences, int length) {
    if (sequences < 1) {
      throw new IllegalArgumentException(
          "sequences must be at least 1, not %d".formatted(sequences));
    }
    if (length < 8) {
      throw new IllegalArgumentException("length must be at least 8, not %d".formatted(length));
    }
  }
}
