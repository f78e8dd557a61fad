package dev.quantgate.inference.engine;

import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.ModelConfig.Rope;

/**
 * The angles of the rotary position embedding, one for each pair of elements of a head: {@code
 * position * frequency(i)}.
 *
 * <p>Frequencies and angles are rounded to float32 where transformers rounds them: at position
 * 8,000 the last bit of an angle is 5e-4, so a more exact angle would be a different model.
 * Sources: Su et al., RoFormer (2021); "llama3", "linear" and "yarn" as in transformers'
 * modeling_rope_utils.
 */
public final class RotaryAngles {
  private final float[] frequencies;
  private final float factor;

  public RotaryAngles(ModelConfig config) {
    int size = config.headSize();
    int half = size / 2;
    frequencies = new float[half];
    Rope rope = config.rope();
    for (int i = 0; i < half; i++) {
      float exponent = (float) (2 * i) / (float) size;
      frequencies[i] = 1f / (float) Math.pow(rope.theta(), exponent);
    }
    factor =
        switch (rope) {
          case Rope.Default plain -> 1f;
          case Rope.Linear linear -> {
            for (int i = 0; i < half; i++) {
              frequencies[i] /= (float) linear.factor();
            }
            yield 1f;
          }
          case Rope.Llama3 llama3 -> {
            for (int i = 0; i < half; i++) {
              frequencies[i] = llama3(frequencies[i], llama3);
            }
            yield 1f;
          }
          case Rope.Yarn yarn -> {
            yarn(size, yarn);
            yield (float) yarn.attentionFactor();
          }
        };
  }

  private static float llama3(float frequency, Rope.Llama3 rope) {
    double length = rope.originalLength();
    double wavelength = 2 * Math.PI / frequency;
    if (wavelength < length / rope.highFrequencyFactor()) {
      return frequency;
    }
    if (wavelength > length / rope.lowFrequencyFactor()) {
      return (float) (frequency / rope.factor());
    }
    double smooth =
        (length / wavelength - rope.lowFrequencyFactor())
            / (rope.highFrequencyFactor() - rope.lowFrequencyFactor());
    return (float) ((1 - smooth) * frequency / rope.factor() + smooth * frequency);
  }

  private void yarn(int size, Rope.Yarn rope) {
    double low = Math.max(Math.floor(turns(size, rope, rope.betaFast())), 0);
    double high = Math.min(Math.ceil(turns(size, rope, rope.betaSlow())), size - 1);
    double width = low == high ? 0.001 : high - low;
    for (int i = 0; i < frequencies.length; i++) {
      double ramp = Math.clamp((i - low) / width, 0.0, 1.0);
      frequencies[i] =
          (float) (frequencies[i] / rope.factor() * ramp + frequencies[i] * (1 - ramp));
    }
  }

  /** The element whose wave turns {@code count} times within the original length. */
  private static double turns(int size, Rope.Yarn rope, double count) {
    return size
        * Math.log(rope.originalLength() / (count * 2 * Math.PI))
        / (2 * Math.log(rope.theta()));
  }

  /** How many angles a position has: half of a head's elements. */
  public int count() {
    return frequencies.length;
  }

  /** Writes cosine and sine of each of the {@code headSize / 2} angles of a position. */
  public void at(int position, float[] cos, float[] sin, int offset) {
    for (int i = 0; i < frequencies.length; i++) {
      float angle = position * frequencies[i];
      cos[offset + i] = (float) Math.cos(angle) * factor;
      sin[offset + i] = (float) Math.sin(angle) * factor;
    }
  }
}
