package dev.quantgate.inference.checkpoint;

/**
 * How the 4-bit zero points of a GPTQ file are stored, eight in a 32-bit word, lowest bits first.
 * Where no zero point is 0, both kinds that store one less give the same words.
 */
public enum ZeroPoints {
  /** As they are: {@code checkpoint_format} "gptq_v2". */
  STORED {
    @Override
    public int decode(int word) {
      return word;
    }

    @Override
    public int encode(int zeros) {
      return zeros;
    }
  },

  /** One less, each for itself, 0 becoming 15: format "gptq" of packers until 2024. */
  LESS_ONE_PER_FIELD {
    @Override
    public int decode(int word) {
      return ((word & 0x77777777) + ONES) ^ (word & 0x88888888);
    }

    @Override
    public int encode(int zeros) {
      return ((zeros | 0x88888888) - ONES) ^ (~zeros & 0x88888888);
    }
  },

  /**
   * One less by a single subtraction of 0x11111111 from the word, so that a zero point of 0 borrows
   * from its upper neighbour: format "gptq" of GPTQModel since 0.9.0 and AutoGPTQ since 0.8.
   */
  LESS_ONE_PER_WORD {
    @Override
    public int decode(int word) {
      return word + ONES;
    }

    @Override
    public int encode(int zeros) {
      return zeros - ONES;
    }
  };

  private static final int ONES = 0x11111111;

  /** From a stored word to eight zero points in the same places. */
  public abstract int decode(int word);

  /** From eight zero points to the word that is stored. */
  public abstract int encode(int zeros);
}
