package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.engine.RotaryAngles;
import jdk.incubator.vector.FloatVector;

/**
 * Rotary position embedding: element i of a head is turned with element {@code i + headSize / 2} by
 * the i-th of its position's {@link RotaryAngles}.
 */
final class RotaryEmbedding {
  private final RotaryAngles angles;

  RotaryEmbedding(ModelConfig config) {
    this.angles = new RotaryAngles(config);
  }

  /** Writes cosine and sine of each of the {@code headSize / 2} angles of a position. */
  void angles(int position, float[] cos, float[] sin, int offset) {
    angles.at(position, cos, sin, offset);
  }

  /** Turns one head in place; {@code angle} is where its position's angles begin. */
  void rotate(float[] head, int at, float[] cos, float[] sin, int angle) {
    int half = angles.count();
    int i = 0;
    for (; i + Lanes.COUNT <= half; i += Lanes.COUNT) {
      FloatVector a = Lanes.load(head, at + i);
      FloatVector b = Lanes.load(head, at + half + i);
      FloatVector c = Lanes.load(cos, angle + i);
      FloatVector s = Lanes.load(sin, angle + i);
      a.mul(c).sub(b.mul(s)).intoArray(head, at + i);
      b.mul(c).add(a.mul(s)).intoArray(head, at + half + i);
    }
    for (; i < half; i++) {
      float a = head[at + i];
      float b = head[at + half + i];
      head[at + i] = a * cos[angle + i] - b * sin[angle + i];
      head[at + half + i] = b * cos[angle + i] + a * sin[angle + i];
    }
  }
}
